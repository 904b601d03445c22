"""`megawatts backup` and `megawatts restore`: copies of what cannot be made again, and back from them."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.adapters.store.backup.folder import FolderBackups
    from bot.core.backup import Receipt

_Home = Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("backup", epilog="Example: megawatts backup --reason 'before the move'")(backup_command)
    app.command("restore", epilog="Example: megawatts restore --from ID --into /srv/megawatts-again")(restore_command)


def backup_command(
    home: _Home = None,
    reason: Annotated[str, typer.Option(help="Why it is made, for whoever finds it.")] = "by hand",
    keep: Annotated[int, typer.Option(help="So many stay; the oldest make room.", min=1)] = 5,
    verify: Annotated[str, typer.Option(metavar="ID", help="Look at that one instead: open every copy again.")] = "",
    *,
    listing: Annotated[bool, typer.Option("--list", help="List those there are instead.")] = False,
    as_json: _Json = False,
) -> None:
    """Make a verified backup of records, audit log, forge and database while all runs. Exit code 1: not whole."""
    backups = _opened(home)
    if verify:
        found = backups.verified(verify, deep=True)
        _say({"id": verify, "whole": found.passed, "because": found.because}, found.because, as_json=as_json)
        raise typer.Exit(0 if found.passed else 1)
    if listing:
        known = backups.known()
        lines = "\n".join(map(_line, known)) or "there is no backup yet"
        _say([_row(one) for one in known], lines, as_json=as_json)
        return
    made = backups.made(reason, keep)
    _say(_row(made), f"{_line(made)}\nin {backups.folder / made.id}", as_json=as_json)


def restore_command(
    source: Annotated[str, typer.Option("--from", metavar="ID", help="Which backup; `megawatts backup --list`.")],
    into: Annotated[Path, typer.Option(help="The home folder to make: not there yet, or empty.")],
    home: _Home = None,
    *,
    as_json: _Json = False,
) -> None:
    """Put a backup into an empty home folder, and a database into the empty one that DATABASE_URL names."""
    from bot.app.settings import load  # noqa: PLC0415
    from bot.app.stores import database_url  # noqa: PLC0415

    target = into.expanduser().absolute()
    held = _opened(home).restore(source, target, database_url(load()).reveal())
    row = {"id": source, "home": str(target), "parts": [part.name for part in held.parts]}
    told = f"restored {', '.join(part.name for part in held.parts)} of {held.at:%Y-%m-%d %H:%M:%S} UTC into {target}"
    _say(row, told, as_json=as_json)


def _opened(option: Path | None) -> "FolderBackups":
    from bot.app.backups import open_backups  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.settings import load  # noqa: PLC0415

    return open_backups(load(), Home.find(option).existing())


def _row(made: "Receipt") -> dict[str, object]:
    told = {"id": made.id, "at": made.at.isoformat(), "digest": made.digest, "bytes": made.size}
    return {**told, "parts": list(made.parts), "reason": made.reason}


def _line(made: "Receipt") -> str:
    return f"{made.id}  {made.size:,} bytes  {', '.join(made.parts)}  ({made.reason})"


def _say(row: Mapping[str, object] | Sequence[Mapping[str, object]], text: str, *, as_json: bool) -> None:
    sys.stdout.write(f"{json.dumps(row) if as_json else text}\n")
