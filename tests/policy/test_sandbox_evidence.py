"""What was denied is counted by kind, and nothing of the run itself is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sandbox import Finished
from bot.policy.sandbox_evidence import BOUNDS, count_of, denied, observed, said, summed

RUN = Finished(0, b"out", b"err", 1.5, cpu_seconds=0.5, max_rss_mb=9.0)
COUNTS = st.dictionaries(st.sampled_from(["network", *sorted(BOUNDS)]), st.integers(0, 50))


def test_a_run_keeps_all_that_it_was() -> None:
    seen = observed(RUN, {"network": 2, "file": 0})
    assert (seen.code, seen.out, seen.err, seen.seconds, seen.cpu_seconds, seen.ok) == (
        0,
        b"out",
        b"err",
        1.5,
        0.5,
        True,
    )
    assert denied(seen) == {"network": 2}
    assert denied(RUN) == {}


@pytest.mark.parametrize(
    ("limit", "count"), [(one, 1) for one in sorted(BOUNDS)] + [("seconds", 0), ("cpu", 0), ("", 0)]
)
def test_a_limit_is_an_attempt_where_something_was_asked_for(limit: str, count: int) -> None:
    ended = Finished(None, b"", b"", 1.0, limit=limit)
    assert sum(denied(ended).values()) == count
    assert denied(observed(ended, {"network": 3})) == {"network": 3, **({limit: 1} if count else {})}


@given(st.lists(COUNTS))
def test_runs_add_up(rows: list[dict[str, int]]) -> None:
    total = summed(rows)
    assert sum(total.values()) == sum(sum(row.values()) for row in rows)
    assert count_of({kind: str(count) for kind, count in total.items()}) == sum(total.values())


def test_people_read_what_and_how_often() -> None:
    assert said({}) == ""
    assert said({"network": 2, "memory": 1}) == (
        "the sandbox denied: reached for the network 2 times, asked for more memory once"
    )


def test_what_may_have_been_for_loopback_is_told_and_raises_no_alarm() -> None:
    assert said({"sockets": 3}, {"sockets": {"socket(AF_INET)": 3}}) == (
        "the sandbox denied: asked for internet sockets 3 times (socket(AF_INET) 3)"
    )
    assert count_of({"sockets": "3"}) == 0
    assert count_of({"sockets": "3", "network": "2", "writes": "1"}) == 3


@pytest.mark.parametrize("fact", [None, "3", ["3"], {"network": "many"}, {"network": "-1"}, {}])
def test_another_fact_counts_nothing(fact: object) -> None:
    assert count_of(fact) == 0
