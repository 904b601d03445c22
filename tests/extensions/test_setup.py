import pytest

from bot.extensions._steps import STEPS, WHY, missing, steps
from tests.extensions.doubles import BOTS, GUILD, VOTES


@pytest.fixture
def managed(town):
    town.guilds.let("ann", "manage_guild")
    town.guilds.let("bob", "send_messages")
    return town


async def test_it_begins_with_what_is_missing_and_why(managed) -> None:
    called = await managed.call("set_up")
    assert called.result.key == "step"
    assert "Create Public Threads: for planning threads and for the thread under each vote" in called.result.text
    assert "Send Messages: " not in called.result.text.split("Step 1")[0], "what it holds is not asked for"
    assert "Step 1 of 7, channels:" in called.result.text
    assert [one.id for one in called.result.buttons] == ["setup/channels/none", "setup/channels", "setup/channels/skip"]
    assert called.result.buttons[1].asks


async def test_a_missing_permission_of_a_tool_names_the_tool(managed) -> None:
    managed.guilds.mine = frozenset(WHY)
    text = (await managed.call("set_up")).result.text
    assert "ban_user" in text
    managed.guilds.mine = frozenset({"administrator"})
    assert "I hold every permission that my tools need." in (await managed.call("set_up", step="again")).result.text


async def test_step_by_step_to_the_summary(managed) -> None:
    answers = [
        ("channels", "#bots"), ("votes", "#votes"), ("tier_roles", "none"), ("log", "skip"), ("language", "de"),
        ("retention", "7"), ("memory", "off"),
    ]  # fmt: skip
    for step, value in answers:
        called = await managed.call("set_up", step=step, value=value)
    settings = managed.book.read(GUILD)
    assert (settings.listens, settings.vote_channel, settings.log_channel) == ({BOTS}, VOTES, "")
    assert (settings.language, settings.retention_days, settings.memory) == ("de", 7, False)
    assert called.result.key == "done"
    assert ("language", "de") in called.result.card.fields
    assert ("vote_channel", f"<#{VOTES}>") in called.result.card.fields, "members read names, not numbers"
    assert "vote_channel" not in called.result.text, "it is said once"
    assert "Create Public Threads" in called.result.card.text


async def test_it_goes_on_where_it_stopped_and_can_begin_anew(managed) -> None:
    await managed.call("set_up", step="channels", value="none")
    assert "Step 2 of 7, votes:" in (await managed.call("set_up")).result.text
    assert "Step 1 of 7, channels:" in (await managed.call("set_up", step="again")).result.text


async def test_a_wrong_answer_is_explained_and_asked_again(managed) -> None:
    called = await managed.call("set_up", step="retention", value="forever")
    assert "retention_days cannot be 'forever'" in called.result.text.splitlines()[0]
    assert called.result.buttons[0].id == "setup/retention/0"
    assert managed.book.read(GUILD).version == 0


async def test_only_those_who_manage_the_server(managed) -> None:
    for user in ("bob", "stranger"):
        called = await managed.call("set_up", user=user, step="language", value="de")
        assert called.fate == "refused"
    assert managed.book.read(GUILD).version == 0
    assert managed.records.scan("setups") == []


async def test_an_unknown_step_names_the_known(managed) -> None:
    assert "channels, votes" in (await managed.call("set_up", step="colour", value="red")).result.text


async def test_in_the_terminal_only_what_makes_sense_there(managed) -> None:
    managed.at_home("", "ann")
    text = (await managed.call("set_up", guild="")).result.text
    assert text.startswith("Step 1 of 3, language:")
    assert (await managed.call("set_up", user="eve", guild="")).fate == "refused"


def test_every_button_is_within_discords_limits() -> None:
    from bot.extensions._steps import buttons

    for step in STEPS:
        found = buttons(step)
        assert 2 <= len(found) <= 25
        assert all(len(one.id) <= 100 and len(one.label) <= 80 for one in found)
        assert len(step.asks) <= 45, "a modal's label"


def test_an_administrator_lacks_nothing() -> None:
    assert missing(frozenset({"administrator"}), {"ban_members": ["ban_user"]}) == ()
    assert missing(frozenset(WHY), {"ban_members": ["ban_user"]}) == (("ban_members", "for ban_user"),)
    assert {step.key for step in steps(server=False)} == {"language", "retention_days", "memory"}


async def test_a_step_without_an_answer_is_asked(managed) -> None:
    called = await managed.call("set_up", step="language")
    assert called.result.text.startswith("Step 5 of 7, language:")
    assert managed.book.read(GUILD).version == 0
