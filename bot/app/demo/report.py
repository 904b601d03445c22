"""The demo's report: one HTML file that needs nothing else, readable without scripts and by a screen reader."""

from pathlib import Path
from typing import Any

from bot.app.demo.model import Observed, Told
from bot.app.demo.picture import picture
from bot.core.verdict import Verdict

SIGN = {"pass": "✓", "fail": "✗", "pending": "…", "inconclusive": "?", "error": "!"}


def write(observed: Observed, file: Path) -> None:
    """Write the report, in place of an earlier one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render(observed), encoding="utf-8")


def render(observed: Observed) -> str:
    """The page. All text is escaped: titles, reasons and bodies may hold anything."""
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415  (only the report needs it)

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    proposals = [_proposal(told) for told in observed.proposals]
    stages = list(dict.fromkeys(cell["name"] for p in proposals for cell in p["cells"]))
    return environment.get_template("report.html.j2").render(
        observed=observed,
        steps=list(observed.steps.values()),
        chart=picture(observed.seconds, observed.marks),
        proposals=proposals,
        stages=stages,
    )


def _proposal(told: Told) -> dict[str, Any]:
    children = told.gate.children if told.gate else ()
    return {
        "told": told,
        "cells": [_cell(child) for child in children],
        "by_name": {child.name: _cell(child) for child in children},
        "tree": list(_lines(told.why)) if told.why else [],
        "evidence": [(line, depth) for child in children for line, depth in _lines(child)],
    }


def _cell(verdict: Verdict) -> dict[str, Any]:
    status = verdict.status.name.lower()
    return {
        "name": verdict.name,
        "status": status,
        "sign": SIGN[status],
        "because": verdict.because,
        "seconds": verdict.seconds,
    }


def _lines(verdict: Verdict, depth: int = 0) -> list[tuple[dict[str, Any], int]]:
    found = [(_cell(verdict), depth)]
    for child in verdict.children:
        found += _lines(child, depth + 1)
    return found
