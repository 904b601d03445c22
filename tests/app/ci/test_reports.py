"""Where a verdict goes."""

import json
from pathlib import Path

import pytest

from bot.app.ci.reports import Reports, append, outputs
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict, worst
from tests.app.ci.builders import stage

VERDICT = worst("gate", [stage("lint", Status.FAIL, "pkg/a.py:2: wrong [x]")])
PATHS = frozenset({"pkg/a.py"})


def test_each_file_is_written_and_stdout_has_the_annotations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = Reports(True, tmp_path / "new" / "out.sarif", tmp_path / "out.json")
    reports.write(VERDICT, PATHS, {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    assert capsys.readouterr().out == "::error title=lint%3A x,file=pkg/a.py,line=2::wrong\n"
    assert "❌ fail" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "new" / "out.sarif").read_text())["version"] == "2.1.0"
    assert Verdict.from_dict(json.loads((tmp_path / "out.json").read_text())).status is Status.FAIL


def test_what_was_not_asked_for_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not Reports().wanted
    Reports(report=tmp_path / "out.json").write(VERDICT, PATHS, {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    append(str(file), "one\n")
    append(str(file), "two\n")
    append("", "none")
    assert file.read_text() == "one\ntwo\n"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be written"):
        Reports(report=tmp_path).write(VERDICT, PATHS, {})
    with pytest.raises(Misconfigured, match="cannot be written"):
        append(str(tmp_path), "x")


def test_outputs_are_one_line_each_and_lists_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "outputs"
    outputs({"base": "a", "legs": [{"leg": "x"}]}, {"GITHUB_OUTPUT": str(file)})
    assert file.read_text() == 'base=a\nlegs=[{"leg": "x"}]\n'
    assert capsys.readouterr().out == ""
    outputs({"base": "a"}, {})
    assert capsys.readouterr().out == "base=a\n"


@pytest.mark.parametrize("value", ["a\nhead=b", "a\rb"])
def test_a_value_cannot_set_another_output(tmp_path: Path, value: str) -> None:
    file = tmp_path / "outputs"
    with pytest.raises(Misconfigured, match="more than one line"):
        outputs({"base": "fine", "head": value}, {"GITHUB_OUTPUT": str(file)})
    assert not file.exists()
