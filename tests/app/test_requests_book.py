from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.app.requests_book import ORDERS, RequestsBook
from bot.core.ids import UserId
from bot.sdk.testing import DictRecords
from tests.extensions.doubles import ListAudit
from tests.policy.builders import CHARTER, NOW, proposal

HOME = replace(CHARTER, home_guild="100")
OPEN = replace(proposal("bot/chat/x.py"), head="ab" * 20, asked_by=UserId("eve"))


@pytest.fixture
def records() -> DictRecords:
    return DictRecords()


@pytest.fixture
def audit() -> ListAudit:
    return ListAudit()


@pytest.fixture
def book(records: DictRecords, audit: ListAudit) -> RequestsBook:
    return RequestsBook(records, audit, lambda: NOW, lambda _event, _facts: None)


def order(records: DictRecords, act: str = "override", **more: Any) -> None:
    row = {
        "act": act,
        "subject": f"#{OPEN.pull}",
        "by": "Ann (ann)",
        "user": "ann",
        "guild": "100",
        "reason": "agreed by phone",
        "at": NOW.isoformat(),
        "pull": OPEN.pull,
        "head": "ab" * 6,
    }
    records.put(ORDERS, "k1", {**row, **more})


def test_an_override_becomes_a_row_that_the_engine_reads(
    records: DictRecords, audit: ListAudit, book: RequestsBook
) -> None:
    order(records)
    assert book.settle(HOME, (OPEN,)) == 1
    assert records.get("overrides", str(OPEN.pull)) == {
        "head": OPEN.head,
        "by": "Ann (ann)",
        "reason": "agreed by phone",
        "at": NOW.isoformat(),
    }
    assert audit.acts() == [("controller", "order.override", "agreed by phone")]
    [(_, told)] = records.scan("announcements")
    assert (told["act"], told["by"], told["reason"]) == ("override", "Ann (ann)", "agreed by phone")
    assert records.scan(ORDERS) == []
    assert book.settle(HOME, (OPEN,)) == 0


def test_a_rollback_as_well(records: DictRecords, book: RequestsBook) -> None:
    order(records, "rollback", version="v0.1.3", subject="v0.1.3")
    book.settle(HOME, (OPEN,))
    [(_, row)] = records.scan("rollbacks")
    assert (row["version"], row["by"], row["reason"]) == ("v0.1.3", "Ann (ann)", "agreed by phone")
    assert records.scan("overrides") == []


@pytest.mark.parametrize("more", [{"guild": "200"}, {"head": "cd" * 6}, {"user": "eve"}, {"reason": ""}])
def test_what_may_not_be_is_dropped_and_told(
    records: DictRecords, audit: ListAudit, book: RequestsBook, more: dict[str, Any]
) -> None:
    order(records, **more)
    book.settle(HOME, (OPEN,))
    assert (records.scan("overrides"), records.scan(ORDERS), audit.rows) == ([], [], [])
    [(_, told)] = records.scan("announcements")
    assert told["reason"].startswith("not done: ")


def test_what_cannot_be_put_on_record_is_not_done_and_not_lost(
    records: DictRecords, audit: ListAudit, book: RequestsBook
) -> None:
    order(records)
    audit.broken = True
    with pytest.raises(Exception, match="audit log"):
        book.settle(HOME, (OPEN,))
    assert records.scan("overrides") == []
    assert len(records.scan(ORDERS)) == 1


def test_a_stop_stays_a_day_for_those_who_announce_it(records: DictRecords, book: RequestsBook) -> None:
    order(records, "stop")
    assert book.settle(HOME, ()) == 0
    assert len(records.scan(ORDERS)) == 1
    order(records, "stop", at=(NOW - timedelta(days=2)).isoformat())
    book.settle(HOME, ())
    order(records, "stop", at="never")
    book.settle(HOME, ())
    assert records.scan(ORDERS) == []


def test_killed_before_it_was_put_away_it_is_done_to_the_same_effect(records: DictRecords, book: RequestsBook) -> None:
    order(records)
    delete, records.delete = records.delete, lambda _table, _key: None  # type: ignore[method-assign]
    book.settle(HOME, (OPEN,))
    records.delete = delete  # type: ignore[method-assign]
    book.settle(HOME, (OPEN,))
    assert len(records.scan("overrides")) == 1
    assert len(records.scan("announcements")) == 1
