"""`megawatts audit verify`, `search` and `export`."""

import json
import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.adapters.store.entries import line_of, row_of
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import audit_alone
from bot.core.audit import Entry
from bot.core.errors import Misconfigured
from bot.core.ports import AuditLog
from bot.core.text import one_line

HomeOption = Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of lines.")]
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty fields match everything. Words match anywhere, whatever their case."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    text: str = ""
    since: datetime | None = None

    def matches(self, entry: Entry) -> bool:
        """Whether the entry is one of those asked for."""
        everything = "\n".join((entry.actor, entry.act, entry.subject, entry.reason, *entry.facts.values()))
        asked = (
            (self.actor, entry.actor),
            (self.act, entry.act),
            (self.subject, entry.subject),
            (self.text, everything),
        )
        recent = self.since is None or entry.at >= self.since
        return recent and all(word.casefold() in held.casefold() for word, held in asked)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The append-only log of every act.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("search")(search)
    group.command("export")(export)
    app.add_typer(group, name="audit")


def verify(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Check every link of the log; exit 1 names the first that is broken. Example: megawatts audit verify"""
    with _log(home) as log:
        verdict = log.verify()
    typer.echo(json.dumps(verdict.to_dict()) if as_json else f"{verdict.status.name.lower()}: {verdict.because}")
    raise typer.Exit(0 if verdict.passed else 1)


def search(
    home: HomeOption = None,
    *,
    actor: Annotated[str, typer.Option(help="Who.")] = "",
    act: Annotated[str, typer.Option(help="Did what: merge, revert, stop ...")] = "",
    subject: Annotated[str, typer.Option(help="To what: a pull request, a commit ...")] = "",
    text: Annotated[str, typer.Option(help="Words anywhere in the entry.")] = "",
    since: Annotated[str, typer.Option(help="A time (2026-01-31T12:00) or an age (90m, 12h, 7d).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Entries that match, oldest first. Example: megawatts audit search --act revert --since 7d"""
    wanted = Wanted(actor, act, subject, text, moment(since, datetime.now(UTC)) if since else None)
    with _log(home) as log:
        found = [entry for entry in log.entries() if wanted.matches(entry)]
    typer.echo(json.dumps([row_of(entry) for entry in found]) if as_json else "\n".join(_lines(found)))


def export(
    home: HomeOption = None,
    *,
    since: Annotated[str, typer.Option(help="A time (2026-01-31T12:00) or an age (90m, 12h, 7d).")] = "",
    after: Annotated[int, typer.Option(help="Number of the last entry that you have.", min=0)] = 0,
) -> None:
    """Entries with all their hashes, one JSON object a line, for a SIEM. Example: megawatts audit export --since 1d"""
    start = moment(since, datetime.now(UTC)) if since else None
    with _log(home) as log:
        for entry in log.entries():
            if entry.number > after and (start is None or entry.at >= start):
                typer.echo(line_of(entry))


def _log(home: Path | None) -> AbstractContextManager[AuditLog]:
    return audit_alone(load(), Home.find(home).existing())


def moment(text: str, now: datetime) -> datetime:
    """A time, UTC unless it says otherwise, or so long before `now`. Misconfigured for anything else."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise Misconfigured(f"--since {text[:40]!r} is no time: write 2026-01-31T12:00, or 90m, 12h, 7d") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _lines(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        facts = " ".join(f"{key}={value}" for key, value in entry.facts.items())
        words = (
            f"{entry.number}",
            f"{entry.at:%Y-%m-%d %H:%M:%SZ}",
            entry.actor,
            entry.act,
            entry.subject,
            entry.reason,
        )
        yield one_line("  ".join((*words, facts)), 400)
