from dataclasses import replace
from datetime import timedelta

from bot.app.poll_book import PollBook
from bot.chat.guild_book import RecordsGuildBook
from bot.core.ids import GuildId, PullNumber, UserId
from bot.core.verdict import Status, Verdict
from bot.core.votes import Quorum
from bot.sdk.testing import DictRecords
from bot.votes.service import POLLS, Votes
from tests.extensions.doubles import ListAudit
from tests.policy.builders import NOW, proposal

HOME = GuildId("100")
WHAT = replace(proposal("bot/chat/x.py"), pull=PullNumber(3), head="a" * 40, author="Somebody")
QUORUM = Quorum(open_for=timedelta(hours=5))


def opened(records: DictRecords, guild: str = HOME, gate: Verdict | None = None) -> PollBook:
    book = PollBook(Votes(records), records, lambda pull: f"https://forge.example/{pull}")
    book.open(WHAT, QUORUM, NOW, summary="words", excluded=[UserId("asker")], guild=guild, gate=gate)
    return book


def test_it_opens_for_as_long_as_the_charter_says_in_its_guild() -> None:
    poll = opened(DictRecords()).read(WHAT.pull)
    assert poll is not None
    assert (poll.guild, poll.opened, poll.closes) == (HOME, NOW, NOW + timedelta(hours=5))
    assert poll.excluded == {"asker"}


def test_members_are_shown_the_gates_evidence_and_where_to_read_more() -> None:
    records = DictRecords()
    gate = Verdict("gate", Status.PENDING, "", (Verdict("behaviour", Status.PENDING, "differs"),))
    opened(records, gate=gate)
    about = Votes(records).subject(WHAT.pull)
    assert about is not None
    assert about.link == "https://forge.example/3"
    assert about.badges == (("behaviour", "pending"),)
    assert about.risk == "a person should look at behaviour"


def test_whoever_wrote_it_is_excluded_under_every_linked_name() -> None:
    records = DictRecords()
    for user, login in (("ann", "somebody"), ("ann2", "SOMEBODY"), ("bob", "else")):
        records.put("links", user, {"login": login})
    poll = opened(records).read(WHAT.pull)
    assert poll is not None
    assert poll.excluded == {"asker", "ann", "ann2"}


def test_the_guilds_roles_are_those_of_the_opening() -> None:
    records = DictRecords()
    book = RecordsGuildBook(records, ListAudit(), lambda: 0.0)
    book.change(HOME, {"vote_roles": "555"}, UserId("root"))
    opened(records)
    book.change(HOME, {"vote_roles": "777"}, UserId("root"))
    row = records.get(POLLS, "3")
    assert row is not None
    assert row["only_roles"] == ["555"]


def test_without_records_and_without_a_guild_it_is_as_it_always_was() -> None:
    records = DictRecords()
    PollBook(Votes(records)).open(WHAT, QUORUM, NOW, summary="words", excluded=[])
    poll = PollBook(Votes(records)).read(WHAT.pull)
    assert poll is not None
    assert (poll.guild, poll.excluded) == ("", frozenset())


def test_a_push_voids_it() -> None:
    book = opened(DictRecords())
    assert not book.void(WHAT.pull, WHAT.head)
    assert book.void(WHAT.pull, "b" * 40)  # type: ignore[arg-type]
    assert book.read(WHAT.pull) is None
