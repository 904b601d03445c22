"""V-11 on toy repositories whose functions no made input can call: their tests are what is measured."""

from pathlib import Path

import pytest

from bot.core.verdict import Status, Verdict
from bot.improve.doors import NOT_APPLICABLE, Gate
from bot.improve.stages.performance import STAGE
from bot.improve.stages.tests import STAGE as TESTS
from bot.improve.testing.run import Ask, run_tests, shards
from tests.improve.testing.toys import PROFILE, PlainWorkspace, gate, replace

CODE = (
    "async def total(n):\n    found = 0\n    for number in range(n):\n        found += number\n    return found\n"
    "\n\ndef other(x):\n    return x\n"
)
BASE = {
    "toy/__init__.py": "",
    "toy/a.py": CODE,
    "tests/test_a.py": (
        "import asyncio\n\nimport pytest\n\nfrom toy.a import total\n\n\n"
        '@pytest.mark.parametrize("n", [100, 60_000])\n'
        "def test_total(n):\n    assert asyncio.run(total(n)) == n * (n - 1) // 2\n"
    ),
}
LATE = {
    "pytest": "ran = []\n\n\ndef test_a():\n    ran.append(1)\n\n\ndef test_b():\n    assert len(ran) == 3\n",
    "unittest": (
        "import unittest\n\nran = []\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        ran.append(1)\n\n"
        "    def test_b(self):\n        self.assertEqual(len(ran), 3)\n"
    ),
}
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is remembered of bases that several cases share: each is run once, not once a case."""
    return tmp_path_factory.mktemp("cache")


async def judged(made: Gate) -> Verdict:
    tests = await TESTS.run(made, {})
    assert tests.passed, tests
    return await STAGE.run(made, {"tests": tests})


async def test_a_slower_coroutine_that_reads_more_is_refused(tmp_path: Path, cache: Path) -> None:
    slow = CODE.replace("range(n):", "range(n):\n        for _ in range(40):\n            pass")
    slow = slow.replace("    found = 0\n", "    for _ in range(15):\n        open(__file__).read()\n    found = 0\n")
    verdict = await judged(gate(tmp_path, BASE, {"toy/a.py": slow}, cache=cache))
    assert verdict.status is Status.FAIL, verdict
    found = verdict.find("impacted tests")
    assert found is not None
    assert found.facts["tests"] == ["tests/test_a.py::test_total[100]", "tests/test_a.py::test_total[60000]"]
    assert "test_total[60000] takes at least" in found.because
    assert "together: reads and writes" in found.because or "together: moves" in found.because, found.because


async def test_a_rewrite_that_costs_the_same_passes(tmp_path: Path, cache: Path) -> None:
    verdict = await judged(
        gate(tmp_path, BASE, {"toy/a.py": CODE.replace("found += number", "found = found + number")}, cache=cache)
    )
    assert verdict.passed, verdict
    assert NOT_APPLICABLE not in verdict.facts
    found = verdict.find("impacted tests")
    assert found is not None
    assert "bytes a turn" in str(found.facts["io"])


@pytest.mark.parametrize(
    ("path", "text"),
    [("tests/test_b.py", "def test_b():\n    assert 1\n"), ("toy/words.json", "{}"), ("toy/a.py", f"# Sums.\n{CODE}")],
)
async def test_a_change_of_no_function_costs_no_run(tmp_path: Path, path: str, text: str) -> None:
    made = gate(tmp_path, BASE, {path: text})
    verdict = await STAGE.run(made, {"tests": Verdict("tests", Status.PASS, "held")})
    assert NOT_APPLICABLE in verdict.facts
    for work in (made.base, made.trial):
        assert isinstance(work, PlainWorkspace)
        assert work.runs == 0


async def test_a_function_without_tests_is_named_as_not_measured(tmp_path: Path, cache: Path) -> None:
    verdict = await judged(gate(tmp_path, BASE, {"toy/a.py": CODE.replace("return x", "return x + 0")}, cache=cache))
    assert NOT_APPLICABLE in verdict.facts
    assert "no changed function could be run on both versions" in verdict.because
    assert "toy.a.other" in verdict.because


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
async def test_a_measured_run_reports_the_last_of_its_passes(tmp_path: Path, runner: str) -> None:
    files = {"toy/__init__.py": "", "tests/__init__.py": "", "tests/test_a.py": LATE[runner]}
    made = gate(tmp_path, files, {}, profile=replace(PROFILE, runner=runner))
    listed = await run_tests(made.base, made.profile, Ask(collect_only=True), scratch=tmp_path / "1", cache=made.cache)
    part = {**shards(Ask(tests=listed.collected), ())[0], "traced": False, "passes": 3}
    run = await run_tests(
        made.base, made.profile, Ask(shards=(part,), coverage=False), scratch=tmp_path / "2", cache=made.cache
    )
    assert {test: result.outcome for test, result in run.tests.items()} == dict.fromkeys(listed.collected, "passed")
    assert all(result.cpu > 0 for result in run.tests.values())
    assert not run.tampered
