"""V-7 on toy repositories, with real processes."""

from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import Claim, Kind
from bot.core.verdict import Status, Verdict
from bot.improve.doors import NOT_APPLICABLE
from bot.improve.mutation.mutant import Mutant
from bot.improve.stages import coverage, mutation
from bot.improve.stages.tests import EVIDENCE_BASE, EVIDENCE_HEAD, STAGE, evidence
from bot.improve.stages.tests import Tests as Stage
from bot.improve.stages.tests_mutant import rounds
from tests.improve.testing.toys import PROFILE, PlainWorkspace, gate, replace

CODE = "def f(x):\n    if x > 3:\n        return 1\n    return 0\n\n\ndef g(x):\n    return x * 2\n"
BASE = {
    "toy/__init__.py": "",
    "toy/a.py": CODE,
    "tests/test_f.py": (
        "import pytest\nfrom toy.a import f\n\n\n"
        '@pytest.mark.parametrize("x", [1, 5])\ndef test_f(x):\n    assert f(x) == (x > 3)\n'
    ),
    "tests/test_g.py": "from toy.a import g\n\n\ndef test_g():\n    assert g(2) == 4\n",
}
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is remembered of bases that several cases share: each is run once, not once a case."""
    return tmp_path_factory.mktemp("cache")


def child(verdict: Verdict, name: str) -> Verdict:
    found = verdict.find(name)
    assert found is not None, f"no {name} in {[v.name for v in verdict.walk()]}"
    return found


async def test_a_change_that_holds_passes_and_leaves_its_evidence(tmp_path: Path, cache: Path) -> None:
    made = gate(tmp_path, BASE, {"toy/a.py": CODE.replace("x * 2", "2 * x")}, claim=Claim.PRESERVING, cache=cache)
    verdict = await STAGE.run(made, {})
    assert verdict.passed
    assert verdict.facts["tests"] == 3
    assert child(verdict, "impacted").facts["expected"] == 1
    head = evidence(made, EVIDENCE_HEAD)
    assert head is not None
    assert head.files["toy/a.py"].tests_of(frozenset({8})) == {"tests/test_g.py::test_g"}
    # What is out of the change's reach ran unmeasured: its lines are carried over from the base.
    assert child(verdict, "suite").facts["tests"] == 2
    base = evidence(made, EVIDENCE_BASE)
    assert base is not None
    assert head.files["toy/a.py"].lines() == base.files["toy/a.py"].lines()
    assert head.files["toy/a.py"].by == base.files["toy/a.py"].by
    assert (await coverage.STAGE.run(made, {"tests": verdict})).passed
    assert (await mutation.STAGE.run(made, {"tests": verdict})).passed


async def test_the_base_is_run_once_and_remembered(tmp_path: Path) -> None:
    made = gate(tmp_path, BASE, {"toy/a.py": CODE + "\n"})
    assert (await Stage(only_impacted=True).run(made, {})).passed
    base = made.base
    assert isinstance(base, PlainWorkspace)
    before = base.runs
    assert (await Stage(only_impacted=True).run(made, {})).passed
    assert base.runs == before


async def test_a_broken_test_is_named_the_rest_not_waited_for_and_nothing_foretold(tmp_path: Path) -> None:
    made = gate(tmp_path, BASE, {"toy/a.py": CODE.replace("x * 2", "x * 3")})
    verdict = await STAGE.run(made, {})
    assert verdict.status is Status.FAIL
    assert "tests/test_g.py::test_g" in verdict.because
    assert verdict.find("suite") is None
    assert [path.name.partition("-")[0] for path in (made.cache / "tests").iterdir()] == [made.base.tree]


async def test_a_rewritten_test_needs_a_person_unless_behaviour_was_to_stay(tmp_path: Path, cache: Path) -> None:
    edits = {"toy/a.py": CODE.replace("x * 2", "x * 3"), "tests/test_g.py": BASE["tests/test_g.py"].replace("4", "6")}
    assert (await STAGE.run(gate(tmp_path / "1", BASE, edits, cache=cache), {})).status is Status.PENDING
    kept = await STAGE.run(gate(tmp_path / "2", BASE, edits, claim=Claim.PRESERVING, cache=cache), {})
    assert kept.status is Status.FAIL


async def test_what_failed_on_the_base_is_not_blamed(tmp_path: Path, cache: Path) -> None:
    base = {**BASE, "tests/test_bad.py": "def test_bad():\n    assert 0\n"}
    verdict = await STAGE.run(gate(tmp_path, base, {"toy/a.py": CODE.replace("x * 2", "2 * x")}, cache=cache), {})
    assert verdict.passed
    assert child(verdict, "suite").facts["already_failing"] == ["tests/test_bad.py::test_bad"]


async def test_a_flake_of_the_base_is_not_blamed(tmp_path: Path) -> None:
    """It holds in every second run, wherever that is: on the base at first, then not on the new code."""
    count = tmp_path / "count"
    count.mkdir()
    flaky = (
        "import pathlib\n\n\ndef test_flaky():\n"
        f"    runs = pathlib.Path({str(count)!r})\n    made = len(list(runs.iterdir()))\n"
        "    (runs / str(made)).touch()\n    assert made % 2 == 0\n"
    )
    base = {**BASE, "tests/test_x.py": flaky}
    verdict = await STAGE.run(gate(tmp_path / "gate", base, {"toy/a.py": CODE.replace("x * 2", "2 * x")}), {})
    assert verdict.passed
    assert child(verdict, "suite").facts["already_failing"] == ["tests/test_x.py::test_flaky"]
    assert len(list(count.iterdir())) > 3


@pytest.mark.parametrize("kind", [Kind.FIX, Kind.FEATURE])
async def test_a_new_test_must_fail_without_the_change(tmp_path: Path, cache: Path, kind: Kind) -> None:
    code = CODE.replace("x * 2", "(x or 0) * 2")
    shows = "from toy.a import g\n\n\ndef test_n():\n    assert g(None) == 0\n"
    good = gate(tmp_path / "1", BASE, {"toy/a.py": code, "tests/test_n.py": shows}, kind=kind, cache=cache)
    verdict = await STAGE.run(good, {})
    assert verdict.passed
    assert child(verdict, "fails before").facts["fail_on_old"] == ["tests/test_n.py::test_n"]
    weak = {"toy/a.py": code, "tests/test_n.py": shows.replace("None", "0")}
    assert (
        "pass on the old code"
        in (await STAGE.run(gate(tmp_path / "2", BASE, weak, kind=kind, cache=cache), {})).because
    )
    none = await STAGE.run(gate(tmp_path / "3", BASE, {"toy/a.py": code}, kind=kind, cache=cache), {})
    assert none.status is Status.FAIL


async def test_tests_alone_must_kill_a_mutant_that_lived(tmp_path: Path, cache: Path) -> None:
    new = "from toy.a import f\n\n\ndef test_edge():\n    assert f(3) == 0\n"
    verdict = await STAGE.run(gate(tmp_path / "1", BASE, {"tests/test_e.py": new}, kind=Kind.TEST, cache=cache), {})
    assert verdict.passed
    assert "toy/a.py:2" in child(verdict, "kills a mutant").because
    # Once it is merged, the next base is spared its run.
    merged = {**BASE, "tests/test_e.py": new}
    following = gate(tmp_path / "2", merged, {"toy/a.py": CODE.replace("x * 2", "2 * x")}, cache=cache)
    verdict = await STAGE.run(following, {})
    assert verdict.passed
    assert verdict.facts["base_tests"] == 4
    assert isinstance(following.base, PlainWorkspace)
    assert following.base.runs == 0
    again = new.replace("f(3) == 0", "f(5) == 1")
    verdict = await STAGE.run(gate(tmp_path / "3", BASE, {"tests/test_e.py": again}, kind=Kind.TEST, cache=cache), {})
    assert verdict.status is Status.FAIL
    assert "noticed by the others already" in verdict.because


def test_mutants_are_tried_in_growing_rounds_each_once() -> None:
    made = [Mutant(PurePosixPath("a.py"), n, n + 1, "2", "number", n, n, "1") for n in range(100)]
    parts = list(rounds(made))
    assert [len(part) for part in parts] == [12, 36, 52]
    assert [mutant for part in parts for mutant in part] == made
    assert list(rounds([])) == []


async def test_code_that_no_other_test_runs_is_mutated_first_and_the_rest_spared(tmp_path: Path, cache: Path) -> None:
    known = "\n".join(f"    y = y + {n}" for n in range(40))
    code = f"def f(y):\n{known}\n    return y\n\n\ndef h(x):\n    return x - 1\n"
    old = {"toy/b.py": code, "tests/test_b.py": "from toy.b import f\n\n\ndef test_f():\n    assert f(0) == 780\n"}
    new = "from toy.b import f, h\n\n\ndef test_h():\n    assert h(f(0)) == 779\n"
    verdict = await STAGE.run(gate(tmp_path, BASE | old, {"tests/test_h.py": new}, kind=Kind.TEST, cache=cache), {})
    assert verdict.passed
    shown = child(verdict, "kills a mutant")
    assert "toy/b.py:46" in shown.because
    assert 0 < int(str(shown.facts["killed"])) <= 12 < int(str(shown.facts["mutants"]))


async def test_lines_that_run_at_import_alone_are_measured_where_they_change(tmp_path: Path) -> None:
    base = BASE | {"toy/c.py": "X = 1\nY = 2\n", "toy/d.py": "from toy.c import X, Y\n\n\ndef f():\n    return X + Y\n"}
    base["tests/test_d.py"] = "from toy.d import f\n\n\ndef test_f():\n    assert f() == 3\n"
    made = gate(tmp_path, base, {"toy/c.py": "X = 1\nY = 1 + X\n"})
    verdict = await STAGE.run(made, {})
    assert verdict.passed
    measured = await coverage.STAGE.run(made, {"tests": verdict})
    assert measured.passed, measured.because
    assert child(measured, "changed lines").facts["lines"] == 1


async def test_a_change_untested_is_seen_by_coverage_and_mutation(tmp_path: Path, cache: Path) -> None:
    edits = {"toy/a.py": CODE + "\n\ndef h(x):\n    if x > 7:\n        return x - 1\n    return x\n"}
    made = gate(tmp_path, BASE, edits, cache=cache)
    verdict = await STAGE.run(made, {})
    assert (await coverage.STAGE.run(made, {"tests": verdict})).status is Status.FAIL
    blind = await mutation.STAGE.run(made, {"tests": verdict})
    assert "see less of the new code" in blind.because
    judged = await mutation.STAGE.run(replace(made, kind=Kind.FEATURE), {"tests": verdict})
    assert judged.status is Status.FAIL


async def test_unittest_suites_run_too(tmp_path: Path, cache: Path) -> None:
    case = (
        "import unittest\nfrom toy.a import f\n\n\nclass T(unittest.TestCase):\n    def test_f(self):\n"
        "        for x in (1, 5):\n            with self.subTest(x=x):\n                self.assertEqual(f(x), x > 3)\n"
    )
    base = {"toy/__init__.py": "", "toy/a.py": CODE, "tests/__init__.py": "", "tests/testing_f.py": case}
    profile = replace(PROFILE, runner="unittest")
    made = gate(tmp_path / "1", base, {"toy/a.py": CODE.replace("x > 3", "3 < x")}, profile=profile, cache=cache)
    verdict = await STAGE.run(made, {})
    assert verdict.passed
    assert verdict.facts["tests"] == 1
    made = gate(tmp_path / "2", base, {"toy/a.py": CODE.replace("x > 3", "x > 6")}, profile=profile, cache=cache)
    assert (await STAGE.run(made, {})).status is Status.FAIL


async def test_without_tests_the_stage_has_no_subject(tmp_path: Path, cache: Path) -> None:
    made = gate(tmp_path, {"toy/a.py": ""}, {"toy/a.py": "x = 1\n"}, profile=replace(PROFILE, runner=None), cache=cache)
    assert NOT_APPLICABLE in (await STAGE.run(made, {})).facts


async def test_a_suite_that_cannot_run_on_the_base_is_an_error(tmp_path: Path, cache: Path) -> None:
    base = {"toy/a.py": "", "tests/test_a.py": "import nothing_of_that_name\n"}
    verdict = await STAGE.run(gate(tmp_path, base, {"toy/a.py": "x = 1\n"}, cache=cache), {})
    assert verdict.status is Status.ERROR
    assert "nothing_of_that_name" in verdict.because
