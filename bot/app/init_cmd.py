"""`megawatts init`: the embedded forge of a home folder, or what a fork on GitHub lacks."""

import asyncio
import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app.setup.files import Differing, Wish
from bot.core.errors import Misconfigured
from bot.policy.repository_setup import Action, Change

if TYPE_CHECKING:
    from bot.app.setup.plan import Choice

ROOT = Path(__file__).parent.parent.parent
_MARKS = {Action.CREATE: "+", Action.UPDATE: "~", Action.SAME: "=", Action.KEEP: "=", Action.LATER: "?"}


class Which(StrEnum):
    """One of the two Apps."""

    ENGINE = "engine"
    REVERTS = "reverts"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    *,
    repo: Annotated[Path, typer.Option(help="Git repository whose HEAD becomes the base branch.")] = Path(),
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    github: Annotated[str, typer.Option(help="Set up this fork on GitHub: OWNER/NAME. Reads GITHUB_TOKEN.")] = "",
    write: Annotated[
        Path | None, typer.Option(help="Write the files into this checkout of a fork; asks nobody over the network.")
    ] = None,
    maintainer: Annotated[
        list[str] | None, typer.Option(help="Login of a maintainer, for a charter that names none yet; once for each.")
    ] = None,
    home_guild: Annotated[str, typer.Option(help="Id of the Discord server whose votes count.")] = "",
    base: Annotated[str, typer.Option(help="Base branch [default: as the charter or GitHub says].")] = "",
    differing: Annotated[
        Differing, typer.Option(help="What to do about files that differ from the product's.")
    ] = Differing.REFUSE,
    engine_app: Annotated[int | None, typer.Option(help="App id of the engine.")] = None,
    reverts_app: Annotated[int | None, typer.Option(help="App id of the App that merges reverts.")] = None,
    webhook: Annotated[str, typer.Option(help="Address for webhooks, for the Apps' manifests.")] = "",
    register_app: Annotated[
        Which | None, typer.Option("--register", help="Register this App of the fork by a page on this machine.")
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", hidden=True, help="Refused, with the reason.")] = False,
    queue: Annotated[bool, typer.Option(help="Ask for GitHub's merge queue.")] = False,
    trial: Annotated[
        bool, typer.Option(help="Make rules without Apps: anybody who writes could post the checks.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only show what would change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Make the embedded forge, or set up a fork. Example: megawatts init --github octo/bot --maintainer ann --dry-run

    Without --github or --write: the embedded forge in a home folder; one that is there stays. With them it writes what
    is missing, once, and refuses where something else is there. Exit code 0 if nothing conflicts, else 1.
    """
    if linear:
        raise Misconfigured("--linear cannot be had: a linear history forbids the merge commits that reverts go by")
    if register_app is not None:
        _register(register_app, github, home, webhook, queue=queue)
        return
    if not github and write is None:
        _embedded(repo, home, as_json=as_json)
        return
    from bot.app.setup.access import access  # noqa: PLC0415
    from bot.app.setup.on_github import set_up  # noqa: PLC0415
    from bot.app.setup.plan import Choice  # noqa: PLC0415

    wish = Wish(tuple(maintainer or ()), home_guild, base, differing)
    found = access(github)
    choice = Choice(found.apps(engine_app, reverts_app), queue=queue, trial=trial)
    if write is not None:
        rows, pull = _written(write, github, wish, choice, webhook, dry_run=dry_run), ""
    else:
        outcome = set_up(found, ROOT, wish, choice, dry_run=dry_run)
        rows, pull = outcome.rows, outcome.pull
    _show(rows, pull, dry_run=dry_run, as_json=as_json)


def _embedded(repo: Path, home: Path | None, *, as_json: bool) -> None:
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (git is needed from here on only)
    from bot.app.home import Home  # noqa: PLC0415

    place = Home.find(home).create()
    forge = LocalForge.create(place.forge, repo.absolute())
    main = asyncio.run(forge.main())
    if as_json:
        typer.echo(json.dumps({"home": str(place.path), "main": main}))
        return
    typer.echo(f"the forge in {place.forge} is at {main[:12]}; start `megawatts deployer` and `megawatts controller`")


def _register(which: Which, repository: str, home: Path | None, hook: str, *, queue: bool) -> None:
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.setup.access import access  # noqa: PLC0415
    from bot.app.setup.registering import register as registering  # noqa: PLC0415
    from bot.policy.app_access import ENGINE, REVERTS  # noqa: PLC0415

    role = ENGINE if which is Which.ENGINE else REVERTS
    found = access(repository)
    place = Home.find(home).create().path / "github"
    registering(role, found.repository, place, api=found.api, hook=hook, queue=queue, say=typer.echo)


def _written(
    folder: Path, repository: str, wish: Wish, choice: "Choice", hook: str, *, dry_run: bool
) -> tuple[Change, ...]:
    """Files only: nobody is asked, so that rules and Apps become files to import by hand."""
    from bot.app.setup.files import lay_out, product  # noqa: PLC0415
    from bot.app.setup.plan import NO_APPS, wanted  # noqa: PLC0415
    from bot.app.setup.written import by_hand, present, write  # noqa: PLC0415

    there = present(folder)
    layout = lay_out(product(ROOT), there, wish)
    if layout.charter is None:
        return layout.changes
    rules = wanted(layout.charter, choice) if choice.bound or choice.trial else ()
    beside = by_hand(rules, repository, hook, queue=choice.queue)
    rows = [*layout.changes, *(_beside(path, file.text, there.get(path)) for path, file in beside.items())]
    if not rules:
        rows.append(Change("by hand", "rulesets", Action.LATER, NO_APPS))
    if not dry_run and not any(row.action is Action.CONFLICT for row in rows):
        write(folder, {**layout.write, **beside})
    return tuple(rows)


def _beside(path: str, text: str, there: str | None) -> Change:
    action = Action.CREATE if there is None else Action.SAME if there == text else Action.UPDATE
    return Change("by hand", path, action)


def _show(rows: Iterable[Change], pull: str, *, dry_run: bool, as_json: bool) -> None:
    rows = tuple(rows)
    conflicts = [row for row in rows if row.action is Action.CONFLICT]
    if as_json:
        shown = [{"area": r.area, "name": r.name, "action": r.action.value, "because": r.because} for r in rows]
        typer.echo(json.dumps({"changes": shown, "pull_request": pull, "dry_run": dry_run}, indent=1))
    else:
        typer.echo("\n".join(_line(row) for row in rows))
        typer.echo(_last(rows, pull, dry_run=dry_run))
    if conflicts:
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        typer.echo(f"megawatts: {conflicts[0].name} {conflicts[0].because}{more}", err=True)
        raise typer.Exit(1)


def _line(row: Change) -> str:
    mark = _MARKS.get(row.action, "!")
    return f"{mark} {row.action:8} {row.area:11} {row.name}" + (f": {row.because}" if row.because else "")


def _last(rows: tuple[Change, ...], pull: str, *, dry_run: bool) -> str:
    count = sum(row.action in {Action.CREATE, Action.UPDATE} for row in rows)
    if any(row.action is Action.CONFLICT for row in rows):
        return "nothing was changed"
    if dry_run:
        return f"a dry run: {count} would change"
    waiting = sum(row.action is Action.LATER for row in rows)
    said = f"{count} changed" + (f", {waiting} wait for you (`megawatts doctor` tells what)" if waiting else "")
    return f"{said}; merge {pull}, then run this again" if pull else said
