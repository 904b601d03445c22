"""Discord's answers become sentences, and what the adapter sends carries no token and mentions nobody."""

import logging
from typing import Any

import discord
import pytest

from bot.adapters.discord.deeds_ground import deed_errors, reason_of
from bot.adapters.discord.guilds import DEEDS
from bot.adapters.discord.guilds_views import names
from bot.core.errors import Denied, Unavailable
from bot.core.guild import Deed
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.policy.permission_names import NAMES
from tests.adapters.discord.guilds_stage import Hall, hall

pytestmark = pytest.mark.integration
__all__ = ["hall"]


def test_our_names_of_permissions_are_discords() -> None:
    assert names(discord.Permissions.all()) == NAMES
    assert discord.Permissions(**dict.fromkeys(NAMES, True)) == discord.Permissions.all()
    discord.PermissionOverwrite(**dict.fromkeys(NAMES, True))


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("Ann", "spam", "ban_user asked by Ann (5): spam"),
        ("Ann", "", "ban_user asked by Ann (5)"),
        ("A\nX-Evil: 1", "a\r\nb\x00\u202ec", "ban_user asked by A X-Evil: 1 (5): a bc"),
        ("\u200b", "x", "ban_user asked by a member (5): x"),
    ],
)
def test_the_reason_names_the_asker_on_one_line(name: str, reason: str, said: str) -> None:
    assert reason_of(Deed("ban_user", GuildId("1"), UserId("5"), name, {}, reason)) == said


def test_the_reason_fits() -> None:
    long = reason_of(Deed("ban_user", GuildId("1"), UserId("5"), "n" * 6000, {}, "r" * 6000))
    assert len(long) <= 512
    assert "(5)" in long


class Response:
    def __init__(self, status: int) -> None:
        self.status, self.reason, self.headers = status, "", {}


def error(status: int, code: int) -> discord.HTTPException:
    kinds: dict[int, Any] = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}
    text = "token=s3cr3t at https://discord.com/api/webhooks/1/s3cr3t"
    return kinds.get(status, discord.HTTPException)(Response(status), {"code": code, "message": text})


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, 10003, "that channel does not exist any more"),
        (404, 10026, "that user is not banned here"),
        (404, 10015, "that webhook does not exist any more"),
        (403, 50013, "I lack a permission"),
        (403, 50001, "I cannot see that channel"),
        (400, 30005, "as many of these as Discord allows"),
        (400, 50035, "check names and lengths"),
        (400, 99999, "Discord refused it (error 99999)"),
    ],
)
def test_a_refusal_is_a_sentence(status: int, code: int, words: str) -> None:
    with pytest.raises(Denied) as raised, deed_errors("ban_user"):
        raise error(status, code)
    assert str(raised.value).startswith("I could not ban user: ")
    assert words in str(raised.value)
    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(("status", "code"), [(429, 0), (500, 0), (503, 0)])
def test_what_passes_is_for_later(status: int, code: int) -> None:
    with pytest.raises(Unavailable) as raised, deed_errors("ban_user"):
        raise error(status, code)
    assert raised.value.retry_after
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    ("method", "status", "code", "words"),
    [("POST", 400, 30013, "as many of these as Discord allows"), ("POST", 403, 50013, "I lack a permission for that")],
)
async def test_discord_refuses_a_deed(hall: Hall, method: str, status: int, code: int, words: str) -> None:
    hall.env.inject_error(method, f"/guilds/{hall.guild.id}/channels", status=status, code=code)
    called = await hall.do("mod", "create_channel", name="plans")
    assert called.fate == "refused"
    assert words in called.result.text
    assert "plans" not in hall.guild.channels
    assert hall.log.acts == ["create_channel", "create_channel failed"]


async def test_a_verb_that_is_none(hall: Hall) -> None:
    with pytest.raises(Denied, match="I do not know how to fly"):
        await hall.guilds.act(Deed("fly", GuildId(str(hall.guild.id)), UserId("1"), "x"))


async def test_a_server_where_the_bot_is_not(hall: Hall) -> None:
    for call in (hall.guilds.roles, hall.guilds.me, hall.guilds.channels):
        with pytest.raises(Denied, match="I am not on that server"):
            await call(GuildId("5"))


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "5"])
async def test_ids_that_are_nobodys(hall: Hall, number: str) -> None:
    guild: Any = GuildId(str(hall.guild.id))
    main = ChannelId(str(hall.main.id))
    assert await hall.guilds.member(guild, UserId(number)) is None
    assert await hall.guilds.channel(guild, ChannelId(number)) is None
    assert await hall.guilds.role(guild, number) is None  # type: ignore[arg-type]
    assert await hall.guilds.permissions_in(guild, ChannelId(number), UserId(number)) == frozenset()
    assert await hall.guilds.permissions_in(guild, main, UserId(number)) == frozenset()
    assert await hall.guilds.message(guild, main, MessageId(number)) is None
    assert await hall.guilds.messages(guild, ChannelId(number), 5) == ()
    assert await hall.guilds.webhook(guild, number) is None


async def test_a_deleted_channel_is_gone_for_the_button_too(hall: Hall) -> None:
    called = await hall.ask("mod", "delete_channel", channel_id="main")
    other = hall.guild.create_text_channel("other")
    hall.env.backend.delete_channel(hall.main.id)
    await hall.env.settle()
    done = await hall.yes("mod", called)
    assert done.fate == "bad_arguments"
    assert "no such channel" in done.result.text
    assert other.name in hall.guild.channels


async def test_without_the_members_intent_members_are_asked_for(hall: Hall) -> None:
    """What the gateway does not keep current is not trusted: a demotion is seen at once."""
    hall.env.bot.intents  # noqa: B018  (kept by the client)
    hall.env.bot._connection._intents.members = False
    mod = hall.people["mod"]
    guild: Any = GuildId(str(hall.guild.id))
    assert "ban_members" in (await hall.guilds.member(guild, UserId(str(mod.id)))).permissions  # type: ignore[union-attr]
    hall.guild._guild.members[mod.id].role_ids.clear()  # no event tells of it
    assert "ban_members" not in (await hall.guilds.member(guild, UserId(str(mod.id)))).permissions  # type: ignore[union-attr]
    assert (await hall.ask("mod", "ban_user", user_id=str(hall.people["ann"].id))).fate == "denied"


async def test_the_token_of_a_webhook_stays_where_it_is(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    called = await hall.do("mod", "create_webhook", name="News")
    number = str(called.result.facts["id"])
    token = hall.env.backend.get_webhook(int(number)).token
    said = await hall.do("mod", "execute_webhook", webhook_id=number, content="hi")
    shown = await hall.ask("mod", "delete_webhook", webhook_id=number)
    view = await hall.guilds.webhook(GuildId(str(hall.guild.id)), number)
    assert token
    held = [called, said, shown, view, hall.log.rows, hall.records.scan("pledges")]
    assert token not in repr(held)
    assert token not in caplog.text


async def test_an_address_with_its_token_is_refused_and_not_repeated(hall: Hall) -> None:
    address = "https://discord.com/api/webhooks/123456789012345678/s3cr3t-s3cr3t"
    called = await hall.do("mod", "execute_webhook", webhook_id=address, content="hi")
    assert called.fate == "bad_arguments"
    assert "s3cr3t" not in repr([called, hall.log.rows, hall.records.scan("pledges")])


def test_every_deed_has_a_name_of_its_own() -> None:
    assert all(do.__name__ == verb for verb, do in DEEDS.items())
