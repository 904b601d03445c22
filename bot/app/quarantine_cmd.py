"""`megawatts quarantine`: the edits that were taken back, and a person's word that one may come again."""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.app.emergency_cmd import HomeOption, JsonOption, who
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import open_audit, open_records
from bot.core.text import one_line
from bot.improve.reverts import shunned


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Edits that were taken back and are not proposed again.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("release")(release)
    app.add_typer(group, name="quarantine")


def listed(
    home: HomeOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is in quarantine, by pull request, and why. Example: megawatts quarantine list --all"""
    place = Home.find(home).existing()
    with closing(open_records(load(), place)) as records:
        rows = edits(records.scan(shunned.TABLE))
    shown = [row for row in rows if everything or "released" not in row]
    if as_json:
        typer.echo(json.dumps(shown))
        return
    typer.echo("\n".join(map(_line, shown)) or "nothing is in quarantine")


def release(
    pull: Annotated[int, typer.Argument(help="Number of the pull request that was taken back.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let an edit be proposed again, on record. Example: megawatts quarantine release 12 --reason "a full disk" """
    place, by, settings = Home.find(home).existing(), who(), load()
    with closing(open_records(settings, place)) as records:
        audit = open_audit(settings, place, records)
        names = shunned.release(records, audit, pull, by=by, reason=reason, at=datetime.now(UTC))
    row = {"asked": "release", "pull": pull, "by": by, "names": names}
    typer.echo(json.dumps(row) if as_json else f"#{pull} may be proposed again ({names} names of its edit)")


def edits(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """One row for each pull request out of the names of its edit, by number."""
    found: dict[int, dict[str, Any]] = {}
    for name, row in rows:
        one = found.setdefault(
            int(row["pull"]), {"pull": int(row["pull"]), "because": str(row["because"]), "names": []}
        )
        one["names"].append(name)
        if "released" in row:
            one["released"] = dict(row["released"])
    return [found[pull] for pull in sorted(found)]


def _line(row: Mapping[str, Any]) -> str:
    done = row.get("released")
    ended = f"; released by {one_line(str(done['by']), 80)}: {one_line(str(done['reason']), 200)}" if done else ""
    return f"#{row['pull']}: {one_line(str(row['because']), 200)}{ended}"
