from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat.guild_book import RecordsGuildBook
from bot.core.chat import Post
from bot.core.errors import Denied, Unavailable
from bot.core.ids import ChannelId, GuildId, MessageId
from bot.core.tier import Tier
from bot.core.votes import Quorum
from bot.sdk.testing import DictRecords
from bot.votes.announce import TABLE, Announcer, Desk, nonce_of
from bot.votes.service import Question, Votes
from tests.extensions.doubles import GUILD, VOTES, HandMessenger, ListAudit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = "a" * 40, "b" * 40


class KilledError(Exception):
    """The process ended here."""


@dataclass
class Square:
    """Everything that announcing touches. `time` is moved by the test."""

    records: DictRecords = field(default_factory=DictRecords)
    messenger: HandMessenger = field(default_factory=HandMessenger)
    time: datetime = NOON

    def __post_init__(self) -> None:
        self.votes = Votes(self.records, quorum=Quorum())
        self.book = RecordsGuildBook(self.records, ListAudit(), lambda: 0.0, refresh=0.0)
        self.book.change(GUILD, {"vote_channel": VOTES}, "ann")  # type: ignore[arg-type]
        for user in ("ann", "bob", "cem"):
            ago = NOON - timedelta(days=400)
            self.votes.meet(user, user, ago, guild=GUILD, account_created=ago, joined=ago)  # type: ignore[arg-type]

    def announcer(self, home: str = GUILD) -> Announcer:
        """A new one each time, as after a restart."""
        clock = lambda: self.time  # noqa: E731
        return Announcer(Desk(self.records, self.votes, self.messenger, self.book, clock, GuildId(home)))

    def open(self, head: str = OLD, pull: int = 3, guild: str = GUILD) -> None:
        question = Question(pull, head, f"clearer help {pull}", "words", Tier.VALIDATED, guild=guild)  # type: ignore[arg-type]
        self.votes.open_poll(question, opened=self.time, closes=self.time + timedelta(hours=8))

    def outcome(self, result: str, because: str = "", pull: int = 3, **more: Any) -> None:
        row = {"result": result, "because": because, "pull": pull, "at": self.time.isoformat(), **more}
        self.records.put("outcomes", f"idea{pull}", row)

    async def settle(self) -> int:
        """Rounds until nothing is left to do."""
        done = 0
        for _ in range(10):
            now = await self.announcer().round()
            if not now:
                return done
            done += now
        raise AssertionError("it never rests")

    def card(self) -> dict[str, str]:
        """The fields of the newest edit."""
        card = self.messenger.edits[-1][2].card
        assert card is not None
        return dict(card.fields)


@pytest.fixture
def square() -> Square:
    return Square()


async def test_a_proposal_is_announced_once_with_buttons_and_a_thread(square: Square) -> None:
    square.open()
    assert await square.settle() == 2
    [(channel, post)] = square.messenger.sent
    assert channel == VOTES
    assert post.card is not None
    assert post.card.title == "#3 clearer help 3"
    assert [one.label for one in post.buttons] == ["For", "Against", "Abstain", "Why?", "Reject"]
    assert square.messenger.threads == {"m0": "#3 clearer help 3"}
    assert await square.settle() == 0
    assert square.messenger.edits == []


async def test_a_vote_is_edited_in_and_posts_nothing(square: Square) -> None:
    square.open()
    await square.settle()
    square.votes.cast(3, OLD, "ann", "for", NOON, guild=GUILD)  # type: ignore[arg-type]
    await square.settle()
    assert square.card()["Votes"] == "1 for, 0 against, 0 abstained"
    square.votes.cast(3, OLD, "ann", "for", NOON, guild=GUILD)  # type: ignore[arg-type]
    assert await square.settle() == 0, "the same click again changes nothing"
    assert len(square.messenger.sent) == 1


async def test_the_outcome_is_edited_in_and_said_in_the_thread(square: Square) -> None:
    square.open()
    await square.settle()
    square.outcome("rejected", "it breaks our own bots")
    await square.settle()
    assert square.card()["Outcome"] == "#3 was rejected: it breaks our own bots"
    assert square.messenger.sent[1:] == [
        ("m0", Post("#3 was rejected: it breaks our own bots", nonce=nonce_of(f"vote/3/{OLD[:12]}/refused")))
    ]
    assert await square.settle() == 0


async def test_merged_then_live_then_taken_back(square: Square) -> None:
    square.open()
    await square.settle()
    for result, words in (
        ("merged", "was merged"),
        ("healthy", "is live in v1.4.0"),
        ("reverted", "was taken back: slow"),
    ):
        square.outcome(result, "slow", version="v1.4.0")
        await square.settle()
        assert words in square.messenger.sent[-1][1].text
    assert len(square.messenger.sent) == 4


async def test_a_push_voids_the_card_and_the_new_head_gets_its_own(square: Square) -> None:
    square.open()
    await square.settle()
    square.votes.void(3, NEW)  # type: ignore[arg-type]
    square.open(NEW)
    await square.settle()
    assert len(square.messenger.sent) == 3  # two announcements and one line
    assert "is void" in square.messenger.sent[-1][1].text or "is void" in square.messenger.sent[-2][1].text
    [edit] = square.messenger.edits
    assert edit[1] == "m0"
    assert edit[2].buttons == ()
    assert "Outcome" in dict(edit[2].card.fields)
    assert await square.settle() == 0


