"""Dashboards are what the generator writes, speak PromQL, and draw only what there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.app.dashboards import FOLDER, MARKS, PAGES, generated
from tests.deploy.exported import exported, metrics_of, recorded

pytestmark = pytest.mark.integration  # the SDK has some hundred modules

BUILT_IN = {"up", "ALERTS"}
FILES = sorted(FOLDER.glob("*.json"))


def panels(path: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def test_what_is_committed_is_what_the_generator_writes() -> None:
    assert {path.name: path.read_text() for path in FILES} == generated(), "run python -m bot.app.dashboards"


def test_the_pages_that_were_asked_for_are_there() -> None:
    assert [page.name for page in PAGES] == ["bot", "loop", "cost", "revisions", "health"]
    loop = " ".join(next(page for page in PAGES if page.name == "loop").rows)
    assert "Modification activity" in loop
    assert "Validation results" in loop


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_expression_is_promql_over_metrics_that_there_are(path: Path) -> None:
    known = exported() | recorded() | BUILT_IN
    texts = [target["expr"] for panel in panels(path) for target in panel["targets"]]
    texts += [mark["expr"] for mark in json.loads(path.read_text())["annotations"]["list"]]
    assert len(texts) >= len(panels(path)) + len(MARKS)
    for text in texts:
        named = metrics_of(text)
        assert named, f"nothing is drawn by {text}"
        assert named <= known, f"{sorted(named - known)} in {text}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_label_of_a_legend_survives_its_expression(path: Path) -> None:
    """A label that `by` has dropped would be drawn as nothing."""
    for panel in panels(path):
        for target in panel["targets"]:
            wanted = set(re.findall(r"{{(\w+)}}", target.get("legendFormat", "")))
            grouped = [set(re.split(r",\s*", one)) for one in re.findall(r"by \(([^)]*)\)", target["expr"])]
            kept = set.intersection(*grouped) if grouped else wanted
            assert wanted <= kept, f"{panel['title']}: {wanted - kept}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_deploys_merges_and_reverts_are_marked_and_pictures_do_not_overlap(path: Path) -> None:
    board = json.loads(path.read_text())
    marks = board["annotations"]["list"]
    assert [mark["name"] for mark in marks] == list(MARKS)
    assert all(mark["enable"] and mark["titleFormat"] for mark in marks)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_page_is_tied_to_one_server_or_leads_out_of_the_house(path: Path) -> None:
    text = path.read_text()
    sources = {panel["datasource"]["uid"] for panel in panels(path)}
    assert sources == {"${datasource}"}
    assert "http" not in text
    assert json.loads(text)["uid"] == path.stem


def test_every_metric_of_the_house_is_drawn_somewhere_or_judged() -> None:
    drawn = {
        name for path in FILES for panel in panels(path) for t in panel["targets"] for name in metrics_of(t["expr"])
    }
    named = drawn | {name for text in _recording() for name in metrics_of(text)}
    idle = {
        name
        for name in exported() - named
        if not name.endswith(("_created", "_sum", "_count", "_info")) and not name.startswith("process_")
    }
    # The time of the last look is an alert's.
    assert idle == {"megawatts_audit_checked_timestamp_seconds"}


def _recording() -> list[str]:
    from tests.deploy.test_rules import rules

    return [rule["expr"] for rule in rules() if "record" in rule]
