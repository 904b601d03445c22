"""`megawatts config`: what is set, and by whom."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from bot.app import settings
from bot.app.environment import Shown
from bot.chat import tuning


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="What is set, and by whom.")
    group.callback()(_group)
    group.command("show")(show)
    app.add_typer(group, name="config")


def _group() -> None:
    """What is set, and by whom."""


def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every setting and tuned parameter. Example: megawatts config show --origin"""
    rows = settings.shown()
    rows += [
        Shown(
            one.name, f"{one.value:g}", "bot/chat/tuning.toml", f"{one.what} ({one.unit}, {one.min:g} to {one.max:g})"
        )
        for one in tuning.parameters().values()
    ]
    if as_json:
        sys.stdout.write(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
        return
    for row in rows:
        where = f"  [{row.origin}]" if origin else ""
        sys.stdout.write(f"{row.name} = {row.value or '(unset)'}{where}\n    {row.what}\n")
