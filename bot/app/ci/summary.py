"""The summary of a job, in GitHub's Markdown. What others wrote is shown as text, and is never markup."""

from collections.abc import Sequence

from bot.app.ci.findings import Place
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

MARKS = {
    Status.PASS: "✅ pass",
    Status.PENDING: "🙋 waits for people",
    Status.INCONCLUSIVE: "❔ unclear",
    Status.ERROR: "⚠️ error",
    Status.FAIL: "❌ fail",
}
LISTED = 50
"""Findings in the summary; all of them stand in the report."""


def summary(verdict: Verdict, found: Sequence[Place] = (), title: str = "Megawatts") -> str:
    """A heading with the outcome, a row for each stage, and what was found."""
    lines = [f"## {title}: {MARKS[verdict.status]}", "", plain(verdict.because), ""]
    if verdict.children:
        lines += ["| stage | outcome | seconds | why |", "|---|---|---:|---|"]
        lines += [_row(child) for child in verdict.children]
    idle = verdict.facts.get("not_applicable")
    if isinstance(idle, dict):
        lines += [f"| {plain(name)} | - | | not applicable: {plain(why)} |" for name, why in idle.items()]
    if found:
        lines += ["", "| level | place | what |", "|---|---|---|"]
        lines += [f"| {place.level} | {_where(place)} | {plain(place.message)} |" for place in found[:LISTED]]
        if len(found) > LISTED:
            lines += ["", f"and {len(found) - LISTED} more"]
    return "\n".join(lines) + "\n"


def _row(stage: Verdict) -> str:
    name = f"{stage.facts.get('id', '')} {stage.name}".strip()
    return f"| {plain(name)} | {MARKS[stage.status]} | {stage.seconds:.1f} | {plain(stage.because)} |"


def _where(place: Place) -> str:
    if not place.path:
        return plain(place.stage)
    return plain(f"{place.path}:{place.line}" if place.line else place.path)


def plain(text: str) -> str:
    """Others' words as a code span on one line: no link, image, mention, cell or tag can come of them."""
    line = one_line(text, 400).replace("`", "'").replace("|", "\\|")
    return f"`{line}`" if line else ""
