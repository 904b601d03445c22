"""`megawatts improve`: the engine over any Python repository, its work left as branches."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.core.change import Finding, Kind
from bot.core.errors import MegawattsError

if TYPE_CHECKING:
    from bot.app.improve_run import Attempt, Report

EXAMPLE = "Example: megawatts improve ~/src/mypackage --max 3"
COULD_NOT = 3


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("improve", epilog=EXAMPLE)
    def improve(  # noqa: PLR0917  (typer reads options from parameters)
        path: Annotated[Path, typer.Argument(help="Root of a git repository; its work tree is never touched.")],
        only: Annotated[list[Kind] | None, typer.Option(help="Only improvements of this kind.")] = None,
        author: Annotated[
            list[str] | None,
            typer.Option(help="Only by this author; `agent` is a configured model, which costs money."),
        ] = None,
        most: Annotated[int, typer.Option("--max", min=1, max=100, help="At most so many are accepted.")] = 5,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Find and rank; write nothing.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
        python: Annotated[Path | None, typer.Option(help="Interpreter for the repository's code.")] = None,
    ) -> None:
        """Find, write and validate improvements from HEAD; each accepted one becomes a branch megawatts/ID.

        Exit code: 0 it ran, even with nothing found; 3 it could not.
        """
        from bot.app.improve_run import Asked, Improvement  # noqa: PLC0415  (the engine's libraries load here)
        from bot.app.improve_view import Teller, listing, table  # noqa: PLC0415

        asked = Asked(path.absolute(), tuple(only or ()), most, dry_run, python, tuple(author or ()))
        try:
            report = asyncio.run(Improvement(asked, Teller(quiet=as_json)).run())
        except MegawattsError as error:
            sys.stderr.write(f"megawatts improve: {error}\n")
            raise typer.Exit(COULD_NOT) from error
        except KeyboardInterrupt:
            sys.stderr.write("stopped: branches of improvements accepted so far stay, nothing else was touched\n")
            raise typer.Exit(130) from None
        if as_json:
            sys.stdout.write(json.dumps(as_dict(report), indent=2) + "\n")
            return
        if dry_run:
            sys.stdout.write(listing(report.findings, report.ideas))
            return
        sys.stdout.write(table(report.attempts) if report.attempts else "nothing was found that could be improved\n")


def as_dict(report: "Report") -> dict[str, Any]:
    """The JSON that other programs rely on (SPEC 14)."""
    return {
        "repo": str(report.repo),
        "base": report.base,
        "notes": report.notes,
        "findings": [_finding(f) for f in report.findings],
        "proposals": [_proposal(a) for a in report.attempts],
    }


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "path": str(finding.path),
        "line": finding.line,
        "end_line": finding.end_line,
        "severity": finding.severity.value,
        "message": finding.message,
        "analyst": finding.analyst,
        "symbol": finding.symbol,
        "evidence": dict(finding.evidence),
    }


def _proposal(attempt: "Attempt") -> Mapping[str, Any]:
    stages = attempt.verdict.children or (attempt.verdict,)
    return {
        "branch": attempt.branch,
        "kind": attempt.idea.kind.value,
        "author": attempt.idea.author,
        "title": attempt.idea.title,
        "files": list(attempt.files),
        "accepted": attempt.accepted,
        "stages": [stage.to_dict() for stage in stages],
    }
