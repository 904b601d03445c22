"""THREATS 21: a member asks the bot for what the member may not do. Both permissions, hierarchy, visibility, now."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.ids import ChannelId, GuildId, UserId
from bot.sdk import Caller
from tests.adapters.discord.guilds_stage import Hall, discord, hall

pytestmark = pytest.mark.integration
__all__ = ["hall"]


async def nothing_happens(hall: Hall, who: str, tool: str, fate: str = "denied", **given: Any) -> str:
    """Asked directly, by a model, and as a dry run: no request leaves that changes something, no button is offered."""
    before, text = hall.writes(), ""
    for options in ({}, {"by_model": True}, {"dry": True}):
        called = await hall.registry.call(tool, given, hall.caller(who), **options)
        await hall.env.settle()
        assert called.fate == fate, (options, called)
        assert called.buttons == ()
        text = called.result.text
    assert hall.writes() == before
    return text


BY_ANN = [
    ("ban_user", {"user_id": "bob"}),
    ("unban_user", {"user_id": "123456789012345678"}),
    ("kick_user", {"user_id": "bob"}),
    ("timeout_user", {"user_id": "bob", "minutes": 5}),
    ("warn_user", {"user_id": "bob", "reason": "x"}),
    ("list_cases", {}),
    ("create_role", {"name": "x"}),
    ("update_role", {"role_id": "Cosmetic", "name": "x"}),
    ("delete_role", {"role_id": "Cosmetic"}),
    ("assign_role", {"user_id": "ann", "role_id": "Cosmetic"}),
    ("remove_role", {"user_id": "helper", "role_id": "Helper"}),
    ("create_channel", {"name": "x"}),
    ("update_channel", {"channel_id": "main", "name": "x"}),
    ("delete_channel", {"channel_id": "main"}),
    ("set_channel_permissions", {"channel_id": "main", "user_id": "ann", "allow": "Send Messages"}),
    ("update_server", {"name": "xx"}),
    ("create_invite", {}),
    ("create_webhook", {"name": "x"}),
    ("slowmode", {"seconds": 5}),
    ("set_welcome", {"channel_id": "main", "text": "x"}),
    ("end_welcome", {}),
    ("list_reaction_roles", {}),
]


@pytest.mark.parametrize(("tool", "given"), BY_ANN, ids=[tool for tool, _ in BY_ANN])
async def test_a_member_without_rights(hall: Hall, tool: str, given: dict[str, Any]) -> None:
    text = await nothing_happens(hall, "ann", tool, **given)
    assert text.lower().startswith("you need the permission")
    assert set(hall.log.acts) == {f"{tool} denied"}


@pytest.mark.parametrize("tool", ["delete_message", "purge"])
async def test_messages_of_others(hall: Hall, tool: str) -> None:
    said = await hall.people["bob"].send(hall.main, "mine")
    given = {"message_id": str(said.id)} if tool == "delete_message" else {"count": 5}
    await nothing_happens(hall, "ann", tool, **given)
    assert hall.sent() == ["mine"]


@pytest.mark.parametrize("whom", ["boss", "owner", "mod"])
@pytest.mark.parametrize("tool", ["ban_user", "kick_user", "warn_user"])
async def test_against_somebody_above_or_oneself(hall: Hall, tool: str, whom: str) -> None:
    await nothing_happens(hall, "mod", tool, user_id=str(hall.people[whom].id), reason="x")
    assert hall.people[whom].id in hall.guild.member_ids()


@pytest.mark.parametrize("tool", ["ban_user", "kick_user"])
@pytest.mark.parametrize("who", ["mod", "boss", "owner"])
async def test_against_the_bot_itself(hall: Hall, tool: str, who: str) -> None:
    await nothing_happens(hall, who, tool, user_id=str(hall.env.bot.user.id))


async def test_an_administrator_is_not_stronger_than_the_bot(hall: Hall) -> None:
    second = hall.guild.add_member(hall.env.create_user("second"), roles=[hall.guild.roles["Boss"]])
    await hall.env.settle()
    text = await nothing_happens(hall, "owner", "kick_user", user_id=str(second.id))
    assert "not below mine" in text
    hall.env.backend.edit_role(hall.guild.id, hall.guild.roles["TestBot"].id, {"permissions": "0"})
    await hall.env.settle()
    assert "I need the permission Kick Members" in await nothing_happens(hall, "boss", "kick_user", user_id="ann")


@pytest.mark.parametrize("role", ["Mods", "Boss", "TestBot", "@everyone"])
@pytest.mark.parametrize("tool", ["assign_role", "delete_role"])
async def test_roles_at_or_above_oneself(hall: Hall, tool: str, role: str) -> None:
    given = {"role_id": role} | ({"user_id": "ann"} if tool == "assign_role" else {})
    await nothing_happens(hall, "mod", tool, **given)
    assert role in hall.guild.roles


async def test_escalation_by_creating_changing_giving_and_lifting_a_role(hall: Hall) -> None:
    await nothing_happens(hall, "mod", "create_role", name="x", permissions="Administrator")
    await nothing_happens(hall, "mod", "create_role", name="x", permissions="Send Messages, Mention Everyone")
    await nothing_happens(hall, "mod", "update_role", role_id="Cosmetic", permissions="administrator")
    await nothing_happens(hall, "mod", "update_role", role_id="Mods", permissions="administrator")
    await nothing_happens(hall, "mod", "update_role", role_id="@everyone", permissions="administrator")
    await nothing_happens(hall, "mod", "update_role", role_id="Cosmetic", position=3)
    await nothing_happens(hall, "mod", "update_role", role_id="Cosmetic", position=200)
    low = hall.guild.create_role("Low", permissions=discord.Permissions(administrator=True))
    await hall.env.settle()
    text = await nothing_happens(hall, "mod", "assign_role", user_id="mod", role_id=str(low.id))
    assert "you do not hold Administrator" in text.replace("You", "you")
    assert low.name not in hall.member_roles("mod")


async def test_escalation_by_a_reaction_role(hall: Hall) -> None:
    hall.guild.create_role("Low", permissions=discord.Permissions(administrator=True))
    said = await hall.people["mod"].send(hall.main, "react")
    for role in ("Low", "Mods", "Boss"):
        await nothing_happens(hall, "mod", "add_reaction_role", message_id=str(said.id), emoji="👍", role_id=role)
    assert hall.records.scan("reaction_roles") == []


async def test_a_reaction_role_that_grew_gives_nothing(hall: Hall) -> None:
    said = await hall.people["mod"].send(hall.main, "react")
    where: Any = (str(hall.guild.id), str(said.id), str(hall.people["ann"].id), "👍")
    assert (
        await hall.do("mod", "add_reaction_role", message_id=str(said.id), emoji="👍", role_id="Cosmetic")
    ).fate == "ok"
    hall.env.backend.edit_role(hall.guild.id, hall.guild.roles["Cosmetic"].id, {"permissions": "8"})
    await hall.env.settle()
    assert not (await hall.attendant().reacted(*where)).passed
    assert hall.member_roles("ann") == set()


async def test_escalation_by_overwrites(hall: Hall) -> None:
    for given in (
        {"user_id": "mod", "allow": "Mention Everyone"},
        {"user_id": "mod", "allow": "Manage Roles"},
        {"role_id": "Mods", "allow": "Send Messages"},
        {"role_id": "Boss", "deny": "View Channel"},
        {"role_id": "TestBot", "deny": "Send Messages"},
        {"user_id": "boss", "deny": "View Channel"},
    ):
        await nothing_happens(hall, "mod", "set_channel_permissions", channel_id="main", **given)
    assert hall.main._channel.overwrites == []


async def test_rights_in_one_channel_are_none_elsewhere(hall: Hall) -> None:
    """Manage Permissions by an overwrite: neither roles nor other channels come with it."""
    rights = discord.PermissionOverwrite(manage_roles=True, manage_messages=True, view_channel=True)
    own = hall.guild.create_text_channel("own", overwrites={hall.people["ann"]: rights})
    said = await hall.people["ann"].send(own, "react")
    await nothing_happens(hall, "ann", "assign_role", user_id="ann", role_id="Cosmetic")
    given = {"message_id": str(said.id), "channel_id": "own", "emoji": "👍", "role_id": "Cosmetic"}
    await nothing_happens(hall, "ann", "add_reaction_role", **given)
    await nothing_happens(hall, "ann", "purge", channel_id="main", count=5, fate="refused")
    await hall.people["bob"].send(hall.main, "hers is only own")
    await nothing_happens(hall, "ann", "purge", channel_id="main", count=5)
    assert (await hall.do("ann", "purge", channel_id="own", count=5)).fate == "ok"


@pytest.mark.parametrize("named", ["id", "name", "mention"])
@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("send_message", {"content": "x"}),
        ("delete_message", {"message_id": "SAID"}),
        ("edit_message", {"message_id": "SAID", "content": "x"}),
        ("add_reaction", {"message_id": "SAID", "emoji": "👍"}),
        ("purge", {"count": 5}),
        ("update_channel", {"topic": "x"}),
        ("delete_channel", {}),
        ("create_invite", {}),
        ("slowmode", {"seconds": 5}),
        ("create_webhook", {"name": "x"}),
        ("set_channel_permissions", {"user_id": "mod", "allow": "View Channel"}),
    ],
)
async def test_a_hidden_channel_is_not_there(hall: Hall, tool: str, given: dict[str, Any], named: str) -> None:
    """The moderator cannot see it, the bot can: same words as for a channel that does not exist."""
    said = await hall.people["helper"].send(hall.secret, "the plan")
    given = {key: str(said.id) if value == "SAID" else value for key, value in given.items()}
    channel = {"id": str(hall.secret.id), "name": "secret", "mention": f"<#{hall.secret.id}>"}[named]
    hidden = await nothing_happens(hall, "mod", tool, "bad_arguments", channel_id=channel, **given)
    absent = await nothing_happens(hall, "mod", tool, "bad_arguments", channel_id="123456789012345678", **given)
    assert hidden == absent
    assert "the plan" not in hidden


async def test_a_hidden_channel_cannot_be_read_by_message_or_webhook(hall: Hall) -> None:
    said = await hall.people["helper"].send(hall.secret, "the plan")
    hook = hall.guild.create_webhook(hall.secret, "Spy")
    for tool, given in (
        ("delete_message", {"message_id": said.jump_url}),
        ("send_message", {"content": "x", "reply_to": str(said.id)}),
        ("execute_webhook", {"webhook_id": str(hook.id), "content": "x"}),
        ("delete_webhook", {"webhook_id": str(hook.id)}),
    ):
        text = await nothing_happens(hall, "mod", tool, "refused", **given)
        assert "plan" not in text
        assert "Spy" not in text
    assert hall.sent(hall.secret) == ["the plan"]
    offered = await hall.registry.complete("send_message", "channel_id", "", hall.caller("mod"))
    assert offered == ("main",)


@pytest.mark.parametrize("key", ["guild_id", "guildId", "options"])
async def test_another_server_cannot_be_named(hall: Hall, key: str) -> None:
    """Where the same member owns everything, and the bot is too."""
    other = hall.env.create_guild("Elsewhere", owner=hall.env.create_user("mallory"))
    theirs = other.create_text_channel("theirs")
    await hall.env.settle()
    given: dict[str, Any] = {"name": "x", key: {"guild_id": str(other.id)} if key == "options" else str(other.id)}
    await nothing_happens(hall, "boss", "create_channel", "bad_arguments", **given)
    await nothing_happens(hall, "boss", "delete_channel", "bad_arguments", channel_id=str(theirs.id))
    role = other.create_role("Theirs")
    await hall.env.settle()
    await nothing_happens(hall, "boss", "delete_role", "bad_arguments", role_id=str(role.id))
    assert set(other.channels) >= {"theirs"}


async def test_who_is_on_another_server_only(hall: Hall) -> None:
    stranger = hall.env.create_user("stranger")
    caller = Caller(UserId(str(stranger.id)), ChannelId(str(hall.main.id)), "S", guild=GuildId(str(hall.guild.id)))
    for tool, given in (("get_member_list", {}), ("get_server_info", {}), ("create_role", {"name": "x"})):
        called = await hall.registry.call(tool, given, caller)
        assert called.fate == "denied", tool
        assert called.result.text == "You are not a member of this server."


async def test_a_ban_confirmed_by_another_and_pressed_twice(hall: Hall) -> None:
    called = await hall.ask("mod", "ban_user", user_id="ann")
    for who in ("ann", "bob", "boss", "owner"):
        assert (await hall.yes(who, called)).fate == "refused"
    assert hall.writes() == []
    assert (await hall.yes("mod", called)).fate == "ok"
    assert (await hall.yes("mod", called)).fate == "refused"
    assert len([one for one in hall.writes() if "/bans/" in one]) == 1


async def test_a_ban_confirmed_after_demotion(hall: Hall) -> None:
    called = await hall.ask("mod", "ban_user", user_id="ann")
    hall.env.backend.remove_member_role(hall.guild.id, hall.people["mod"].id, hall.guild.roles["Mods"].id)
    await hall.env.settle()
    assert (await hall.yes("mod", called)).fate == "denied"
    assert hall.people["ann"].id in hall.guild.member_ids()


async def test_a_ban_confirmed_after_its_target_rose(hall: Hall) -> None:
    called = await hall.ask("mod", "ban_user", user_id="ann")
    hall.env.backend.add_member_role(hall.guild.id, hall.people["ann"].id, hall.guild.roles["Boss"].id)
    await hall.env.settle()
    assert (await hall.yes("mod", called)).fate == "denied"
    assert hall.people["ann"].id in hall.guild.member_ids()


async def test_a_timed_out_moderator_moderates_nobody(hall: Hall) -> None:
    member = hall.env.bot.get_guild(hall.guild.id).get_member(hall.people["mod"].id)
    assert member is not None
    await member.timeout(timedelta(days=7))
    await hall.env.settle()
    called = await hall.ask("mod", "kick_user", user_id="ann")
    assert called.fate == "denied"
    assert hall.people["ann"].id in hall.guild.member_ids()


async def test_nobody_is_mentioned_by_what_the_bot_is_made_to_say(hall: Hall) -> None:
    ann = hall.people["ann"].id
    text = f"@everyone @here <@{ann}> <@&{hall.guild.roles['Helper'].id}>"
    assert (await hall.do("mod", "send_message", content=text)).fate == "ok"
    hook = hall.guild.create_webhook(hall.main, "News")
    assert (await hall.do("mod", "execute_webhook", webhook_id=str(hook.id), content=text)).fate == "ok"
    for stored in hall.env.backend.messages[hall.main.id].values():
        assert (stored.mention_everyone, stored.ping_user_ids, stored.ping_role_ids) == (False, [], [])
