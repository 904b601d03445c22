"""How a validation looks to a person: live on a terminal, plain lines elsewhere, a tree at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text
from rich.tree import Tree

from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

MARKS = {
    Status.PASS: ("pass", "green"),
    Status.PENDING: ("waits", "yellow"),
    Status.INCONCLUSIVE: ("unclear", "yellow"),
    Status.ERROR: ("error", "red"),
    Status.FAIL: ("FAIL", "bold red"),
}
LISTED = 8
"""Findings shown under one verdict; all of them stand in the JSON."""

Watch = Callable[[str, Verdict | None], None]


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Watch]:
    """A callback that shows on stderr what the gate does. Quiet: it shows nothing."""
    if quiet:
        yield lambda _name, _verdict: None
    elif sys.stderr.isatty():
        columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _Live(progress)
    else:
        yield _line


class _Live:
    """One row for each running stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._rows: dict[str, int] = {}

    def __call__(self, name: str, verdict: Verdict | None) -> None:
        if verdict is None:
            self._rows[name] = self._progress.add_task(name, total=1)
            return
        row = self._rows.get(name)
        if row is not None:
            word, style = MARKS[verdict.status]
            self._progress.update(row, completed=1, description=f"{name} [{style}]{word}[/]")  # type: ignore[arg-type]


def _line(name: str, verdict: Verdict | None) -> None:
    if verdict is not None:
        text = one_line(verdict.because, 200)
        sys.stderr.write(f"{name}: {verdict.status.name.lower()} ({verdict.seconds:.1f} s) {text}\n")


def shown(verdict: Verdict) -> str:
    """The verdict as a tree of text; coloured if stdout is a terminal."""
    out = StringIO()
    console = Console(file=out, force_terminal=sys.stdout.isatty(), width=140 if not sys.stdout.isatty() else None)
    console.print(_tree(verdict))
    idle = verdict.facts.get("not_applicable")
    if isinstance(idle, dict) and idle:
        console.print(Text("not applicable: " + "; ".join(f"{name} ({why})" for name, why in idle.items())))
    return out.getvalue()


def _tree(verdict: Verdict) -> Tree:
    tree = Tree(_label(verdict))
    for child in verdict.children:
        tree.add(_tree(child))
    findings = verdict.facts.get("findings")
    if isinstance(findings, list) and len(findings) > 1:
        for finding in findings[:LISTED]:
            tree.add(Text(one_line(finding, 300)))
        if len(findings) > LISTED:
            tree.add(Text(f"and {len(findings) - LISTED} more"))
    return tree


def _label(verdict: Verdict) -> Text:
    word, style = MARKS[verdict.status]
    label = Text.assemble((word.ljust(8), style), (verdict.name, "bold"), "  ", one_line(verdict.because, 400))
    if verdict.seconds >= 0.05:
        label.append(f"  {verdict.seconds:.1f} s", "dim")
    return label
