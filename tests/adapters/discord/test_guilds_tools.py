"""Every tool for servers, over discord.py and a Discord in this process; what came of it is read from Discord."""

from typing import Any

import pytest

from tests.adapters.discord.guilds_stage import Hall, hall

pytestmark = pytest.mark.integration
__all__ = ["hall"]


def asked(hall: Hall, tool: str, who: str = "mod", why: str = "") -> bool:
    """Whether Discord's audit log names the asker."""
    reason = f"{tool} asked by {who.capitalize()} ({hall.people[who].id})" + (f": {why}" if why else "")
    return reason in hall.reasons()


async def test_create_role(hall: Hall) -> None:
    called = await hall.do("mod", "create_role", name="New", permissions="Send Messages", color="#ff8800", reason="fun")
    assert called.fate == "ok", called
    made = hall.model("New")
    assert (made.permissions, made.color, made.position) == (0x800, 0xFF8800, 1)
    assert asked(hall, "create_role", why="fun")


async def test_update_role(hall: Hall) -> None:
    called = await hall.do("mod", "update_role", role_id="Helper", name="Guide", permissions="none", position=1)
    assert called.fate == "ok", called
    assert (hall.model("Guide").permissions, hall.model("Guide").position) == (0, 1)
    assert asked(hall, "update_role")


async def test_delete_role_asks_first(hall: Hall) -> None:
    called = await hall.ask("mod", "delete_role", role_id="Cosmetic")
    assert called.fate == "confirm"
    assert hall.role_named("Cosmetic")
    assert (await hall.yes("mod", called)).fate == "ok"
    assert not hall.role_named("Cosmetic")
    assert asked(hall, "delete_role")


async def test_give_and_take_a_role(hall: Hall) -> None:
    assert (await hall.do("mod", "assign_role", userId="ann", roleId="Cosmetic", reason="kind\nness")).fate == "ok"
    assert "Cosmetic" in hall.member_roles("ann")
    assert asked(hall, "assign_role", why="kind ness")
    assert (await hall.do("mod", "remove_role", user="ann", role="Cosmetic")).fate == "ok"
    assert "Cosmetic" not in hall.member_roles("ann")
    assert asked(hall, "remove_role")


@pytest.mark.parametrize("kind", ["text", "voice", "category"])
async def test_create_channel(hall: Hall, kind: str) -> None:
    called = await hall.do("mod", "create_channel", guild_id=str(hall.guild.id), name="plans", type=kind)
    assert called.fate == "ok", called
    made = hall.guild.channels["plans"]._channel
    assert made.type == {"text": 0, "voice": 2, "category": 4}[kind]
    assert asked(hall, "create_channel")


async def test_a_channel_in_a_category_with_its_options(hall: Hall) -> None:
    category = hall.guild.create_category("Work")
    await hall.env.settle()
    given = {"name": "plans", "options": {"parentId": "Work", "topic": "next week", "slowmode": 30}}
    assert (await hall.do("mod", "create_channel", **given)).fate == "ok"
    made = hall.guild.channels["plans"]._channel
    assert (made.parent_id, made.topic, made.rate_limit_per_user) == (category.id, "next week", 30)


async def test_update_and_delete_channel(hall: Hall) -> None:
    assert (await hall.do("mod", "update_channel", channel_id="main", name="hall", topic="all")).fate == "ok"
    assert (hall.main.name, hall.main._channel.topic) == ("hall", "all")
    called = await hall.ask("mod", "delete_channel", channel_id="hall")
    assert "hall" in hall.guild.channels
    assert (await hall.yes("mod", called)).fate == "ok"
    assert "hall" not in hall.guild.channels
    assert asked(hall, "delete_channel")


async def test_set_channel_permissions(hall: Hall) -> None:
    called = await hall.do("mod", "set_channel_permissions", channel_id="main", role_id="Helper", deny="Send Messages")
    assert called.fate == "ok", called
    assert not hall.may("helper").send_messages
    assert hall.may("ann").send_messages
    assert (
        await hall.do("mod", "set_channel_permissions", channel_id="main", role="Helper", clear="Send Messages")
    ).fate == "ok"
    assert hall.may("helper").send_messages


