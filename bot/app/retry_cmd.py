"""`megawatts retry`: a person asks for another try of an idea that was turned down, on the embedded forge.

On GitHub the boxes of the dashboard do the same, for whoever may write there.
"""

import asyncio
import json
import re
from typing import Annotated

import typer

from bot.app.emergency_cmd import HomeOption, JsonOption, who
from bot.app.home import Home
from bot.app.road_settings import road
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import ProposalId
from bot.core.text import one_line

_BOX = re.compile(r"^- \[ \] `([0-9a-f]{12})` ?(.*)$", re.MULTILINE)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retry")(retry)


def retry(
    idea: Annotated[str, typer.Argument(help="The 12 digits of an idea; none: list those that were turned down.")] = "",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let an idea that was turned down be tried again, judged anew. Example: megawatts retry 0123456789ab

    The controller hears it in its next round and tells what came of it as the event `retried`: an edit in quarantine
    stays there (`megawatts quarantine release`). While everything is stopped, it waits.
    """
    from bot.adapters.localforge.forge import LocalForge, read_dashboard  # noqa: PLC0415  (git, from here on only)

    place, named = Home.find(home).existing(), road().github_repository
    if named:
        raise Misconfigured(
            f"GITHUB_REPOSITORY is {named}: tick the idea's box in the issue `Megawatts dashboard` there"
        )
    if not (place.forge / "forge.db").is_file():
        raise Misconfigured(f"there is no forge in {place.path}: make one with `megawatts init`")
    there = boxes(read_dashboard(place.forge))
    if not idea:
        _listed(there, as_json=as_json)
        return
    if idea not in there:
        raise Denied(f"{one_line(idea, 40)!r} is no idea that was turned down: `megawatts retry` lists those")
    asyncio.run(LocalForge(place.forge, actor=who()).tick(ProposalId(idea)))
    row = {"asked": "retry", "idea": idea, "by": who()}
    typer.echo(json.dumps(row) if as_json else f"asked for {idea} again: {there[idea]}")


def boxes(text: str) -> dict[str, str]:
    """The empty boxes of a dashboard: what is known of each idea, by its digits. A row's words are untrusted text."""
    return {found[1]: one_line(found[2], 200) for found in _BOX.finditer(text)}


def _listed(there: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([{"idea": idea, "about": about} for idea, about in there.items()]))
        return
    typer.echo("\n".join(f"{idea}  {about}" for idea, about in there.items()) or "nothing was turned down")
