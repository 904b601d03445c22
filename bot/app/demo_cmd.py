"""`megawatts demo`: the whole loop on this machine, with no token, no key and no server."""

import asyncio
import json
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

ENDED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, as shells tell it."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    as_json: Annotated[Path | None, typer.Option("--json", help="Write what was observed as JSON.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as one HTML file.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep forge, logs and records in this empty folder.")] = None,
) -> None:
    """Play the loop on a clone of this repository; exit 0 if all was seen. Example: megawatts demo --report d.html"""
    from bot.core.errors import Misconfigured  # noqa: PLC0415

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise Misconfigured(f"{keep} is not empty: name a new folder with --keep")
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="megawatts-demo-")))
        try:
            passed = asyncio.run(_until_ended(folder.absolute(), as_json, report))
        except asyncio.CancelledError:
            raise typer.Exit(ENDED) from None
    raise typer.Exit(0 if passed else 1)


async def _until_ended(folder: Path, as_json: Path | None, report: Path | None) -> bool:
    """The demo as a task that SIGTERM cancels: its processes end with it, as they do with Ctrl-C."""
    task = asyncio.ensure_future(_main(folder, as_json, report))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


async def _main(folder: Path, as_json: Path | None, report: Path | None) -> bool:
    from rich.console import Console  # noqa: PLC0415  (heavy parts are imported when the demo runs)

    from bot.app.demo.collect import collect  # noqa: PLC0415
    from bot.app.demo.play import play  # noqa: PLC0415
    from bot.app.demo.report import write  # noqa: PLC0415
    from bot.app.demo.scene import scene  # noqa: PLC0415
    from bot.app.demo.view import View, table  # noqa: PLC0415
    from bot.app.wiring import OWN_PYTHON  # noqa: PLC0415

    console = Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty())
    console.print("Megawatts: the whole loop on this machine, on a clone of its own repository.\n")
    begun = time.monotonic()
    async with scene(folder, OWN_PYTHON) as stage:
        observed = stage.observed
        view = View(console, observed)
        stage.journal.watchers.append(view.event)
        with view.shown():
            await play(stage)
        await collect(stage)
    observed.spent = time.monotonic() - begun
    console.print()
    console.print(table(observed))
    verdict = "every outcome was observed" if observed.passed else "something was not observed"
    console.print(f"\n{verdict} in {observed.spent:.0f} s")
    if as_json is not None:
        as_json.parent.mkdir(parents=True, exist_ok=True)
        as_json.write_text(json.dumps(observed.to_dict(), indent=2))
    if report is not None:
        write(observed, report)
        console.print(f"report: {report}")
    return observed.passed
