"""What the watcher remembers: whole after a restart, of its own application only, and no readings that nobody needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.health import Reading
from bot.core.ids import Sha
from bot.improve.watcher.book import KEPT, Book, Watch
from bot.policy.watching import Score, Tally, Would
from bot.sdk.testing import DictRecords

T0 = datetime(2026, 6, 1, 12, tzinfo=UTC)
ONE, TWO = Sha("1" * 40), Sha("2" * 40)
WATCH = Watch(ONE, TWO, T0, "revert", "errors rose", T0.isoformat(), ONE, 7, 8, score="right")


def test_a_watch_is_read_as_it_was_written() -> None:
    records = DictRecords()
    Book(records, "shop").put(WATCH)
    Book(records, "shop").put(WATCH)
    assert Book(records, "shop").all() == (WATCH,)
    assert Book(records, "shop").get(ONE) == WATCH
    assert Book(records, "shop").get(TWO) is None
    assert Book(records, "sho").all() == ()
    assert WATCH.outcome == (Would.REVERT, Score.RIGHT)


def test_what_is_not_concluded_counts_nothing() -> None:
    book = Book(DictRecords(), "shop")
    book.put(replace(WATCH, revision=TWO, would="", judged="", score=""))
    assert book.tally() == Tally()
    book.put(WATCH)
    assert book.tally() == Tally(alarms_right=1)


def test_what_ran_last_is_known_after_a_restart() -> None:
    records = DictRecords()
    assert Book(records, "shop").running() is None
    Book(records, "shop").runs(ONE)
    assert Book(records, "shop").running() == ONE


def test_readings_are_kept_as_long_as_a_comparison_needs_them() -> None:
    book = Book(DictRecords(), "shop")
    old = [Reading("errors", ONE, T0 + timedelta(seconds=n), None if n else 1.0, 10.0) for n in range(3)]
    book.save(old, T0)
    assert book.readings() == tuple(old)
    new = Reading("errors", TWO, T0 + KEPT + timedelta(seconds=1), 0.0, 10.0)
    book.save([new], T0 + KEPT + timedelta(seconds=1))
    assert [reading.at for reading in book.readings()] == [old[1].at, old[2].at, new.at]
