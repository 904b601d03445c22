"""What changes something: checked with fresh views, shown, asked of one member, on record, done once."""

from typing import Annotated

import pytest

from bot.core.errors import Denied, Unavailable
from bot.sdk import Host, MemberView, Plan, Result, Touch, deed_of, tool
from bot.sdk.pledges import TABLE
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, GUILD, MAIN, MODERATOR, MODS, OWNER, PLAIN, SECRET, member

ran: list[str] = []


@tool("Ban.", "!ban @Ann", name="ban", needs=("guilds",), permissions=("ban_members",), destructive=True, timeout=5)
async def ban(host: Host, user_id: MemberView, reason: str = "") -> Plan:
    deed = deed_of(host, "ban_user", reason, user=user_id.id)
    return Plan(f"Ban {user_id.name}.", Touch(member=user_id, against=True), lambda _: Result("Banned."), deed)


@tool("Rename.", "!rename x", name="rename", needs=("guilds",), permissions=("manage_guild",), mutates=True)
async def rename(host: Host, name: str) -> Plan:
    return Plan(
        f"Rename it to {name}.", Touch(), lambda _: Result("Renamed."), deed_of(host, "update_server", name=name)
    )


@tool("Note.", "!note x", name="note", mutates=True, needs=("notes",))
def note(host: Host, text: Annotated[str, "what"]) -> Result:
    host.shelf("notes").put("n", {"text": text})
    return Result("Noted.")


@tool("Liar.", "!lie", name="liar", needs=("guilds",), guild_only=True)
async def liar(host: Host) -> Result:
    return await host.guilds.act(deed_of(host, "delete_channel", channel=MAIN))  # type: ignore[attr-defined]


@pytest.fixture
def desk() -> Desk:
    return Desk(tools=(ban, rename, note, liar))


