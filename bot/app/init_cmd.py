"""`megawatts init`: makes the embedded forge of a home folder from a repository."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    repo: Annotated[Path, typer.Option(help="Git repository whose HEAD becomes the base branch.")] = Path(),
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Make the embedded forge; one that is there stays. Example: megawatts init --repo . --home .megawatts"""
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (git is needed from here on only)
    from bot.app.home import Home  # noqa: PLC0415

    place = Home.find(home).create()
    forge = LocalForge.create(place.forge, repo.absolute())
    main = asyncio.run(forge.main())
    if as_json:
        typer.echo(json.dumps({"home": str(place.path), "main": main}))
        return
    typer.echo(f"the forge in {place.forge} is at {main[:12]}; start `megawatts deployer` and `megawatts controller`")
