"""THREATS 13: a vote cannot be captured, and a vote cannot change voting.

New accounts, bots, a role given in the middle of a vote, the requester's own vote, a burst at the last minute,
another guild, an old head, forged buttons: each is tried over the tool that members reach, and counted as the
controller counts.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

import pytest

import bot.extensions
from bot.app.poll_book import PollBook
from bot.chat.guild_book import RecordsGuildBook
from bot.core.case import Case, Surroundings
from bot.core.charter import Charter
from bot.core.ids import ChannelId, GuildId, PullNumber, Sha, UserId
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.core.votes import Quorum
from bot.improve.look import logins_of, said_elsewhere
from bot.policy.buttons import asked
from bot.policy.charter import PATH, parse
from bot.policy.consent import consent
from bot.policy.polls import Count, count
from bot.policy.tier import tier_of
from bot.sdk import Called, Caller, Doors, Home, House, Registry, discover
from bot.sdk.testing import DictRecords
from bot.votes.service import Votes
from tests.extensions.doubles import HandGuilds, ListAudit
from tests.policy.builders import CHARTER, proposal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=400)
HOME, OTHER = GuildId("100"), GuildId("200")
HEAD, NEXT = Sha("a" * 40), Sha("b" * 40)
QUORUM = Quorum(minimum=3, majority=0.6, open_for=timedelta(hours=48), late_swing=timedelta(hours=2))
CLOSE = NOON + QUORUM.open_for
LAW: Charter = replace(CHARTER, home_guild=HOME, quorum=QUORUM)
SMALL = replace(
    proposal("bot/chat/x.py"), pull=PullNumber(3), head=HEAD, asked_by=UserId("asker"), author="megawatts[bot]"
)
OLD_MEMBERS = tuple(f"old{n}" for n in range(6))


class Square:
    """The home guild: members, the tool that they reach, and the controller's count."""

    def __init__(self) -> None:
        self.records, self.time = DictRecords(), NOON
        self.audit, self.guilds = ListAudit(), HandGuilds()
        self.book = RecordsGuildBook(self.records, self.audit, lambda: 0.0, refresh=0.0)
        self.votes = Votes(self.records, quorum=QUORUM)
        for user in (*OLD_MEMBERS, "asker"):
            self.meet(user)

    def meet(self, user: str, guild: str = HOME, **more: Any) -> None:
        known = {"account_created": LONG_AGO, "joined": LONG_AGO, "roles": [], **more}
        self.votes.meet(UserId(user), user, self.time, guild=GuildId(guild), **known)

    def open(self, head: Sha = HEAD) -> None:
        """As the controller does."""
        book = PollBook(Votes(self.records), self.records)
        what = replace(SMALL, head=head)
        book.open(what, QUORUM, self.time, summary="words", excluded=[UserId("asker")], guild=LAW.home_guild)

    async def press(self, user: str, button: str, guild: str = HOME) -> Called | None:
        """A button as it comes from outside."""
        found = asked(button)
        if found is None:
            return None
        doors = Doors(guilds=self.guilds, book=self.book, audit=self.audit, home=Home(HOME))  # type: ignore[arg-type]
        house = House(self.records, lambda: self.time, Random(1), dict, self.votes, doors)
        caller = Caller(UserId(user), ChannelId("votes"), user, guild=GuildId(guild))
        return await Registry(discover(bot.extensions), house).call(found[0], found[1], caller)

    async def vote(self, user: str, choice: str = "for", guild: str = HOME, head: str = HEAD) -> bool:
        called = await self.press(user, f"vote/3/{head[:12]}/{choice}", guild)
        return called is not None and called.result.ok

    def count(self, now: datetime = CLOSE + timedelta(days=1), **more: Any) -> tuple[Status, str]:
        """The controller's own verdict on tier 2, from the records alone."""
        case = Case(
            proposal=replace(SMALL, **more),
            around=Surroundings(main=Sha("c" * 40)),
            poll=PollBook(Votes(self.records)).read(PullNumber(3)),
            approvals=said_elsewhere(self.records, SMALL),
            asker_logins=logins_of(self.records, SMALL),
        )
        verdict = consent(case, LAW, Tier.VALIDATED, now)
        return verdict.status, verdict.because


@pytest.fixture
def square() -> Square:
    return Square()


async def test_an_honest_vote_carries(square: Square) -> None:
    """What the attacks below are compared with."""
    square.open()
    assert [await square.vote(user) for user in OLD_MEMBERS[:3]] == [True] * 3
    assert square.count()[0] is Status.PASS


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {"account_created": NOON - timedelta(days=29)},
        {"joined": NOON - timedelta(days=6)},
        {"account_created": None, "joined": None},
        {"is_bot": True},
    ],
    ids=["young account", "young member", "of unknown age", "bot"],
)
@pytest.mark.parametrize("before", [True, False], ids=["there at the opening", "comes later"])
async def test_a_hundred_who_may_not_vote_change_nothing(square: Square, more: dict[str, Any], before: bool) -> None:
    crowd = [f"sock{n}" for n in range(100)]
    for user in crowd if before else ():
        square.meet(user, **more)
    square.open()
    for user in () if before else crowd:
        square.meet(user, **more)
    assert not any([await square.vote(user) for user in crowd])
    assert square.count()[0] is Status.PENDING, "nobody has agreed"
    assert PollBook(Votes(square.records)).read(PullNumber(3)).ballots == ()  # type: ignore[union-attr]


