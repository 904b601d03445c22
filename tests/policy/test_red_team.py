"""When merges without people stop: exact bounds, and no measurement is no permission."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.policy.judge.exact import binomial_tail
from bot.policy.red_team import Floor, Tally, judge, lower_bound, may_merge_alone, tally

FLOOR = Floor()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WELL = (Tally("bad", 164, 164), Tally("mutant", 158, 158), Tally("shallow", 164, 164), Tally("structural", 161, 162))


def row(ident: str, group: str, *, accepted: bool, status: str = "FAIL") -> dict[str, Any]:
    return {"id": ident, "group": group, "accepted": accepted, "status": "PASS" if accepted else status}


@pytest.mark.parametrize(
    ("right", "total", "bound"),
    [(59, 59, 0.9505), (58, 58, 0.9497), (164, 164, 0.9819), (163, 164, 0.9714), (160, 164, 0.9451), (1, 2, 0.0253)],
)
def test_the_bound_is_the_one_of_clopper_and_pearson(right: int, total: int, bound: float) -> None:
    assert lower_bound(right, total, 0.95) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 300), st.data())
def test_at_the_bound_what_was_seen_is_just_unlikely(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(1, total))
    bound = lower_bound(right, total, 0.95)
    assert 0.0 < bound <= right / total
    assert binomial_tail(right, total, bound) == pytest.approx(0.05, abs=1e-6)


@given(st.integers(0, 200), st.integers(0, 200))
def test_more_that_slips_through_never_raises_the_bound(total: int, right: int) -> None:
    right = min(right, total)
    assert lower_bound(right, total, 0.95) <= lower_bound(min(right + 1, total), total, 0.95) + 1e-12
    assert lower_bound(0, total, 0.95) == 0.0


def test_the_gate_as_it_was_measured_may_go_on() -> None:
    assert judge(WELL, FLOOR).passed


def test_a_gate_that_lets_through_may_not() -> None:
    verdict = judge((Tally("bad", 158, 164), *WELL[1:]), FLOOR)
    assert verdict.status is Status.FAIL
    assert "158 of 164 caught" in verdict.because


@pytest.mark.parametrize("missing", range(2))
def test_a_group_that_was_not_tried_is_no_pass(missing: int) -> None:
    assert judge([one for one in WELL if one is not WELL[missing]], FLOOR).status is Status.INCONCLUSIVE


def test_too_few_cases_show_nothing() -> None:
    assert judge((Tally("bad", 20, 20), *WELL[1:]), FLOOR).status is Status.INCONCLUSIVE
    assert judge((), FLOOR).status is Status.INCONCLUSIVE


def test_a_gate_that_refuses_everything_has_shown_nothing() -> None:
    verdict = judge((*WELL[:2], Tally("shallow", 20, 164), Tally("structural", 10, 162)), FLOOR)
    assert verdict.status is Status.INCONCLUSIVE
    assert judge(WELL[:2], FLOOR).status is Status.INCONCLUSIVE


@given(st.lists(st.builds(Tally, st.sampled_from(["bad", "mutant", "good"]), st.integers(0, 200), st.just(200))))
def test_it_passes_only_where_both_bounds_hold(found: list[Tally]) -> None:
    verdict = judge(found, FLOOR)
    if verdict.passed:
        assert {one.group for one in found} >= {"bad", "mutant"}
        assert all(lower_bound(one.right, one.total, 0.95) >= 0.95 for one in found if one.group != "good")


def test_rows_are_counted_by_what_had_to_happen() -> None:
    rows = [
        row("1", "bad", accepted=False),
        row("2", "bad", accepted=True),
        row("3", "bad", accepted=False, status="PENDING"),
        row("4", "bad", accepted=False, status="ERROR"),
        row("5", "bad", accepted=False, status="INCONCLUSIVE"),
        row("6", "shallow", accepted=True),
        row("7", "shallow", accepted=False),
    ]
    assert tally(rows) == (Tally("bad", 2, 5), Tally("shallow", 1, 2))


@pytest.mark.parametrize(
    "bad",
    [{}, {"id": "1"}, {"id": 1, "group": "bad", "accepted": False}, {"id": "1", "group": "bad", "accepted": "no"}],
)
def test_a_row_of_another_form_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        tally([bad])


def test_a_case_counts_once() -> None:
    with pytest.raises(Misconfigured, match="twice"):
        tally([row("1", "bad", accepted=False), row("1", "bad", accepted=False)])


def test_a_fresh_pass_lets_merges_go_on() -> None:
    assert may_merge_alone(judge(WELL, FLOOR), NOW - timedelta(days=1), FLOOR, NOW).passed


def test_a_fresh_failure_does_not() -> None:
    failed = judge((Tally("bad", 100, 164), *WELL[1:]), FLOOR)
    assert may_merge_alone(failed, NOW, FLOOR, NOW).status is Status.FAIL


@pytest.mark.parametrize("at", [NOW - timedelta(days=3, seconds=1), NOW + timedelta(seconds=1), None])
def test_an_old_a_future_and_no_measurement_do_not(at: datetime | None) -> None:
    assert may_merge_alone(judge(WELL, FLOOR), at, FLOOR, NOW).status is Status.INCONCLUSIVE
    assert not may_merge_alone(None, at, FLOOR, NOW).passed


@given(st.sampled_from(Status), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_permission_needs_a_pass_that_is_fresh(status: Status, at: datetime | None) -> None:
    allowed = may_merge_alone(Verdict("red-team", status, "x"), at, FLOOR, NOW).passed
    assert allowed is (status is Status.PASS and at is not None and timedelta() <= NOW - at <= FLOOR.max_age)
