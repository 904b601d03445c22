"""The demo's own parts: its picture, its report, its pace, and changes that are really hostile."""

import ast
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.git.repository import GitRepository
from bot.app.demo.hostile import HOSTILE
from bot.app.demo.model import STEPS, Mark, Observed, Second, Told
from bot.app.demo.picture import picture
from bot.app.demo.report import render
from bot.app.demo.scene import PACE, paced, paced_files
from bot.app.deploy_files import SCHEMA, stale
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.policy.charter import parse

ROOT = Path(__file__).parent.parent.parent.parent
CHARTER = (ROOT / ".github" / "charter.toml").read_text()


def test_the_pace_changes_times_and_no_rule_of_consent() -> None:
    before, after = parse(CHARTER), parse(paced(CHARTER))
    assert (after.health.warm_up, after.quorum.open_for) == (timedelta(seconds=2), timedelta(seconds=6))
    assert after.wards == before.wards
    assert after.stages == before.stages
    assert after.health.rules == before.health.rules
    assert (after.quorum.minimum, after.quorum.majority) == (before.quorum.minimum, before.quorum.majority)
    assert set(PACE) == {"health", "quotas", "quorum"}


def test_what_is_made_from_the_charter_goes_with_its_pace(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "charts" / "megawatts" / "files", tmp_path / "charts" / "megawatts" / "files")
    shutil.copy(ROOT / SCHEMA, tmp_path / SCHEMA)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    for path, content in paced_files(CHARTER).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert stale(tmp_path) == {}


def test_a_broken_charter_is_not_paced() -> None:
    with pytest.raises(Misconfigured):
        paced("wards = 3\n")


def test_the_picture_shows_bad_seconds_and_every_mark() -> None:
    seconds = [Second(0.0, {"answered": 5}), Second(1.0, {"answered": 3, "rejected": 2})]
    svg = picture(seconds, [Mark(0.5, "deploy", "#1 <b>"), Mark(1.5, "revert", "#2")])
    assert svg.count("#dc2626") == 1, "one bar for the one bad second"
    assert "#1 &lt;b&gt;" in svg
    assert svg.count("stroke-dasharray") == 2
    assert "10 messages, 2 refused or failed, 2 marks" in svg


def test_no_traffic_is_said() -> None:
    assert "No traffic" in picture([], [])


def test_the_report_escapes_what_it_shows() -> None:
    observed = Observed()
    gate = Verdict("gate", Status.FAIL, "x", (Verdict("scope", Status.FAIL, "<script>alert(1)</script>"),))
    observed.proposals.append(Told(1, "<img src=x>", "test", "a", "refused", "0" * 40, gate))
    page = render(observed)
    assert "<script>" not in page
    assert "<img" not in page
    assert all(f"<code>{step}</code>" in page for step in STEPS)


def test_only_all_steps_together_are_a_pass() -> None:
    observed = Observed()
    for step in observed.steps.values():
        step.status = "ok"
    assert observed.passed
    observed.steps["revert"].status = "failed"
    assert not observed.passed
    assert observed.to_dict()["outcome"] == "failed"


@pytest.mark.integration
@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.step)
def test_a_hostile_change_really_changes_something(case: object) -> None:
    repo = GitRepository(ROOT)
    base = repo.resolve("HEAD")
    patch = case.make(repo, base)  # type: ignore[attr-defined]
    assert any(repo.read(base, path) != content for path, content in patch.files.items())
    for path, content in patch.files.items():
        if content is not None and path.suffix == ".py":
            ast.parse(content)