async def test_even_a_ballot_that_got_into_the_store_is_not_counted(square: Square) -> None:
    square.meet("sock", account_created=NOON - timedelta(days=1))
    square.open()
    for user in ("sock", "stranger", "asker"):
        row = {"voter": user, "choice": "for", "at": NOON.isoformat()}
        square.records.put("ballots", f"3/{HEAD}/{user}", row)
    assert square.count()[0] is Status.PENDING


async def test_a_role_given_in_the_middle_of_the_vote_gives_no_vote(square: Square) -> None:
    square.book.change(HOME, {"vote_roles": "555"}, UserId("root"))
    square.meet("old0", roles=["555"])
    square.open()
    for user in OLD_MEMBERS[1:]:
        square.meet(user, roles=["555"])
    square.meet("late", roles=["555"])
    assert await square.vote("old0")
    assert not any([await square.vote(user) for user in (*OLD_MEMBERS[1:], "late")])


async def test_an_admin_who_opens_the_vote_to_another_role_meanwhile_changes_nothing(square: Square) -> None:
    square.book.change(HOME, {"vote_roles": "555"}, UserId("root"))
    square.open()
    square.book.change(HOME, {"vote_roles": "none"}, UserId("root"))
    assert not any([await square.vote(user) for user in OLD_MEMBERS])


async def test_the_requester_does_not_vote_on_their_own_wish(square: Square) -> None:
    square.open()
    assert not await square.vote("asker")
    assert square.count()[0] is Status.PENDING


async def test_nor_under_the_login_that_wrote_it(square: Square) -> None:
    square.records.put("links", "old0", {"login": "Somebody"})
    book = PollBook(Votes(square.records), square.records)
    what = replace(SMALL, author="somebody")
    book.open(what, QUORUM, NOON, summary="words", excluded=[], guild=HOME)
    assert not await square.vote("old0")
    assert await square.vote("old1")


async def test_nor_review_it_as_a_maintainer(square: Square) -> None:
    """T-6, by the link that maintainers set: the same person is two names, and neither consents."""
    from bot.core.votes import Approval

    square.open()
    square.records.put("links", "asker", {"login": "Maintainer"})
    law = replace(LAW, maintainers=("maintainer",))
    case = Case(
        proposal=SMALL,
        around=Surroundings(main=Sha("c" * 40)),
        approvals=(Approval("maintainer", HEAD, NOON),),
        asker_logins=logins_of(square.records, SMALL),
    )
    assert consent(case, law, Tier.VALIDATED, NOON).status is Status.PENDING
    assert consent(replace(case, asker_logins=frozenset()), law, Tier.VALIDATED, NOON).status is Status.PASS


async def test_one_member_is_one_voice_however_often_they_press(square: Square) -> None:
    square.open()
    for number in range(50):
        await square.vote("old0", ("for", "against", "for")[number % 3])
    poll = PollBook(Votes(square.records)).read(PullNumber(3))
    assert poll is not None
    assert count(poll.ballots) == Count(1, 0, 0) or count(poll.ballots) == Count(0, 1, 0)
    assert len(square.records.scan("ballots")) == 1
    assert square.count()[0] is Status.PENDING


async def test_a_burst_at_the_last_minute_keeps_the_vote_open_for_an_answer(square: Square) -> None:
    square.open()
    for user in OLD_MEMBERS[:2]:
        await square.vote(user, "against")
    square.time = CLOSE - timedelta(minutes=1)
    for user in OLD_MEMBERS[2:5]:
        await square.vote(user)
    assert square.count(CLOSE)[0] is Status.PENDING, "it did not just carry"
    square.time = CLOSE + timedelta(hours=1)
    assert await square.vote("old5", "against"), "those who slept have their say"
    assert square.count()[0] is Status.FAIL


@pytest.mark.slow
async def test_the_vote_ends_all_the_same(square: Square) -> None:
    """Turning the outcome again and again moves the end at most twice."""
    square.open()
    for user in OLD_MEMBERS[:2]:
        await square.vote(user)
    for step in range(200):
        square.time = CLOSE - timedelta(minutes=30) + timedelta(minutes=10 * step)
        await square.vote("old2", "for" if step % 2 else "against")
    poll = PollBook(Votes(square.records)).read(PullNumber(3))
    assert poll is not None
    assert max(one.at for one in poll.ballots) < CLOSE + timedelta(hours=4)
    assert "open until" not in square.count(CLOSE + timedelta(hours=4))[1]


