"""Without anybody asking now: welcome, and roles by reaction."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.core.chat import Post
from bot.core.errors import Denied, Unavailable
from bot.core.ids import MessageId, RoleId, UserId
from bot.sdk.attendant import REACTION_ROLES, Attendant, reaction_key
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOT, BOTS, GUILD, HELPER, MAIN, MODERATOR, PLAIN, member, role

WHERE = MessageId("600000000000000000")


@dataclass
class Messenger:
    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, channel: str, post: Post) -> MessageId:
        self.sent.append((channel, post.text))
        return MessageId("1")


@pytest.fixture
def messenger() -> Messenger:
    return Messenger()


@pytest.fixture
def desk(messenger: Messenger) -> Desk:
    desk = Desk(doors={"messenger": messenger})
    row = {"role": HELPER, "by": MODERATOR, "by_name": "Mo", "emoji": "👍", "channel": MAIN, "message": WHERE}
    desk.records.put(REACTION_ROLES, reaction_key(GUILD, WHERE, "👍"), row)
    return desk


async def react(desk: Desk, emoji: str = "👍", user: str = ANN, **more: Any) -> Any:
    return await Attendant(desk.house).reacted(GUILD, WHERE, UserId(user), emoji)


async def test_a_new_member_is_welcomed(desk: Desk, messenger: Messenger) -> None:
    desk.book.settings = replace(desk.book.settings, welcome_channel=MAIN, welcome_text="Hello {name} of {server}!")
    assert (await Attendant(desk.house).joined(GUILD, UserId(ANN), "Ann\n\u202e{server}")).passed
    assert messenger.sent == [(MAIN, "Hello Ann {server} of The Hall!")]


async def test_or_not(desk: Desk, messenger: Messenger) -> None:
    assert not (await Attendant(desk.house).joined(GUILD, UserId(ANN), "Ann")).passed
    desk.book.settings = replace(desk.book.settings, welcome_channel="3", welcome_text="Hello")  # type: ignore[arg-type]
    assert not (await Attendant(desk.house).joined(GUILD, UserId(ANN), "Ann")).passed
    assert messenger.sent == []


async def test_a_reaction_gives_the_role_and_its_end_takes_it(desk: Desk) -> None:
    assert (await react(desk)).passed
    assert (await Attendant(desk.house).unreacted(GUILD, WHERE, UserId(ANN), "👍")).passed
    assert desk.guild.verbs == ["assign_role", "remove_role"]
    assert desk.guild.acts[0].options == {"user": ANN, "role": HELPER}
    assert desk.guild.acts[0].asker == MODERATOR
    assert desk.log.acts == ["assign_role", "remove_role"]


@pytest.mark.parametrize(("emoji", "user"), [("👎", ANN), ("👍", "299999999999999999"), ("👍", BOT)])
async def test_another_emoji_a_stranger_and_a_bot_get_nothing(desk: Desk, emoji: str, user: str) -> None:
    assert not (await react(desk, emoji, user)).passed
    assert desk.guild.acts == []


async def test_the_one_who_set_it_up_was_demoted(desk: Desk) -> None:
    desk.guild.demote(MODERATOR)
    assert not (await react(desk)).passed
    del desk.guild.people[MODERATOR]
    assert not (await react(desk)).passed
    assert desk.guild.acts == []


async def test_the_role_grew_since(desk: Desk) -> None:
    desk.guild.ranks[HELPER] = role(HELPER, "Helper", 2, frozenset({"administrator"}))
    assert not (await react(desk)).passed
    desk.guild.ranks[HELPER] = role(HELPER, "Helper", 3, PLAIN)
    assert not (await react(desk)).passed, "no longer below the moderator"
    desk.guild.ranks[HELPER] = role(HELPER, "Helper", 2, PLAIN, managed=True)
    assert not (await react(desk)).passed
    del desk.guild.ranks[RoleId(HELPER)]
    assert not (await react(desk)).passed
    assert desk.guild.acts == []


async def test_the_bot_may_no_longer(desk: Desk) -> None:
    desk.guild.people[BOT] = member(BOT, "Megawatts", 4, PLAIN, BOTS, bot=True)
    assert not (await react(desk)).passed
    assert desk.guild.acts == []


@pytest.mark.parametrize("error", [Denied("no"), Unavailable("Discord")])
async def test_discord_says_no(desk: Desk, error: Any) -> None:
    desk.guild.fails = [error]
    assert not (await react(desk)).passed


async def test_with_its_message_the_reaction_role_goes(desk: Desk) -> None:
    await Attendant(desk.house).message_gone(GUILD, WHERE)
    assert not (await react(desk)).passed
    assert desk.records.scan(REACTION_ROLES) == []


def test_the_variation_selector_does_not_count() -> None:
    assert reaction_key("1", "2", "❤️") == reaction_key("1", "2", "❤")
    assert reaction_key("1", "2", "❤") != reaction_key("1", "3", "❤")


async def test_where_admins_stopped_the_bot_nobody_is_welcomed_and_no_role_changes(
    desk: Desk, messenger: Messenger
) -> None:
    settings = replace(desk.book.settings, welcome_channel=MAIN, welcome_text="Hello {name}!", paused="quiet")
    desk.book.settings = settings
    assert not (await Attendant(desk.house).joined(GUILD, UserId(ANN), "Ann")).passed
    assert not (await react(desk)).passed
    assert messenger.sent == []
    assert desk.guild.verbs == []