async def test_ban_and_unban(hall: Hall) -> None:
    ann = hall.people["ann"]
    called = await hall.do("mod", "ban_user", user_id="ann", reason="spam", delete_days=1)
    assert called.fate == "ok", called
    assert ann.id not in hall.guild.member_ids()
    assert hall.guild.get_ban(ann)["reason"].endswith(": spam")
    assert asked(hall, "ban_user", why="spam")
    assert (await hall.do("mod", "unban_user", user_id=str(ann.id))).fate == "ok"
    assert hall.guild.get_ban(ann) is None
    again = await hall.do("mod", "unban_user", user_id=str(ann.id))
    assert again.result.text == "I could not unban user: that user is not banned here."


async def test_kick(hall: Hall) -> None:
    assert (await hall.do("mod", "kick_user", user_id=f"<@{hall.people['bob'].id}>", reason="x")).fate == "ok"
    assert hall.people["bob"].id not in hall.guild.member_ids()
    assert hall.guild.get_ban(hall.people["bob"]) is None
    assert asked(hall, "kick_user", why="x")


async def test_time_out_and_its_end(hall: Hall) -> None:
    assert (await hall.do("mod", "timeout_user", user_id="ann", minutes=10)).fate == "ok"
    assert hall.guild._guild.members[hall.people["ann"].id].timed_out_until
    assert not hall.may("ann").send_messages
    assert (await hall.do("mod", "timeout_user", user_id="ann", minutes=0)).fate == "ok"
    assert hall.may("ann").send_messages
    assert asked(hall, "timeout_user")


async def test_messages(hall: Hall) -> None:
    said = await hall.people["ann"].send(hall.main, "first")
    called = await hall.do("mod", "send_message", content="hi @everyone", reply_to=str(said.id))
    assert called.fate == "ok", called
    answer = hall.main.last_message
    assert (answer.content, answer.reference.message_id) == ("hi @everyone", said.id)
    assert not answer.mention_everyone
    assert (await hall.do("mod", "edit_message", message_id=answer.jump_url, content="hello")).fate == "ok"
    assert hall.main.last_message.content == "hello"
    assert (await hall.do("mod", "add_reaction", message_id=str(said.id), emoji="👍")).fate == "ok"
    assert hall.main.history()[0].reactions[0].emoji == "👍"
    called = await hall.ask("mod", "delete_message", message_id=str(said.id))
    assert "first" in hall.sent()
    assert (await hall.yes("mod", called)).fate == "ok"
    assert hall.sent() == ["hello"]


async def test_only_my_own_messages_are_changed(hall: Hall) -> None:
    said = await hall.people["ann"].send(hall.main, "mine")
    called = await hall.do("boss", "edit_message", message_id=str(said.id), content="yours")
    assert (called.result.key, hall.sent()) == ("not_mine", ["mine"])


async def test_looking(hall: Hall) -> None:
    info = await hall.ask("ann", "get_server_info")
    assert "members 7" in info.result.text
    assert "channels you can see 1" in info.result.text
    assert "channels you can see 2" in (await hall.ask("helper", "get_server_info")).result.text
    who = await hall.ask("ann", "get_user_info", user_id="helper")
    assert "roles Helper" in who.result.text
    members = await hall.ask("ann", "get_member_list", role_id="Mods")
    assert members.result.facts["count"] == 1
    assert hall.writes() == []


async def test_update_server(hall: Hall) -> None:
    assert (await hall.do("mod", "update_server", name="The New Hall", verification="high")).fate == "ok"
    assert hall.guild.name == "The New Hall"
    assert asked(hall, "update_server")


async def test_create_invite(hall: Hall) -> None:
    called = await hall.do("mod", "create_invite", max_age=3600, max_uses=2)
    (invite,) = hall.guild.invites()
    assert invite.code in called.result.text
    assert (invite.max_age, invite.max_uses) == (3600, 2)


async def test_webhooks(hall: Hall) -> None:
    called = await hall.do("mod", "create_webhook", name="News")
    number = str(called.result.facts["id"])
    assert (
        await hall.do("mod", "execute_webhook", webhook_id=number, content="@everyone hi", username="Press")
    ).fate == "ok"
    said = hall.main.last_message
    assert (said.content, said.author.name, said.mention_everyone) == ("@everyone hi", "Press", False)
    assert (await hall.do("mod", "delete_webhook", webhook_id=number)).fate == "ok"
    gone = await hall.do("mod", "execute_webhook", webhook_id=number, content="again")
    assert gone.result.key == "not_found"


