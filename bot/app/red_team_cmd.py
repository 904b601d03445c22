"""`megawatts red-team`: judges what the gate caught, and says whether merges without people may go on."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.core.errors import Misconfigured
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict
from bot.policy.charter import PATH, parse
from bot.policy.red_team import Floor, judge, tally

CODES = {Status.PASS: 0, Status.FAIL: 1, Status.PENDING: 2, Status.INCONCLUSIVE: 2, Status.ERROR: 3}
EXAMPLE = "Example: megawatts red-team rows.jsonl --floor 0.95"
STATUS = "megawatts/red-team"
DESCRIPTION = 140
"""Characters of a commit status's description on GitHub."""
_DEFAULT = Floor()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("red-team", epilog=EXAMPLE)(red_team)


def red_team(
    rows: Annotated[Path, typer.Argument(help="Cases of `scripts/bench gate --resume FILE`, one JSON object a line.")],
    floor: Annotated[
        float | None,
        typer.Option(help="Least share of bad changes that must be shown to be caught [default: the charter's, 0.95]."),
    ] = None,
    repo: Annotated[Path, typer.Option(help="Root of the repository whose charter names the floor.")] = Path(),
    report: Annotated[
        Path | None, typer.Option(help="Home folder whose embedded forge is told, on the tip of its base branch.")
    ] = None,
    *,
    github: Annotated[bool, typer.Option("--github", help="Annotations, a job summary, outputs of the step.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, and nothing else.")] = False,
) -> None:
    """Judge what the gate caught. Exit code: 0 merges without people may go on, 1 not, 2 unclear: no either."""
    if floor is not None and not 0.0 < floor < 1.0:
        raise typer.BadParameter("give a share between 0 and 1", param_hint="--floor")
    verdict = judge(tally(_rows(rows)), replace(_DEFAULT, caught=_asked(repo) if floor is None else floor))
    if report is not None:
        asyncio.run(_report(report, verdict))
    if as_json:
        sys.stdout.write(json.dumps(verdict.to_dict(), indent=2) + "\n")
    else:
        from bot.app.validate_view import shown  # noqa: PLC0415  (rich is needed from here on only)

        sys.stdout.write(shown(verdict))
    if github:
        from bot.app.ci.reports import Reports, outputs  # noqa: PLC0415

        Reports(github=True, title="Red team").write(verdict, frozenset())
        told = "; ".join(child.because for child in verdict.children) if verdict.passed else verdict.because
        outputs({"state": "success" if verdict.passed else "failure", "because": one_line(told, DESCRIPTION)})
    raise typer.Exit(CODES[verdict.status])


async def _report(home: Path, verdict: Verdict) -> None:
    """On GitHub the workflow posts a status; here the forge takes the whole verdict."""
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (opens the forge)
    from bot.app.home import Home  # noqa: PLC0415

    forge = LocalForge(Home.find(home).existing().forge)
    facts = {**verdict.facts, "at": datetime.now(UTC).isoformat()}
    await forge.report(await forge.main(), STATUS, replace(verdict, facts=facts))


def _asked(repo: Path) -> float:
    """The charter's floor; the default where there is no charter, or none in it. A charter that does not hold is none
    to be guessed at."""
    try:
        text = (repo / PATH).read_text(encoding="utf-8")
    except FileNotFoundError:
        return _DEFAULT.caught
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{PATH} cannot be read ({type(error).__name__})") from error
    asked = parse(text).red_team
    return asked.floor if asked is not None else _DEFAULT.caught


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read as lines of JSON ({type(error).__name__})") from error
    for row in found:
        if not isinstance(row, dict):
            raise Misconfigured(f"{path} has a line that is no JSON object")
        yield row
