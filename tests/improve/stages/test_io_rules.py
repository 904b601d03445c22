"""V-11: what more input and output means."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status, Verdict
from bot.improve.stages._paired import io_reasons
from bot.improve.stages._tests_io import with_io
from bot.improve.stages.performance import judge
from bot.improve.testing.results import Result, Run
from tests.improve.stages.test_performance_rules import row

HELD = Verdict("impacted tests", Status.PASS, "they cost what they did", facts={"cpu": 1.0})


def same(base: float, head: float, turns: int = 8) -> list[list[float]]:
    return [[base, head]] * turns


@pytest.mark.parametrize(
    ("moved", "operations", "word"),
    [
        (same(100_000, 112_000), same(10, 10), "1.12 times the bytes"),
        (same(100, 100), same(100, 120), "1.20 times the calls"),
        (same(0, 9_000), same(0, 0), "9000 bytes of input and output; was none"),
    ],
)
def test_more_input_and_output_fails_with_the_figure(
    moved: list[list[float]], operations: list[list[float]], word: str
) -> None:
    verdict = judge("m.f", row(natural=row()["natural"] | {"moved": moved, "operations": operations}))
    assert verdict.status is Status.FAIL
    assert word in verdict.because


@pytest.mark.parametrize(
    ("moved", "operations"),
    [
        (same(100_000, 109_000), same(100, 108)),
        (same(1_000, 4_000), same(2, 4)),
        (same(100_000, 10), same(100, 1)),
        (same(0, 0), same(0, 0)),
        ([[100_000, 100_000], [100_000, 900_000], *same(100_000, 100_000)], same(0, 0)),
    ],
)
def test_style_less_and_one_odd_turn_do_not_fail(moved: list[list[float]], operations: list[list[float]]) -> None:
    verdict = judge("m.f", row(natural=row()["natural"] | {"moved": moved, "operations": operations}))
    assert verdict.status is Status.PASS
    assert "bytes a call" in str(verdict.facts["io"])


def test_what_the_kernel_does_not_say_is_said_to_be_unknown() -> None:
    for natural in (row()["natural"], row()["natural"] | {"moved": same(-1, -1), "operations": same(-1, 900)}):
        verdict = judge("m.f", row(natural=natural))
        assert verdict.status is Status.PASS
        assert "not known" in str(verdict.facts["io"])


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=9))
def test_equal_or_less_never_fails(turns: list[tuple[int, int]]) -> None:
    pairs = [(max(two), min(two)) for two in turns]
    assert io_reasons(pairs, pairs) == []


def turn(base: tuple[int, int], head: tuple[int, int], *, other: int = 0) -> tuple[Run, Run]:
    runs = [
        Run({"a": Result("passed", moved=moved, calls=calls), "b": Result("passed", moved=other, calls=other // 100)})
        for moved, calls in (base, head)
    ]
    return runs[0], runs[1]


def test_tests_that_move_more_fail_whatever_their_time_was() -> None:
    verdict = with_io(HELD, [turn((50_000, 10), (90_000, 10))] * 2, ["a", "b"])
    assert verdict.status is Status.FAIL
    assert "together: moves 1.80 times the bytes" in verdict.because
    assert "they cost what they did" not in verdict.because
    one = with_io(HELD, [turn((50_000, 10), (90_000, 10), other=9_000_000)] * 2, ["a", "b"])
    assert one.because.startswith("a: moves 1.80 times"), "one alone, which is little beside the others"
    slow = replace(HELD, status=Status.FAIL, because="slow")
    assert with_io(slow, [turn((50_000, 10), (50_000, 99))] * 2, ["a"]).because.startswith("slow; together")


def test_tests_that_move_as_much_keep_their_verdict() -> None:
    for head in ((50_000, 10), (60_000, 25), (10, 1)):
        verdict = with_io(HELD, [turn((50_000, 10), head)] * 2, ["a", "b"])
        assert (verdict.status, verdict.because) == (HELD.status, HELD.because)
        assert verdict.facts["cpu"] == 1.0
    unknown = with_io(HELD, [turn((-1, -1), (900_000, 900))] * 2, ["a"])
    assert (unknown.status, unknown.facts["io"]) == (Status.PASS, "not known")
    assert with_io(HELD, [turn((1, 1), (1, 1))], ["absent"]).status is Status.PASS
