"""`megawatts validate` as a workflow calls it: the event's change, annotations, summary, SARIF and a JSON report."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.sandbox import choose
from bot.adapters.sandbox.landlock import Landlock
from bot.app.commands import build
from bot.core.errors import Misconfigured
from bot.core.verdict import Verdict
from tests.app.ci.test_cmd import Runner, commit

pytestmark = [pytest.mark.sandbox, pytest.mark.integration]
BASE = {"pkg/__init__.py": "", "pkg/sums.py": "def add(a, b):\n    return a + b\n", "pyproject.toml": "[tool.ruff]\n"}
FORGED = "::error::forged"
BAD = {"pkg/sums.py": f"def add( a,b ):\n    return a+b  # noqa: S102 {FORGED}\n"}


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(tmp_path, monkeypatch)


def validate(runner: Runner, *words: str) -> Result:
    argv = ["validate", "--repo", str(runner.repo), "--stage", "scope", "--stage", "format", "--all", *words]
    return CliRunner().invoke(build(argv), argv)


def test_the_events_change_is_judged_and_shown_everywhere(runner: Runner, tmp_path: Path) -> None:
    base = commit(runner.repo, BASE)
    head = commit(runner.repo, BAD)
    runner.event(base, head, "megawatts/0123456789ab")
    sarif, report = tmp_path / "out.sarif", tmp_path / "out.json"
    done = validate(runner, "--event", "--github", "--sarif", str(sarif), "--report", str(report))
    assert done.exit_code == 1, done.output
    verdict = Verdict.from_dict(json.loads(report.read_text()))
    assert (verdict.facts["base"], verdict.facts["head"]) == (base, head)
    assert {result["ruleId"].split("/")[0] for result in json.loads(sarif.read_text())["runs"][0]["results"]} == {
        "scope",
        "format",
    }
    assert "| `V-2 format` | ❌ fail |" in runner.told("STEP_SUMMARY")
    spoken = heard(done.stdout)
    assert any(line.startswith("::error title=") and "file=pkg/sums.py" in line for line in spoken)
    assert not any(line.startswith(FORGED) for line in spoken)


def heard(output: str) -> list[str]:
    """The commands that the runner obeys: none between `::stop-commands::TOKEN` and `::TOKEN::`."""
    found, until = [], ""
    for line in (line.strip() for line in output.splitlines()):
        if until:
            until = "" if line == f"::{until}::" else until
        elif line.startswith("::stop-commands::"):
            until = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(line)
    assert not until, "commands are heard again at the end"
    return found


def test_a_person_is_left_to_people(runner: Runner) -> None:
    base = commit(runner.repo, BASE)
    runner.event(base, commit(runner.repo, {"pkg/sums.py": "def add(a, b):\n    return b + a  # noqa: S102\n"}))
    assert validate(runner, "--event").exit_code == 2


def test_a_head_that_cannot_be_laid_out_is_reported_too(runner: Runner, tmp_path: Path) -> None:
    base = commit(runner.repo, BASE)
    (runner.repo / "secret").symlink_to("/etc/passwd")
    runner.event(base, commit(runner.repo, {}))
    done = validate(runner, "--event", "--github", "--report", str(tmp_path / "out.json"))
    assert done.exit_code == 1
    assert json.loads((tmp_path / "out.json").read_text())["children"][0]["name"] == "scope"
    assert any(line.startswith("::error title=scope") for line in heard(done.stdout))


def test_stdout_has_room_for_one(runner: Runner) -> None:
    done = validate(runner, "--json", "--github")
    assert done.exit_code == 2
    assert "stdout has room for one" in done.output


def test_where_user_namespaces_are_restricted_landlock_runs_the_tests(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a hosted Ubuntu runner: bubblewrap is there and may make no namespace."""
    monkeypatch.setattr(choose, "makers", lambda: (_restricted, Landlock))
    choose._tried.cache_clear()
    try:
        try:
            used = choose.find()
        except Misconfigured as error:  # root, with an interpreter that other users may not run
            pytest.skip(str(error))
        base = commit(
            runner.repo,
            {**BASE, "test_sums.py": "from pkg.sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"},
        )
        runner.event(base, commit(runner.repo, {"pkg/sums.py": "def add(a, b):\n    return a - b\n"}))
        argv = [
            "validate",
            "--repo",
            str(runner.repo),
            "--stage",
            "tests",
            "--event",
            "--report",
            str(tmp_path / "r.json"),
        ]
        done = CliRunner().invoke(build(argv), argv)
    finally:
        choose._tried.cache_clear()
    assert used.name == "landlock"
    assert done.exit_code == 1, done.output
    (tests,) = json.loads((tmp_path / "r.json").read_text())["children"]
    assert (tests["name"], tests["status"]) == ("tests", "fail")
    assert "test_add" in json.dumps(tests)


def _restricted() -> choose.Boxed:
    raise Misconfigured("bwrap: setting up uid map: Permission denied")
