"""`megawatts db`: the revision of the database, and bringing it to this version's."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

_Home = Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="The database: which revision it is at, and bringing it to this version's.")
    group.command("current", epilog="Example: megawatts db current")(current_command)
    group.command("upgrade", epilog="Example: megawatts db upgrade")(upgrade_command)
    app.add_typer(group, name="db", no_args_is_help=True)


def current_command(home: _Home = None, *, as_json: _Json = False) -> None:
    """Say which revision the database is at, changing nothing. Exit code: 0 this version's or empty, 1 another."""
    from bot.adapters.store.schema import HEAD  # noqa: PLC0415

    where, found = _look(home)
    if as_json:
        sys.stdout.write(json.dumps({"database": where, "revision": found, "newest": HEAD}) + "\n")
    else:
        sys.stdout.write(f"{where}: {_words(found)}, this version needs {HEAD}\n")
    raise typer.Exit(0 if found in (HEAD, "") else 1)


def upgrade_command(home: _Home = None) -> None:
    """Bring the database to this version's revision. A file is copied beside itself first; back up a server before."""
    where, before = _look(home)
    _upgrade(home)
    _where, after = _look(home)
    done = "nothing to do" if before == after else f"upgraded from {_words(before)}"
    sys.stdout.write(f"{where}: {_words(after)}, {done}\n")


def _look(home: Path | None) -> tuple[str, str | None]:
    """Where the database is, without its address, and its revision."""
    from bot.app import settings, stores  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415

    given = settings.load()
    address = stores.database_url(given)
    if address:
        stores.need_sql(given)
        from bot.adapters.store.sql.upkeep import current  # noqa: PLC0415

        setting = stores.database_setting(given)
        return f"the database of {setting}", current(address.reveal(), setting)
    from bot.adapters.store.sqlite_file import revision_of  # noqa: PLC0415

    path = Home.find(home).existing().records
    return str(path), revision_of(path)


def _upgrade(home: Path | None) -> None:
    from bot.app import settings, stores  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415

    given = settings.load()
    address = stores.database_url(given)
    if address:
        from bot.adapters.store.sql.upkeep import upgrade  # noqa: PLC0415

        upgrade(address.reveal(), stores.database_setting(given))
        return
    from bot.adapters.store.sqlite_file import open_file  # noqa: PLC0415

    open_file(Home.find(home).existing().records).close()


def _words(revision: str | None) -> str:
    return {None: "rows without a revision", "": "empty"}.get(revision, f"revision {revision}")
