"""Experiments end for a reason: bounds of false alarms hold over every look, and a real effect is found."""

import math
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.flags import Experiment, Flag
from bot.policy.experiments import GUARDS, RATIO, STOPPING, Count, judge
from tests.policy.builders import DAY, NOW, PROPERTY

PLAN = Experiment("unanswered", ("trouble", "slow"), 50, 28, 5, 1, 0.05)
FLAG = Flag("near_hint", "experimental", "w", "o", off=False, on=True, share=50.0, experiment=PLAN, mark="m")


def figures(
    off: tuple[int, int], on: tuple[int, int], *, members: tuple[int, int] = (0, 0), **guards: Any
) -> dict[Count, float]:
    """(bad, of) by side; `trouble_on=(bad, of)` and such."""
    found: dict[Count, float] = {("off", "members", "joined"): members[0], ("on", "members", "joined"): members[1]}
    rows: dict[Any, tuple[int, int]] = {("off", "unanswered"): off, ("on", "unanswered"): on}
    rows |= {(key.rpartition("_")[2], key.rpartition("_")[0]): pair for key, pair in guards.items()}
    for (side, metric), (bad, of) in rows.items():
        found |= {(side, metric, "bad"): bad, (side, metric, "good"): of - bad}
    return found


CASES: list[tuple[dict[Count, float], int, str, str]] = [
    (figures((60, 100), (20, 100)), 1, "won", "unanswered: off 60 of 100 members, on 20 of 100 members"),
    (figures((20, 100), (60, 100)), 1, "lost", "unanswered: off 20 of 100"),
    (figures((30, 40), (2, 40)), 1, "running", "until 2026-06-29"),
    (figures((20, 100), (21, 100)), 27, "running", "until"),
    (figures((20, 100), (21, 100)), 28, "draw", "28 days are over"),
    (figures((0, 0), (0, 0)), 28, "draw", "28 days"),
    (figures((0, 0), (0, 0)), 0, "running", "until"),
    (figures((60, 100), (20, 100), trouble_off=(0, 100), trouble_on=(30, 100)), 1, "harmful", "guard trouble is worse"),
    (figures((60, 100), (20, 100), trouble_off=(30, 100), trouble_on=(0, 100)), 1, "won", "unanswered"),
    (figures((60, 100), (20, 100), trouble_on=(30, 100)), 1, "won", "unanswered"),
    (figures((60, 100), (20, 100), members=(200, 100)), 1, "skewed", "33.3% of 300 members are on it where 50%"),
    (figures((60, 100), (20, 100), members=(100, 104)), 1, "won", "unanswered"),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "days", "state", "because"), CASES)
def test_an_experiment_ends_for_one_reason(counts: dict[Count, float], days: int, state: str, because: str) -> None:
    found = judge(FLAG, counts, NOW, NOW + days * DAY)
    assert found.state == state
    assert because in found.because
    assert (found.state in STOPPING) is (state in {"lost", "harmful", "skewed"})


def test_a_guard_needs_no_minimum_and_the_metric_does() -> None:
    few = figures((2, 12), (2, 12), trouble_off=(0, 12), trouble_on=(12, 12))
    assert judge(FLAG, few, NOW, NOW).state == "harmful"


def test_the_figures_of_both_sides_come_along() -> None:
    found = judge(FLAG, figures((60, 100), (20, 100), members=(110, 108)), NOW, NOW + DAY).figures
    assert found["members_off"] == 110
    assert found["unanswered_on"] == "20 of 100"
    assert found["slow_off"] == "0 of 0"


def test_without_an_experiment_there_is_nothing_to_judge() -> None:
    assert judge(replace(FLAG, experiment=None), {}, NOW, NOW).state == "draw"


SIDE = st.tuples(st.integers(0, 400), st.integers(0, 400))


@settings(PROPERTY, max_examples=50)
@given(off=SIDE, on=SIDE, trouble=SIDE, members=SIDE, share=st.floats(10, 90))
def test_judging_is_total_and_a_mirror_turns_the_verdict(
    off: tuple[int, int], on: tuple[int, int], trouble: tuple[int, int], members: tuple[int, int], share: float
) -> None:
    one, other = (off[0], sum(off)), (on[0], sum(on))
    assert judge(
        replace(FLAG, share=share),
        figures(one, other, members=members, trouble_on=(trouble[0], sum(trouble))),
        NOW,
        NOW,
    ).because
    here, there = judge(FLAG, figures(one, other), NOW, NOW).state, judge(FLAG, figures(other, one), NOW, NOW).state
    assert {here, there} in ({"won", "lost"}, {"running"})


def course(random: Random, rates: tuple[float, float], members: int, *, lost: float = 0.0) -> str:
    """One experiment, looked at after every tenth member; `lost`: share of members of `on` that never count."""
    counts: dict[Count, float] = figures((0, 0), (0, 0), trouble_off=(0, 0), trouble_on=(0, 0))
    for number in range(members):
        side = "on" if random.random() < 0.5 else "off"
        if side == "on" and random.random() < lost:
            continue
        counts[side, "members", "joined"] += 1  # type: ignore[index]  # a side is one of two
        for metric, rate in (("unanswered", rates[side == "on"]), ("trouble", 0.1)):
            counts[side, metric, "bad" if random.random() < rate else "good"] += 1  # type: ignore[index]
        if number % 10 == 9 and (state := judge(FLAG, counts, NOW, NOW).state) != "running":
            return state
    return "running"


@pytest.mark.integration
def test_sides_that_do_not_differ_are_told_apart_no_oftener_than_was_said() -> None:
    """A/A: 500 experiments of 600 members, 60 looks each. The bound of all ends together is 0.05 + 0.05 + 0.001."""
    random, runs = Random(7), 500
    ends = [course(random, (0.3, 0.3), 600) for _ in range(runs)]
    bound = PLAN.alpha + GUARDS + RATIO
    assert runs - ends.count("running") <= runs * bound, "over all looks, and not at each"
    wrong = ends.count("won") + ends.count("lost")
    slack = 2 * math.sqrt(PLAN.alpha * runs)
    assert wrong <= PLAN.alpha * runs + slack


@pytest.mark.integration
def test_a_known_effect_is_found_and_members_that_get_lost_are_noticed() -> None:
    random, runs = Random(11), 100
    assert [course(random, (0.4, 0.2), 1000) for _ in range(runs)].count("won") >= 0.9 * runs
    assert [course(random, (0.3, 0.3), 1000, lost=0.4) for _ in range(runs)].count("skewed") >= 0.9 * runs