async def test_slow_mode(hall: Hall) -> None:
    assert (await hall.do("mod", "slowmode", seconds=30)).fate == "ok"
    assert hall.main._channel.rate_limit_per_user == 30
    assert asked(hall, "slowmode")


async def test_purge_deletes_what_was_shown_and_not_what_was_said_meanwhile(hall: Hall) -> None:
    for text in ("one", "two", "three", "four"):
        await hall.people["ann"].send(hall.main, text)
    called = await hall.ask("mod", "purge", count=3)
    assert "3 messages (ann 3;" in called.preview
    assert len(hall.sent()) == 4
    await hall.people["bob"].send(hall.main, "five")
    assert (await hall.yes("mod", called)).result.text == "3 messages deleted."
    assert hall.sent() == ["one", "five"]


async def test_purge_of_one_member_leaves_pinned_and_others(hall: Hall) -> None:
    pinned = await hall.people["ann"].send(hall.main, "rules")
    hall.env.backend.get_message(hall.main.id, pinned.id).pinned = True
    await hall.people["bob"].send(hall.main, "bob")
    await hall.people["ann"].send(hall.main, "ann")
    assert (await hall.do("mod", "purge", count=50, user_id="ann")).fate == "ok"
    assert hall.sent() == ["rules", "bob"]


async def test_warn_cases_and_their_removal(hall: Hall) -> None:
    warned = await hall.do("mod", "warn_user", user_id="ann", reason="no spam")
    assert warned.fate == "ok", warned
    assert hall.post.told == [(str(hall.people["ann"].id), "You were warned on The Hall: no spam")]
    listed = await hall.ask("mod", "list_cases", user_id="ann")
    assert "warning of ann by Mod: no spam" in listed.result.text
    assert "no spam" in (await hall.ask("ann", "list_cases", user_id="ann")).result.text
    assert (await hall.ask("ann", "list_cases")).fate == "denied"
    number = warned.result.facts["case"]
    assert (await hall.do("ann", "remove_case", number=number)).result.key == "not_found"
    assert (await hall.do("mod", "remove_case", number=number)).fate == "ok"
    assert (await hall.ask("mod", "list_cases", user_id="ann")).result.key == "none"


async def test_welcome(hall: Hall) -> None:
    assert (await hall.do("mod", "set_welcome", channel_id="main", text="Hello {name}, this is {server}!")).fate == "ok"
    eve = hall.guild.add_member(hall.env.create_user("eve"))
    await hall.attendant().joined(str(hall.guild.id), str(eve.id), "eve")  # type: ignore[arg-type]
    assert "Hello eve, this is The Hall!" in hall.sent()
    assert (await hall.ask("ann", "set_welcome", channel_id="main", text="Boo")).fate == "denied"
    assert "Hello {name}" in (await hall.ask("ann", "show_welcome")).result.text
    assert (await hall.do("mod", "end_welcome")).fate == "ok"
    assert not (await hall.attendant().joined(str(hall.guild.id), str(eve.id), "eve")).passed  # type: ignore[arg-type]


async def test_reaction_roles(hall: Hall) -> None:
    said = await hall.people["mod"].send(hall.main, "react here")
    where: Any = (str(hall.guild.id), str(said.id), str(hall.people["ann"].id), "👍")
    called = await hall.do("mod", "add_reaction_role", message_id=str(said.id), emoji="👍", role_id="Cosmetic")
    assert called.fate == "ok", called
    assert (await hall.attendant().reacted(*where)).passed
    assert "Cosmetic" in hall.member_roles("ann")
    assert (await hall.attendant().unreacted(*where)).passed
    assert "Cosmetic" not in hall.member_roles("ann")
    assert "👍" in (await hall.ask("mod", "list_reaction_roles")).result.text
    assert (await hall.do("mod", "remove_reaction_role", message_id=str(said.id), emoji="👍")).fate == "ok"
    assert not (await hall.attendant().reacted(*where)).passed
