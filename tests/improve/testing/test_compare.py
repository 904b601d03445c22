"""Two runs beside each other, and flakes told from failures."""

from collections.abc import Sequence

import pytest

from bot.improve.testing.compare import compare
from bot.improve.testing.flakes import MOST, triage
from bot.improve.testing.results import Outcome, Result, Run


def run(digest: str = "", problems: dict[str, str] | None = None, **outcomes: Outcome) -> Run:
    return Run({name: Result(how, digest=digest) for name, how in outcomes.items()}, problems=problems or {})


def test_what_held_and_holds_is_no_difference() -> None:
    found = compare(run(a="passed", b="xfailed"), run(a="passed", b="xpassed"), ["a", "b"])
    assert not found.suspects
    assert not found.vanished
    assert not found.already


@pytest.mark.parametrize("how", ["failed", "error", "timeout", "died", "unrun"])
def test_what_held_and_does_not_is_broken(how: Outcome) -> None:
    assert compare(run(a="passed"), run(a=how), ["a"]).broken == ("a",)


def test_a_test_without_a_result_has_vanished() -> None:
    found = compare(run(a="passed", b="skipped"), run(), ["a", "b"])
    assert found.vanished == ("a", "b")
    assert not found.broken


def test_a_new_skip_is_a_suspect() -> None:
    assert compare(run(a="passed"), run(a="skipped"), ["a"]).skipped == ("a",)
    assert not compare(run(a="skipped"), run(a="skipped"), ["a"]).suspects


def test_what_failed_before_is_nobodys_blame() -> None:
    found = compare(run(a="failed", b="timeout"), run(a="failed"), ["a", "b"])
    assert found.already == ("a", "b")
    assert not found.suspects
    assert not found.vanished


def test_another_body_in_place_of_the_bases_is_named() -> None:
    assert compare(run("one", a="passed"), run("two", a="passed"), ["a"]).replaced == ("a",)
    assert not compare(run("one", a="passed"), run("", a="passed"), ["a"]).replaced


def test_only_new_problems_count() -> None:
    base, head = run(problems={"x.py": "bad"}), run(problems={"x.py": "bad", "y.py": "worse"})
    assert compare(base, head, []).problems == ("y.py: worse",)


class Script:
    """Runs that end as written, one list of outcomes a test."""

    def __init__(self, **outcomes: Sequence[Outcome]) -> None:
        self.outcomes, self.calls = outcomes, 0

    async def __call__(self, tests: Sequence[str]) -> Run:
        self.calls += 1
        rows = {t: self.outcomes[t][(self.calls - 1) % len(self.outcomes[t])] for t in tests if t in self.outcomes}
        return run(**rows)


async def test_a_steady_failure_is_blamed() -> None:
    found = await triage(["a"], Script(a=["failed"]), Script(a=["passed"]))
    assert found.broken == ("a",)
    assert not found.flaky
    assert not found.base


async def test_a_timeout_stays_a_failure() -> None:
    assert (await triage(["a"], Script(a=["timeout"]), Script(a=["passed"]))).broken == ("a",)


async def test_sometimes_only_with_the_change_is_flaky_and_named() -> None:
    found = await triage(["a"], Script(a=["passed", "failed", "passed"]), Script(a=["passed"]))
    assert found.flaky == ("a",)
    assert not found.broken


async def test_sometimes_on_the_base_too_acquits() -> None:
    found = await triage(["a"], Script(a=["passed", "failed"]), Script(a=["passed", "passed", "failed"]))
    assert found.base == ("a",)
    assert not found.flaky


async def test_failing_on_the_base_now_acquits() -> None:
    found = await triage(["a"], Script(a=["failed"]), Script(a=["failed"]))
    assert found.base == ("a",)
    assert not found.broken


async def test_of_many_some_speak_for_all() -> None:
    names = [f"t{n}" for n in range(MOST + 5)]
    head, base = Script(**{n: ["failed"] for n in names}), Script(**{n: ["passed"] for n in names})
    assert (await triage(names, head, base)).broken == tuple(names)