async def test_a_destructive_tool_shows_what_will_happen_and_does_nothing(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    assert (called.fate, called.preview) == ("confirm", "Ban Ann.")
    assert [one.style for one in called.buttons] == ["danger", "plain"]
    assert desk.guild.acts == []
    assert desk.log.rows == []


async def test_the_button_does_it_even_after_a_restart(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann", reason="spam")
    done = await desk.press(called)
    assert (done.fate, done.result.text) == ("ok", "Banned.")
    [deed] = desk.guild.acts
    assert (deed.verb, deed.options, deed.asker, deed.reason) == ("ban_user", {"user": ANN}, MODERATOR, "spam")
    assert desk.log.acts == ["ban"]
    actor, _, subject, reason, facts = desk.log.rows[0]
    assert (actor, subject, reason) == (f"Mo ({MODERATOR})", f"Ann ({ANN})", "spam")
    assert facts["argument.user_id"] == ANN
    assert "spam" not in facts.values()


async def test_a_second_press_does_nothing(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    await desk.press(called)
    again = await desk.press(called)
    assert (again.fate, len(desk.guild.acts)) == ("refused", 1)


async def test_two_presses_at_once_are_one_deed(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    row = desk.records.scan(TABLE)[0]
    await desk.press(called)
    desk.records.put(TABLE, *row)  # as the other press read it before the first one took it away
    assert (await desk.press(called)).result.text == "That was pressed already."
    assert len(desk.guild.acts) == 1


@pytest.mark.parametrize("user", [ANN, OWNER, BOSS])
async def test_nobody_else_may_press_not_even_the_owner(desk: Desk, user: str) -> None:
    called = await desk.ask("ban", user_id="Ann")
    refused = await desk.press(called, user)
    assert refused.result.text == "Only the member who asked can decide on that."
    assert desk.guild.acts == []
    assert (await desk.press(called)).fate == "ok", "and that press used nothing up"


async def test_nor_cancel(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    assert (await desk.press(called, ANN, no=True)).fate == "refused"
    assert (await desk.press(called, no=True)).fate == "cancelled"
    assert (await desk.press(called)).fate == "refused"
    assert desk.guild.acts == []


async def test_another_channel_or_server_is_not_the_place(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    assert (await desk.press(called, channel=SECRET)).fate == "refused"
    other = desk.caller(guild="100000000000000002")
    assert (await desk.registry.press(called.buttons[0].id, other)).fate == "refused"  # type: ignore[union-attr]
    assert desk.guild.acts == []


async def test_after_five_minutes_it_is_over(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    desk.later(minutes=5)
    assert "five minutes" in (await desk.press(called)).result.text
    assert desk.guild.acts == []
    await desk.ask("ban", user_id="Ann")
    assert len(desk.records.scan(TABLE)) == 1, "what has expired is cleared away"


async def test_demoted_meanwhile(desk: Desk) -> None:
    called = await desk.ask("ban", user_id="Ann")
    desk.guild.demote(MODERATOR)
    done = await desk.press(called)
    assert (done.fate, done.result.text) == ("denied", "You need the permission Ban Members for that.")
    assert (desk.guild.acts, desk.log.acts) == ([], ["ban denied"])


async def test_what_would_now_be_something_else_is_not_done(desk: Desk) -> None:
    called = await desk.ask("ban", user_id=ANN)
    view = desk.guild.people[ANN]
    desk.guild.people[ANN] = type(view)(view.id, view.guild, "Anna", view.permissions, view.top)
    done = await desk.press(called)
    assert "Ban Anna." in done.result.text
    assert desk.guild.acts == []


async def test_a_member_changes_at_once_what_a_model_only_proposes(desk: Desk) -> None:
    assert (await desk.ask("rename", name="A")).fate == "ok"
    called = await desk.ask("rename", name="B", by_model=True)
    assert (called.fate, called.preview) == ("confirm", "Rename it to B.")
    assert called.result.text.startswith("Not done yet.")
    assert [deed.options["name"] for deed in desk.guild.acts] == ["A"]
    assert (await desk.press(called)).fate == "ok"
    assert desk.log.rows[-1][4]["by_model"] == "yes"


async def test_a_tool_that_does_not_plan_is_asked_for_as_well(desk: Desk) -> None:
    called = await desk.ask("note", text="milk", by_model=True)
    assert (called.fate, called.preview) == ("confirm", "Note. (text: milk)")
    assert desk.records.scan("notes") == []
    assert (await desk.press(called)).fate == "ok"
    assert desk.records.get("notes", "n") == {"text": "milk"}


@pytest.mark.parametrize(
    ("name", "given"), [("ban", {"user_id": "Ann"}), ("rename", {"name": "A"}), ("note", {"text": "x"})]
)
async def test_a_dry_run_says_it_and_does_nothing(desk: Desk, name: str, given: dict[str, str]) -> None:
    called = await desk.ask(name, dry=True, **given)
    assert called.fate == "dry"
    assert called.preview
    assert called.buttons == ()
    assert (desk.guild.acts, desk.log.rows, desk.records.scan("notes"), desk.records.scan(TABLE)) == ([], [], [], [])


async def test_a_dry_run_is_no_way_round_permissions(desk: Desk) -> None:
    assert (await desk.ask("ban", user=ANN, user_id="Mo", dry=True)).fate == "denied"


async def test_what_cannot_be_put_on_record_is_not_done(desk: Desk) -> None:
    desk.log.broken = Unavailable("audit log", "disk full")
    called = await desk.ask("rename", name="A")
    assert (called.fate, called.error) == ("error", "Unavailable")
    assert "disk" not in called.result.text
    assert desk.guild.acts == []


async def test_discord_says_no_in_words_and_that_is_on_record(desk: Desk) -> None:
    desk.guild.fails = [Denied("I could not update server: I lack a permission for that.")]
    called = await desk.ask("rename", name="A")
    assert (called.fate, called.result.text) == ("refused", "I could not update server: I lack a permission for that.")
    assert desk.log.acts == ["rename", "rename failed"]


async def test_discord_is_away(desk: Desk) -> None:
    desk.guild.fails = [Unavailable("Discord", "it answered 503", retry_after=5)]
    called = await desk.ask("rename", name="A")
    assert called.result.text == "Discord is unavailable: it answered 503. Please try again in 5 seconds."
    assert called.retry_after == 5


async def test_a_tool_cannot_act_past_the_registry(desk: Desk) -> None:
    assert (await desk.ask("liar")).fate == "refused"
    assert desk.guild.acts == []


async def test_a_grant_narrows_and_never_widens(desk: Desk) -> None:
    desk.book.settings = type(desk.book.settings)(GUILD, grants={"ban": frozenset({MODS})})
    assert (await desk.ask("ban", user_id="Ann")).fate == "confirm"
    assert (await desk.ask("ban", user=BOSS, user_id="Ann")).fate == "denied"
    desk.book.settings = type(desk.book.settings)(GUILD, grants={"rename": frozenset({MODS})})
    desk.guild.people[MODERATOR] = member(MODERATOR, "Mo", 3, PLAIN, MODS)
    assert (await desk.ask("rename", name="A")).fate == "denied"


async def test_another_kind_of_button_is_none_of_these(desk: Desk) -> None:
    assert await desk.registry.press("vote:3:for", desk.caller()) is None
    assert (await desk.registry.press("pledge:nonsense:do", desk.caller())).fate == "refused"  # type: ignore[union-attr]
