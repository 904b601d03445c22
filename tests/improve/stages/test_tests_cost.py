"""V-11's second half: which tests are measured, and what their cost means. Nothing is run here."""

import random
from pathlib import Path, PurePosixPath

import pytest

from bot.core.verdict import Status
from bot.improve.stages._tests_cost import Function, choose, costs, decided, judge, lost, rewritten
from bot.improve.testing.results import FileLines, Outcome, Result, Run
from tests.improve.testing.toys import gate, replace

CODE = "def f(x):\n    return x\n\n\nclass C:\n    async def g(self):\n        return 1\n"


def turns(base: float, ratio: float, *, count: int = 7, noise: float = 0.04) -> list[tuple[float, float]]:
    rng = random.Random(3)
    return [(base * (1 + rng.gauss(0, noise)), base * ratio * (1 + rng.gauss(0, noise))) for _ in range(count)]


def test_equal_cost_passes_with_its_measurements() -> None:
    verdict = judge({"a": turns(0.05, 1.0), "b": turns(0.01, 1.0)})
    assert verdict.status is Status.PASS
    assert verdict.facts["tests"] == ["a", "b"]
    assert verdict.facts["turns"] == 7


def test_a_slower_head_fails() -> None:
    verdict = judge({"a": turns(0.05, 1.3), "b": turns(0.05, 1.3)})
    assert verdict.status is Status.FAIL
    assert "together" in verdict.because


def test_one_slow_test_among_many_is_named_although_the_sum_hides_it() -> None:
    many = {f"t{n}": turns(0.05, 1.0) for n in range(29)}
    verdict = judge({**many, "slow": turns(0.006, 10.0)})
    assert verdict.status is Status.FAIL
    assert "slow takes at least" in verdict.because
    assert "together" not in verdict.because


@pytest.mark.parametrize(
    "found",
    [
        {"a": turns(0.002, 3.0)},
        {"a": turns(0.05, 1.05)},
        {"a": turns(0.05, 0.2)},
        {"a": turns(0.05, 1.1, noise=0.4)},
        {"a": turns(0.012, 1.45), **{f"t{n}": turns(0.05, 1.0) for n in range(9)}},
    ],
    ids=["below the floor", "little", "faster", "noise", "one test, below its own bar"],
)
def test_what_is_style_or_noise_does_not_fail(found: dict[str, list[tuple[float, float]]]) -> None:
    assert judge(found).status is Status.PASS


def test_what_only_the_base_let_be_measured_is_no_pass() -> None:
    verdict = judge({"a": turns(0.05, 1.0)}, ["b"])
    assert verdict.status is Status.INCONCLUSIVE
    assert "b" in verdict.because


def test_it_goes_on_while_the_answer_is_open() -> None:
    calm, slow = (0.05, 0.05), (0.05, 0.5)
    assert decided({"a": [calm, calm], "b": [calm, calm]})
    assert not decided({"a": [calm]})
    assert not decided({"a": [calm, calm, calm], "b": [slow, slow, calm]})
    assert not decided({"a": [slow, slow]})
    assert decided({"a": [calm, calm, calm], "b": [slow, slow, slow]})
    assert decided({})


def run(**outcomes: tuple[Outcome, float]) -> Run:
    return Run({name: Result(how, 0.1, cpu=cpu) for name, (how, cpu) in outcomes.items()})


def test_only_tests_that_hold_each_time_are_compared() -> None:
    good = run(a=("passed", 1.0), b=("passed", 2.0), c=("passed", 3.0))
    again = run(a=("passed", 1.5), b=("failed", 2.0))
    assert costs([(good, good), (good, again)]) == {"a": [(1.0, 1.0), (1.0, 1.5)]}
    assert lost([(good, good), (good, again)]) == []
    assert lost([(good, again), (good, again)]) == ["b", "c"]
    assert lost([(good, again), (again, again)]) == []
    assert lost([(good, replace(good, tampered=("forged",)))]) == ["a", "b", "c"]


def function(name: str, first: int, last: int) -> Function:
    path, lines = PurePosixPath("toy/a.py"), frozenset(range(first, last + 1))
    return Function(name, path, lines, path, lines)


def test_tests_that_run_most_of_a_function_come_first_and_the_fastest_of_them() -> None:
    seconds = {"whole": 0.3, "quick": 0.1, "edge": 0.01, "other": 0.02, "broken": 0.01, "endless": 9.0}
    by = {"whole": "1-9", "quick": "1-8", "edge": "1", "other": "21", "broken": "1-9", "endless": "1-9"}
    base = Run({t: Result("passed", s) for t, s in seconds.items()}, files={"toy/a.py": FileLines("1-30", by)})
    head = Run({**base.tests, "broken": Result("failed")}, files=base.files)
    asked = [function("f", 1, 10), function("g", 20, 22), function("h", 25, 30)]
    choice = choose(asked, base, head)
    assert choice.tests == ("quick", "other", "whole", "edge")
    assert choice.blind == ("h",)


def test_rewritten_functions_are_found_and_those_measured_already_left_out(tmp_path: Path) -> None:
    base = {"toy/a.py": CODE, "tests/test_a.py": ""}
    head = CODE.replace("return x", "return x + 0").replace("return 1", "return 2 - 1")
    made = gate(tmp_path, base, {"toy/a.py": head, "tests/test_a.py": "def test():\n    pass\n"})
    assert [found.name for found in rewritten(made)] == ["toy.a.f", "toy.a.C.g"]
    (left,) = rewritten(made, {"toy.a.f"})
    assert (left.base_lines, left.head_lines) == (frozenset({6, 7}), frozenset({6, 7}))


@pytest.mark.parametrize(
    "edits",
    [
        {"toy/a.py": CODE + "# a comment\n\n\ndef new():\n    return 3\n"},
        {"toy/a.py": CODE.replace("(x)", "(x: int) -> int")},
        {"toy/a.py": "def f(:\n"},
        {"toy/new.py": CODE},
        {"toy/a.py": None},
        {"other/b.py": "y = 1\n"},
    ],
    ids=["new function", "annotation", "broken", "new file", "deleted", "no product"],
)
def test_what_rewrites_no_function_asks_for_no_run(tmp_path: Path, edits: dict[str, str | None]) -> None:
    assert rewritten(gate(tmp_path, {"toy/a.py": CODE, "other/b.py": ""}, edits)) == []
