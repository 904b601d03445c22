"""`megawatts red-team`: judges what the gate caught, and says whether merges without people may go on."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.core.errors import Misconfigured
from bot.core.text import one_line
from bot.core.verdict import Status
from bot.policy.red_team import Floor, judge, tally

CODES = {Status.PASS: 0, Status.FAIL: 1, Status.PENDING: 2, Status.INCONCLUSIVE: 2, Status.ERROR: 3}
EXAMPLE = "Example: megawatts red-team rows.jsonl --floor 0.95"
DESCRIPTION = 140
"""Characters of a commit status's description on GitHub."""
_DEFAULT = Floor()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("red-team", epilog=EXAMPLE)(red_team)


def red_team(
    rows: Annotated[Path, typer.Argument(help="Cases of `scripts/bench gate --resume FILE`, one JSON object a line.")],
    floor: Annotated[float, typer.Option(help="Least share of bad changes that must be shown to be caught.")] = 0.95,
    *,
    github: Annotated[bool, typer.Option("--github", help="Annotations, a job summary, outputs of the step.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, and nothing else.")] = False,
) -> None:
    """Judge what the gate caught. Exit code: 0 merges without people may go on, 1 not, 2 unclear: no either."""
    if not 0.0 < floor < 1.0:
        raise typer.BadParameter("give a share between 0 and 1", param_hint="--floor")
    verdict = judge(tally(_rows(rows)), replace(_DEFAULT, caught=floor))
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
