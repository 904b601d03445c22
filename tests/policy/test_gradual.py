"""A person's rollback: one revert at a time, newest first, each watched, and bounded to what was named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import PullNumber, Sha
from bot.policy.gradual import Done, Hold, Merged, Order, Take, next_step
from tests.policy.builders import PROPERTY, paths

BACK = Order(version="v0.1.0")


def one(number: int, **changed: Any) -> Merged:
    return Merged(PullNumber(number), Sha(f"{number:040x}"), paths(f"one/{number}.py", "two/b.py"), **changed)


def step(order: Order, *merges: Merged, open_revert: int | None = None) -> Take | Hold | Done:
    return next_step(order, merges, open_revert=PullNumber(open_revert) if open_revert else None)


def test_the_newest_is_taken_first_and_what_the_version_holds_stays() -> None:
    assert step(BACK, one(3), one(2), one(1, kept=True)) == Take(one(3))
    assert step(BACK, one(3, revert="well"), one(2), one(1, kept=True)) == Take(one(2))
    assert step(BACK, one(3, revert="well"), one(2, revert="well"), one(1, kept=True)) == Done("done")
    assert step(BACK) == Done("done")


def test_a_step_waits_for_the_one_before_it() -> None:
    assert isinstance(step(BACK, one(3), one(2), open_revert=9), Hold)
    watched = step(BACK, one(3, revert="watched"), one(2))
    assert isinstance(watched, Hold)
    assert "#3" in watched.because
    assert isinstance(step(Order(), one(3), open_revert=9), Hold)


def test_bad_health_on_the_way_goes_on_since_the_version_lies_further_back() -> None:
    assert step(BACK, one(3, revert="bad"), one(2)) == Take(one(2))


def test_what_people_took_back_elsewhere_is_passed_over() -> None:
    assert step(BACK, one(3, gone=True), one(2)) == Take(one(2))


def test_without_a_version_it_is_the_newest_alone() -> None:
    assert step(Order(), one(3), one(2)) == Take(one(3))
    assert step(Order(), one(3, revert="well"), one(2)) == Take(one(2))
    assert step(Order(merged=one(3).commit), one(3, revert="open"), one(2)) == Done("done")
    assert step(Order(pull=2), one(3), one(2)) == Take(one(2))
    missing = step(Order(pull=7), one(3))
    assert isinstance(missing, Done)
    assert "#7" in missing.because


def test_a_part_is_bounded_to_the_named_paths_that_it_touched() -> None:
    assert step(Order(pull=3, only=paths("one")), one(3)) == Take(one(3), paths("one/3.py"))
    assert step(Order(pull=3, only=paths("two/b.py", "else")), one(3)) == Take(one(3), paths("two/b.py"))
    assert step(Order(pull=3, only=paths("one", "two")), one(3)) == Take(one(3)), "all of it is no part"
    strange = step(Order(pull=3, only=paths("on", "three")), one(3))
    assert isinstance(strange, Done)
    assert "did not touch on, three" in strange.because


@pytest.mark.parametrize("part", ["open", "watched", "bad", "well"])
def test_a_part_is_taken_once(part: Any) -> None:
    assert step(Order(pull=3, only=paths("one")), one(3, part=part)) == Done("done")


MERGE = st.builds(
    lambda number, kept, revert, gone: one(number, kept=kept, revert=revert, gone=gone),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from(["none", "none", "open", "watched", "bad", "well"]),
    st.booleans(),
)


@PROPERTY
@given(st.lists(MERGE, max_size=6, unique_by=lambda m: m.pull), st.booleans())
def test_nothing_kept_or_taken_back_is_taken_and_it_ends(merges: list[Merged], named: bool) -> None:
    order = BACK if named else Order()
    for _ in range(len(merges) + 1):
        found = next_step(order, merges, open_revert=None)
        if not isinstance(found, Take):
            break
        assert found.merged.revert == "none"
        assert not found.merged.gone
        assert not (named and found.merged.kept)
        assert not (named and any(m.revert == "watched" for m in merges))
        merges = [one(m.pull, kept=m.kept, revert="well", gone=m.gone) if m == found.merged else m for m in merges]
    else:
        raise AssertionError("it never ends")
