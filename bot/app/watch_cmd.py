"""`megawatts watch`: the watcher of any application, and how right it has been."""

import asyncio
import json
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.core.errors import Misconfigured
from bot.core.text import one_line

if TYPE_CHECKING:
    from bot.improve.watcher.book import Book, Watch
    from bot.policy.watching import Settings

ConfigArgument = Annotated[Path, typer.Argument(help="The watcher's file: application, repository, mode, health.")]
HomeOption = Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")]
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Watch the deploys of any application: in the shadow first.", no_args_is_help=True)
    group.command("run")(run)
    group.command("report")(report)
    app.add_typer(group, name="watch")


def run(
    config: ConfigArgument,
    home: HomeOption = None,
    *,
    once: Annotated[bool, typer.Option(help="One look, then end.")] = False,
) -> None:
    """Look at what runs, conclude, and do what the mode allows. Example: megawatts watch run watch.toml"""
    asyncio.run(_run(read(config), home, once=once))


def report(
    config: ConfigArgument,
    home: HomeOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines.")] = False,
) -> None:
    """What it concluded, and whether that was right. Example: megawatts watch report watch.toml --json"""
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.settings import load  # noqa: PLC0415
    from bot.app.stores import open_records  # noqa: PLC0415
    from bot.improve.watcher.book import Book  # noqa: PLC0415

    settings = read(config)
    book = Book(open_records(load(), Home.find(home).existing()), settings.application)
    found = summary(settings, book)
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines(found)))


def read(config: Path) -> "Settings":
    """The file, parsed. Misconfigured if it is not there or wrong."""
    from bot.policy.watching import parse  # noqa: PLC0415

    try:
        text = config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{config} cannot be read: write one as in docs/watcher.md") from error
    return parse(text, config.name)


async def _run(settings: "Settings", option: Path | None, *, once: bool) -> None:
    from bot.app.alone import alone  # noqa: PLC0415  (heavy parts are imported when the process starts)
    from bot.app.events import emitter  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.watch_doors import open_doors  # noqa: PLC0415
    from bot.improve.watcher.watcher import Watcher  # noqa: PLC0415

    home = Home.find(option).create()
    name = settings.application.replace("/", "-")
    with alone(home.path / f"watcher-{name}.lock"):
        watcher = Watcher(await open_doors(settings, home, emitter("watcher")), settings)
        if once:
            await watcher.look()
            return
        task = asyncio.create_task(watcher.run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task


def summary(settings: "Settings", book: "Book") -> dict[str, Any]:
    """The figures and every conclusion. A rate is null where nothing was counted."""
    from bot.policy.watching import in_force  # noqa: PLC0415

    so_far = book.tally()
    mode, why = in_force(settings, so_far)
    return {
        "application": settings.application,
        "mode": settings.mode.value,
        "in_force": mode.value,
        "because": why,
        "alarms": {"right": so_far.alarms_right, "wrong": so_far.alarms_wrong},
        "quiet": {"right": so_far.quiet_right, "missed": so_far.missed},
        "unclear": so_far.unclear,
        "waiting": so_far.waiting,
        "precision": so_far.precision,
        "precision_at_least": round(so_far.precision_at_least, 4),
        "recall": so_far.recall,
        "watches": [_row(watch) for watch in book.all() if watch.would],
    }


def _row(watch: "Watch") -> dict[str, Any]:
    names = ("revision", "previous", "would", "because", "judged", "pull", "revert", "score")
    return {name: getattr(watch, name) for name in names}


def lines(found: dict[str, Any]) -> list[str]:
    """The report for people."""
    alarms, quiet = found["alarms"], found["quiet"]
    mode = found["mode"] if found["mode"] == found["in_force"] else f"{found['mode']}, for now {found['in_force']}"
    least = f"at least {found['precision_at_least']:.0%} (95 percent)"
    said = [
        f"{found['application']}: {mode}" + (f" ({found['because']})" if found["because"] else ""),
        f"alarms: {alarms['right']} right, {alarms['wrong']} wrong; precision {_share(found['precision'])}, {least}",
        f"quiet: {quiet['right']} right, {quiet['missed']} missed; recall {_share(found['recall'])}",
        f"unclear: {found['unclear']}; too early to say: {found['waiting']}",
    ]
    for row in found["watches"][-SHOWN:]:
        pull = f"#{row['pull']}" if row["pull"] else "pushed"
        words = (row["judged"][:19], row["revision"][:12], pull, row["would"], row["score"] or "-", row["because"])
        said.append(one_line("  ".join(words), 200))
    return said


def _share(rate: float | None) -> str:
    return "not known" if rate is None else f"{rate:.0%}"