@pytest.mark.parametrize("guild", [OTHER, "", "10", "100 "])
async def test_another_guild_does_not_vote_here(square: Square, guild: str) -> None:
    for user in OLD_MEMBERS:
        square.meet(user, guild=OTHER)
    square.open()
    assert not any([await square.vote(user, guild=guild) for user in OLD_MEMBERS])
    assert square.count()[0] is Status.PENDING


async def test_a_poll_that_another_guild_held_is_not_counted_at_home(square: Square) -> None:
    book = PollBook(Votes(square.records), square.records)
    for user in OLD_MEMBERS:
        square.meet(user, guild=OTHER)
    book.open(SMALL, QUORUM, NOON, summary="words", excluded=[], guild=OTHER)
    assert all([await square.vote(user, guild=OTHER) for user in OLD_MEMBERS])
    status, because = square.count()
    assert status is Status.PENDING
    assert "only the home guild's counts" in because


async def test_votes_given_on_an_old_head_are_void(square: Square) -> None:
    square.open()
    for user in OLD_MEMBERS:
        await square.vote(user)
    book = PollBook(Votes(square.records), square.records)
    book.void(PullNumber(3), NEXT)
    assert square.count(head=NEXT)[0] is Status.PENDING
    assert not await square.vote("old0")
    square.open(NEXT)
    assert not await square.vote("old0"), "a button of the old announcement"
    assert square.count(head=NEXT)[0] is Status.PENDING
    assert await square.vote("old0", head=NEXT)


@pytest.mark.parametrize(
    "button",
    [
        f"vote/4/{HEAD[:12]}/for", f"vote/3/{NEXT[:12]}/for", "vote/3//for", f"vote/3/{HEAD}/for",
        f"vote/3/{HEAD[:12]}/for/old1", f"vote/3/{HEAD[:12]}/FOR", f"vote/../{HEAD[:12]}/for", "vote/3/*/for",
        f"vote/３/{HEAD[:12]}/for", f"vote/3/{HEAD[:12]}/for\u200b", f"vote/03/{HEAD[:12]}/carry",
    ],
)  # fmt: skip
async def test_a_forged_button_casts_nothing(square: Square, button: str) -> None:
    square.open()
    called = await square.press("old0", button)
    assert called is None or not called.result.ok
    assert square.records.scan("ballots") == []


async def test_a_member_cannot_reject_in_a_maintainers_name(square: Square) -> None:
    square.open()
    called = await square.press("old0", f"vote/3/{HEAD[:12]}/reject")
    assert called is not None
    assert not called.result.ok
    assert square.records.scan("refusals") == []


async def test_and_a_forged_rejection_under_no_maintainers_login_counts_for_nothing(square: Square) -> None:
    square.open()
    for user in OLD_MEMBERS[:3]:
        await square.vote(user)
    row = {"login": "stranger", "head": HEAD, "reason": "no", "at": NOON.isoformat()}
    square.records.put("refusals", f"3/{HEAD[:12]}/stranger", row)
    assert square.count()[0] is Status.PASS


async def test_a_maintainers_no_counts_and_is_kept_with_its_reason(square: Square) -> None:
    square.open()
    for user in OLD_MEMBERS[:3]:
        await square.vote(user)
    row = {"login": LAW.maintainers[0].casefold(), "head": HEAD, "reason": "it breaks bots", "at": NOON.isoformat()}
    square.records.put("refusals", f"3/{HEAD[:12]}/x", row)
    status, because = square.count()
    assert status is Status.FAIL
    assert "it breaks bots" in because


def test_voting_itself_is_not_changed_by_a_vote() -> None:
    """What counts votes, says who may vote, or shows the question is sealed or needs owners: no vote opens it."""
    root = Path(__file__).parents[2]
    law = parse((root / PATH).read_text(encoding="utf-8"), PATH)
    counted = ("bot/votes/service.py", "bot/votes/announce.py", "bot/policy/polls.py", "bot/policy/consent.py",
               "bot/policy/announcements.py", "bot/core/votes.py", ".github/charter.toml",
               "tests/attacks/test_row_13_votes.py")  # fmt: skip
    for path in counted:
        assert (root / path).exists()
        ruling = tier_of([PurePosixPath(path)], SMALL.kind, SMALL.origin, (), law)
        assert ruling.tier is Tier.SEALED, path
    for path in ("bot/app/poll_book.py", "bot/app/requests_book.py", "bot/sdk/host.py"):
        ruling = tier_of([PurePosixPath(path)], SMALL.kind, SMALL.origin, (), law)
        assert ruling.tier is Tier.CRITICAL, path


@pytest.mark.parametrize("make", [lambda s: s.vote("old0", "for"), lambda s: s.vote("old0", "against")])
async def test_a_vote_writes_a_ballot_and_nothing_else(square: Square, make: Callable[[Square], Any]) -> None:
    square.open()
    before = {name: list(square.records.scan(name)) for name in square.records._tables}
    await make(square)
    changed = {name for name in square.records._tables if list(square.records.scan(name)) != before.get(name, [])}
    assert changed == {"ballots"}
