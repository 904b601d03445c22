"""V-8's verdicts, from records of runs."""

import json
from pathlib import Path

import pytest

from bot.core.change import Kind
from bot.core.verdict import Status, Verdict
from bot.improve.doors import NOT_APPLICABLE, Gate, not_applicable
from bot.improve.stages.coverage import STAGE
from bot.improve.stages.tests import EVIDENCE_BASE, EVIDENCE_HEAD
from bot.improve.testing.baseline import save
from bot.improve.testing.results import FileLines, Result, Run
from tests.improve.testing.toys import gate

OLD = "def f(x):\n    return x\n"
NEW = OLD + "\n\ndef g(x):\n    if x:\n        return 1\n    return 2\n"
PASSED = {"tests": Verdict("tests", Status.PASS, "hold")}


def record(made: Gate, base: str, head: str) -> Gate:
    for name, lines in ((EVIDENCE_BASE, base), (EVIDENCE_HEAD, head)):
        run = Run({"t": Result("passed")}, ("t",), {"toy/a.py": FileLines(lines)})
        save(run, made.scratch / "tests" / name)
    return made


@pytest.mark.parametrize(
    ("ran", "status"), [("1-2,5-8", Status.PASS), ("1-2,5-7", Status.FAIL), ("1-2,5", Status.FAIL)]
)
async def test_nine_tenths_of_the_changed_lines_must_run(tmp_path: Path, ran: str, status: Status) -> None:
    made = record(gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW}), "1-2", ran)
    verdict = await STAGE.run(made, PASSED)
    assert verdict.status is status


async def test_lines_that_are_not_run_are_named(tmp_path: Path) -> None:
    made = record(gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW}), "1-2", "1-2,5-6")
    verdict = await STAGE.run(made, PASSED)
    assert "toy/a.py:7-8" in verdict.because


async def test_a_total_that_falls_fails_even_when_no_line_is_added(tmp_path: Path) -> None:
    made = record(gate(tmp_path, {"toy/a.py": NEW}, {"tests/test_x.py": ""}), "1-2,5-8", "1-2")
    verdict = await STAGE.run(made, PASSED)
    assert verdict.status is Status.FAIL
    assert "the total falls" in verdict.because


async def test_removing_covered_lines_is_no_fall(tmp_path: Path) -> None:
    made = record(gate(tmp_path, {"toy/a.py": NEW}, {"toy/a.py": OLD}), "1-2,5-6,8", "1-2")
    assert (await STAGE.run(made, PASSED)).passed


async def test_without_tests_there_is_nothing_to_judge(tmp_path: Path) -> None:
    made = gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW})
    verdict = await STAGE.run(made, {"tests": not_applicable("tests", "none")})
    assert NOT_APPLICABLE in verdict.facts


async def test_what_should_have_been_measured_and_was_not_is_no_pass(tmp_path: Path) -> None:
    made = gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW})
    assert (await STAGE.run(made, PASSED)).status is Status.ERROR
    failed = {"tests": Verdict("tests", Status.FAIL, "broken")}
    assert (await STAGE.run(made, failed)).status is Status.INCONCLUSIVE


def compared(made: Gate, lines: list[int], base: tuple[int, ...] = ()) -> Gate:
    folder = made.scratch / "behaviour"
    folder.mkdir()
    rows = [
        {
            "id": "toy.a.g",
            "spec": {"module": "toy.a", "name": "g"},
            "lines": {"base": base, "head": lines},
            "calls": [],
            "why": "changed",
        }
    ]
    (folder / "evidence.json").write_text(json.dumps({"roots": ["."], "functions": rows}))
    return made


ALIKE = PASSED | {"behaviour": Verdict("behaviour", Status.PASS, "no difference")}


async def test_where_behaviour_is_kept_lines_run_on_both_versions_count(tmp_path: Path) -> None:
    made = compared(record(gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW}), "1-2", "1-2,5-6"), [6, 7, 8])
    verdict = await STAGE.run(made, ALIKE)
    assert verdict.children[0].passed
    assert "2 of 4 changed lines are run by the tests, 2 more by inputs" in verdict.children[0].because


@pytest.mark.parametrize(
    ("kind", "behaviour"),
    [
        (Kind.FEATURE, Verdict("behaviour", Status.PASS, "no difference")),
        (Kind.REFACTOR, Verdict("behaviour", Status.INCONCLUSIVE, "no input")),
        (Kind.REFACTOR, Verdict("behaviour", Status.FAIL, "differs")),
    ],
)
async def test_new_behaviour_and_unproven_claims_need_tests(tmp_path: Path, kind: Kind, behaviour: Verdict) -> None:
    made = compared(record(gate(tmp_path, {"toy/a.py": OLD}, {"toy/a.py": NEW}, kind=kind), "1-2", "1-2,5-6"), [7, 8])
    verdict = await STAGE.run(made, PASSED | {"behaviour": behaviour})
    assert verdict.children[0].status is Status.FAIL


async def test_lines_of_another_module_do_not_count(tmp_path: Path) -> None:
    made = gate(tmp_path, {"toy/a.py": OLD, "toy/b.py": OLD}, {"toy/a.py": NEW})
    folder = compared(record(made, "1-2", "1-2,5-6"), [7, 8]).scratch / "behaviour" / "evidence.json"
    folder.write_text(folder.read_text().replace('"toy.a"', '"toy.b"'))
    assert (await STAGE.run(made, ALIKE)).status is Status.FAIL


DEAD = "def f(x):\n    if x:\n        return 1\n    if not x:\n        return 2\n    return 3\n"


@pytest.mark.parametrize(("ran_at_base", "status"), [((2, 3, 4, 5), Status.PASS), ((2, 3, 4, 5, 6), Status.FAIL)])
async def test_a_line_that_nothing_reached_before_may_stay_so(
    tmp_path: Path, ran_at_base: tuple[int, ...], status: Status
) -> None:
    made = gate(tmp_path, {"toy/a.py": DEAD}, {"toy/a.py": DEAD.replace("    ", "  ")})
    verdict = await STAGE.run(compared(record(made, "1", "1"), [2, 3, 4, 5], ran_at_base), ALIKE)
    assert verdict.children[0].status is status
    assert "toy/a.py:6" in verdict.children[0].because
