"""What moderators are told of: little, seldom, and never a secret."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.notices import PER_GUILD, PER_MEMBER, WITHIN, Notices, excerpt
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, UserId
from tests.chat.doubles import ANN, BOB, GUILD, Book, Posts, kitchen, message

LOG = ChannelId("log")
KEY = "sk-abcdefgh12345678ijklmnop"


def house(**settings: Any) -> SimpleNamespace:
    chosen = {"log_channel": LOG, "words": ("blorf",), **settings}
    return kitchen(messenger=Posts(), book=Book(GuildSettings(GUILD, **chosen)))


async def told(made: SimpleNamespace) -> list[tuple[str, str]]:
    await made.service.settled()
    return list(made.parts.messenger.said)


async def test_a_blocked_message_is_told_where_moderators_read() -> None:
    made = house()
    await made.service.answer(message(f"what a blorf, mail ann@x.example, key {KEY} see https://evil.example/x"))
    [(channel, text)] = await told(made)
    assert channel == LOG
    assert text.startswith("A message of Ann in <#hall> broke the rule on words.\n||what a blorf")
    assert KEY not in text
    assert "ann@x.example" not in text
    assert "://" not in text


async def test_in_the_guilds_language() -> None:
    made = house(language="de")
    await made.service.answer(message("blorf"))
    [(_, text)] = await told(made)
    assert text.startswith("Eine Nachricht von Ann in <#hall> verstieß gegen die Regel zu Wortwahl.")


async def test_one_member_is_not_told_of_at_every_message_and_others_are() -> None:
    made = house()
    for user in (ANN, ANN, BOB, ANN):
        await made.service.answer(message("blorf", user))
    assert [text.split()[3] for _, text in await told(made)] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("text", "settings", "more"),
    [
        ("hello", {}, {}),
        ("blorf", {"log_channel": ""}, {}),
        ("blorf", {"moderation": False}, {}),
        ("kys", {}, {"guild": ""}),
    ],
)
async def test_nothing_is_told_where_nothing_was_blocked_or_nobody_reads(
    text: str, settings: dict[str, Any], more: dict[str, Any]
) -> None:
    made = house(**settings)
    await made.service.answer(message(text, **more))
    assert await told(made) == []


async def test_a_log_channel_that_is_shut_breaks_nothing() -> None:
    made = house()
    made.parts.messenger.away = True
    assert (await made.service.answer(message("blorf"))).intent == "moderated:words"
    assert await told(made) == []


def test_a_raid_is_told_of_in_a_bounded_number_of_notices() -> None:
    notices = Notices()
    assert sum(notices.due(GuildId("1"), UserId(str(n)), 0.0) for n in range(100)) == PER_GUILD
    assert notices.due(GuildId("2"), ANN, 0.0), "another guild has its own"
    assert not notices.due(GuildId("1"), ANN, WITHIN - 1)
    assert notices.due(GuildId("1"), ANN, WITHIN)
    assert not notices.due(GuildId("1"), ANN, WITHIN + PER_MEMBER - 1)
    assert notices.due(GuildId("1"), ANN, WITHIN + PER_MEMBER)


@pytest.mark.parametrize(
    "text", ["||@everyone||", "a\nb", "`code` **bold** \\|\\| out", "x" * 900, f"{'y' * 110} {KEY}"]
)
def test_an_excerpt_is_one_short_hidden_line_that_nothing_breaks_out_of(text: str) -> None:
    found = excerpt(text)
    assert found.startswith("||")
    assert found.endswith("||")
    assert found.count("|") == 4
    assert len(found) < 130
    assert "\n" not in found
    assert "sk-" not in found


def test_nothing_makes_no_excerpt() -> None:
    assert excerpt(" ") == ""