async def test_a_push_without_a_new_vote_voids_the_card_too(square: Square) -> None:
    square.open()
    await square.settle()
    square.votes.void(3, NEW)  # type: ignore[arg-type]
    await square.settle()
    assert "is void: bbbbbbb was pushed" in square.card()["Outcome"]


async def test_nothing_is_said_without_a_channel_or_of_another_guilds_votes(square: Square) -> None:
    square.open(guild="999")
    assert await square.settle() == 0
    square.open(pull=4)
    square.book.change(GUILD, {"vote_channel": "none"}, "ann")  # type: ignore[arg-type]
    assert await square.settle() == 0
    assert (square.messenger.sent, square.records.scan(TABLE)) == ([], [])


async def test_a_vote_that_is_over_is_not_announced_any_more(square: Square) -> None:
    square.open()
    square.time += timedelta(days=1)
    assert await square.settle() == 0


@pytest.mark.parametrize("dies_at", range(8))
async def test_killed_anywhere_it_goes_on_without_a_second_post(square: Square, dies_at: int) -> None:
    """The process ends right after its n-th effect, on Discord or on disk; a new one takes over later."""
    left = dies_at

    def effect() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError

    class Mortal(HandMessenger):
        async def send(self, channel: ChannelId, post: Post) -> MessageId:
            message = await super().send(channel, post)
            effect()
            return message

        async def thread(self, channel: ChannelId, message: MessageId, name: str) -> ChannelId:
            made = await super().thread(channel, message, name)
            effect()
            return made

    square.messenger = Mortal()
    put = square.records.put

    def mortal_put(table: str, key: str, row: Any) -> None:
        put(table, key, row)
        if table == TABLE:
            effect()

    square.records.put = mortal_put  # type: ignore[method-assign]
    square.open()
    try:
        await square.settle()
        square.outcome("merged")
        await square.settle()
    except KilledError:
        pass
    left = 10**6
    square.outcome("merged")
    square.time += timedelta(minutes=2)
    await square.settle()
    texts = [post.text for _, post in square.messenger.sent]
    assert len(square.messenger.threads) <= 1
    assert texts.count("") <= 1, "one announcement"
    assert texts.count("#3 was merged; its health is being watched.") <= 1, "one line"
    assert await square.settle() == 0


async def test_two_processes_post_once(square: Square) -> None:
    square.open()
    here, there = square.announcer(), square.announcer()
    square.records.add(TABLE, f"vote/3/{OLD[:12]}", {"at": NOON.isoformat(), "channel": VOTES})  # the other's claim
    assert await here.round() == 0
    assert await there.round() == 0
    assert square.messenger.sent == []
    square.time += timedelta(seconds=61)
    assert await square.settle() > 0
    assert len(square.messenger.sent) == 1, "taken over once the other had time enough"


async def test_a_channel_that_refuses_costs_only_its_own(square: Square) -> None:
    square.open()
    await square.settle()
    square.book.change(GUILD, {"vote_channel": "777"}, "ann")  # type: ignore[arg-type]
    square.messenger.shut = {"777"}
    square.open(pull=2)
    square.outcome("merged")
    with pytest.raises(Denied):
        await square.announcer().round()
    assert "was merged" in square.messenger.sent[-1][1].text


async def test_a_deleted_announcement_and_a_shut_thread_end_quietly(square: Square) -> None:
    square.open()
    await square.settle()
    edit = square.messenger.edit

    async def gone(channel: ChannelId, message: MessageId, post: Post) -> None:
        raise Denied("unknown message")

    square.messenger.edit = gone  # type: ignore[method-assign]
    square.messenger.shut = {"m0"}
    square.outcome("merged")
    await square.settle()
    place, post = square.messenger.sent[-1]
    assert (place, post.replies_to) == (VOTES, "m0"), "said under the announcement instead"
    square.messenger.edit = edit  # type: ignore[method-assign]
    assert await square.settle() == 0


async def test_while_discord_is_away_nothing_is_lost(square: Square) -> None:
    square.open()
    square.messenger.down = True
    with pytest.raises(Unavailable):
        await square.announcer().round()
    square.messenger.down = False
    square.time += timedelta(seconds=61)
    await square.settle()
    assert len(square.messenger.sent) == 1


async def test_the_tally_survives_a_restart(square: Square) -> None:
    square.open()
    await square.settle()
    square.votes.cast(3, OLD, "ann", "against", NOON, guild=GUILD)  # type: ignore[arg-type]
    square.votes = Votes(square.records, quorum=Quorum())
    await square.settle()
    assert square.card()["Votes"] == "0 for, 1 against, 0 abstained"


def test_a_nonce_is_short_and_its_own() -> None:
    assert len(nonce_of("a" * 500)) <= 25
    assert nonce_of("a") == nonce_of("a") != nonce_of("b")
