"""The reusable action, as the workflow of another repository uses it."""

import json
from pathlib import Path

import pytest

from tests.workflows.ground import BAD, GOOD, PIN, elsewhere

pytestmark = pytest.mark.integration


def test_the_action_judges_another_repository_and_says_why_in_three_ways(tmp_path: Path) -> None:
    ground, action = elsewhere(tmp_path)
    local = {f"owner/megawatts@{PIN}": action}
    bad = ground.act("pull_request", "check", ground.event("pull_request", ground.change(BAD)), local)
    assert (bad.code, bad.jobs) == (1, {"check": False}), bad.text
    assert "status is fail" in bad.text, bad.text[-6000:]
    assert "❌ fail" in bad.text, "the summary"
    sarif = json.loads((tmp_path / "kept" / "megawatts.sarif").read_text())
    assert "pkg/sums.py" in json.dumps(sarif["runs"][0]["results"])
    report = json.loads((tmp_path / "kept" / "megawatts.json").read_text())
    assert report["status"] == "fail"
    good = ground.act("pull_request", "check", ground.event("pull_request", ground.change(GOOD)), local)
    assert (good.code, good.jobs) == (0, {"check": True}), good.text
    assert "status is pass" in good.text
