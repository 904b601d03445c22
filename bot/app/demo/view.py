"""What a person sees while the demo runs: on a terminal a table that fills, elsewhere one plain line for each event."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.app.demo.model import Observed

GATES = 2
"""Gates whose progress is shown at once."""
MARK = {"ok": "[green]✓[/]", "failed": "[red]✗[/]", "not reached": "[dim]·[/]"}


def _ranking(row: Mapping[str, Any]) -> str:
    best = "; ".join(f"{idea['title']} ({idea['value']:.1f})" for idea in row["top"][:3])
    return f"{row['findings']} findings, {row['ideas']} ideas" + (f", best first by value: {best}" if best else "")


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "found": lambda r: f"{r['analyst']}: {r['findings']} findings",
    "ranked": _ranking,
    "written": lambda r: f"written by {r['author']}: {r['title']}",
    "declined": lambda r: f"{r['title']}: {r['because']}",
    "proposed": lambda r: f"pull request #{r['pull']}: {r['title']}",
    "asked": lambda r: f"#{r['pull']} waits for {r['of']}",
    "merged": lambda r: f"#{r['pull']} merged as {r['merge'][:7]}: {r['because']}",
    "starting": lambda r: f"deployer starts {r['sha'][:7]}",
    "switched": lambda r: f"deployer switched to {r['sha'][:7]}",
    "promoted": lambda r: f"{r['sha'][:7]} takes all traffic",
    "healthy": lambda r: f"#{r['pull']} is healthy in {r['version']}",
    "revert": lambda r: f"#{r['pull']} is unhealthy, taken back by #{r['revert']}: {r['because']}",
    "closed": lambda r: f"#{r['pull']} refused: {r['because']}",
    "vote_voided": lambda r: f"#{r['pull']} has a new head: the vote on the old one is void",
    "page": lambda r: f"#{r['pull']} needs a person: {r['because']}",
    "later": lambda r: f"later: {r['because']}",
    "denied": lambda r: f"denied: {r['because']}",
    "held": lambda r: f"held: {r['because']}",
    "failed": lambda r: f"{r['sha'][:7]} could not start: {r['because']}",
    "ended": lambda r: f"{r['process']} ended with code {r['code']}",
}
"""One sentence for each event that a person wants to see."""


class View:
    """Shows events as they come. `stage` events move the progress line and are no lines of their own."""

    def __init__(self, console: Console, observed: Observed) -> None:
        self._console, self._observed = console, observed
        self._live: Live | None = None
        self._gates: dict[str, dict[str, str]] = {}
        """Stages and how they stand, by what is judged; the one heard of last is the last."""
        self._last: list[str] = []

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._draw, console=self._console, refresh_per_second=4) as live:
            self._live = live
            yield
            self._live = None

    def event(self, row: Mapping[str, Any]) -> None:
        """Take in one event."""
        if row["event"] == "stage":
            self._stage(row)
            return
        words = WORDS.get(row["event"])
        if words is not None:
            self._line(words(row))

    def _stage(self, row: Mapping[str, Any]) -> None:
        stages = self._gates.pop(row["of"], {})
        if row["status"] == "runs" and stages.get(row["stage"], "runs") != "runs":
            stages = {}  # the same proposal is judged anew
        self._gates[row["of"]] = {**stages, row["stage"]: row["status"]}
        skipped = row["because"].startswith(("not run: ", "ended: "))
        if self._live is None and row["status"] != "runs" and not skipped:
            self._line(f"  {row['stage']:<13} {row['status']:<13} {row['of'][:40]}: {row['because']}")

    def _line(self, text: str) -> None:
        if self._live is None:
            self._console.print(Text(text), soft_wrap=True)
        self._last = [*self._last, text][-6:]

    def _draw(self) -> RenderableType:
        lines = Text("\n".join(self._last), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(table(self._observed), self._progress(), lines)

    def _progress(self) -> Text:
        """One line for each of the gates heard of last: several proposals are judged at once."""
        colours = {"pass": "green", "fail": "red", "pending": "yellow", "runs": "cyan"}
        found = Text(no_wrap=True, overflow="ellipsis")
        for of, stages in list(self._gates.items())[-GATES:]:
            found.append(f"{of[:40]}: ")
            for name, status in stages.items():
                found.append(f"{name} ", style=colours.get(status, "yellow"))
            found.append("\n")
        return found


def table(observed: Observed) -> Table:
    """Every step, what was seen of it, and how long it took."""
    found = Table(show_edge=False, pad_edge=False)
    for column in ("", "step", "what", "s"):
        found.add_column(column, justify="right" if column == "s" else "left")
    for step in observed.steps.values():
        seconds = f"{step.seconds:.1f}" if step.status != "not reached" else ""
        found.add_row(MARK[step.status], step.id, _what(step.title, step.facts), seconds)
    return found


def _what(title: str, facts: Mapping[str, Any]) -> Text:
    text = Text(title)
    shown = "; ".join(f"{name} {value}" for name, value in facts.items() if name != "log")
    if shown:
        text.append(f" ({shown[:160]})", style="dim")
    return text
