"""How a run of `megawatts improve` looks to a person: bars on a terminal, plain lines elsewhere, a table at the end."""

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from io import StringIO
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.validate_view import Watch, watching
from bot.core.change import Finding, Idea
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

SHOWN = 40
"""Findings listed for people; all of them stand in the JSON."""


class Teller:
    """Tells on stderr what happens; quiet, it tells nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet

    def step(self, text: str) -> None:
        """Something begins."""
        if self._live:
            sys.stderr.write(f"\r\033[K{one_line(text, 100)} ...")
            sys.stderr.flush()
        else:
            self._line(text)

    def note(self, text: str) -> None:
        """Something a person should know, kept on the screen."""
        self._line(f"note: {text}")

    def found(self, analyst: str, count: int) -> None:
        self._line(f"{analyst}: {count} findings")

    def done(self, title: str, accepted: bool, because: str) -> None:
        self._line(
            f"{'accepted' if accepted else 'refused'}: {one_line(title, 100)}"
            + ("" if accepted else f" ({one_line(because, 300)})")
        )

    def watching(self, title: str) -> AbstractContextManager[Watch]:
        """What the gate does, live on a terminal; its lines would drown the rest elsewhere."""
        self.step(f"validates: {title}")
        if self._live:
            sys.stderr.write("\r\033[K")
            return watching()
        return nullcontext(lambda _name, _verdict: None)

    def _line(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(("\r\033[K" if self._live else "") + text + "\n")
            sys.stderr.flush()


class Tried(Protocol):
    """One attempt, as the table needs it."""

    @property
    def idea(self) -> Idea: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def accepted(self) -> bool: ...
    @property
    def branch(self) -> str: ...


def table(attempts: Sequence[Tried]) -> str:
    """What was tried, by whom, and what came of it."""
    rows = Table("what", "author", "result", "branch, or which stage refused and why")
    for attempt in attempts:
        good = attempt.accepted
        result = Text("accepted", "green") if good else Text("refused", "red")
        rows.add_row(
            Text(attempt.idea.title),
            attempt.idea.author,
            result,
            Text(attempt.branch if good else reason(attempt.verdict)),
        )
    return _text(rows)


def reason(verdict: Verdict) -> str:
    """The stage that refused, with its id, and its sentence."""
    worst = max(verdict.children, key=lambda v: v.status, default=None)
    if worst is None or worst.status is Status.PASS:
        return one_line(f"{verdict.name}: {verdict.because}", 300)
    stage = str(worst.facts.get("id", ""))
    return one_line(f"{stage} {worst.name} ({worst.status.name.lower()}): {worst.because}".strip(), 300)


def listing(findings: Sequence[Finding], ideas: Sequence[Idea]) -> str:
    """Findings by rule, the first of them in full, and the ranked ideas."""
    lines = [
        f"{len(findings)} findings: "
        + ", ".join(f"{rule} {n}" for rule, n in sorted(Counter(f.rule for f in findings).items()))
    ]
    lines += [f"  {f.path}:{f.line} {f.rule} ({f.severity.value}) {one_line(f.message, 120)}" for f in findings[:SHOWN]]
    if len(findings) > SHOWN:
        lines.append(f"  and {len(findings) - SHOWN} more (--json lists all)")
    lines.append(f"{len(ideas)} ideas, best first:")
    lines += [f"  {idea.value:.2f} {idea.id} {idea.author}: {one_line(idea.title, 100)}" for idea in ideas[:20]]
    return "\n".join(lines) + "\n"


def _text(rows: Table) -> str:
    out = StringIO()
    tty = sys.stdout.isatty()
    Console(file=out, force_terminal=tty, width=None if tty else 160).print(rows)
    return out.getvalue()
