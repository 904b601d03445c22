"""`megawatts controller`: the loop over proposals, one on a machine at a time."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.app.alone import alone


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("controller")(controller)


def controller(
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    *,
    once: Annotated[bool, typer.Option(help="One round, then end.")] = False,
    on_request: Annotated[bool, typer.Option(help="Try only ideas that a person asked for.")] = False,
    ideas: Annotated[bool, typer.Option(help="Whether to have ideas at all.")] = True,
    rebuild: Annotated[
        bool, typer.Option(help="Put damaged records aside and read from the forge what can be read.")
    ] = False,
) -> None:
    """Look at every proposal, decide, act, look again. Example: megawatts controller --home .megawatts"""
    asyncio.run(_main(home, once=once, on_request=on_request, ideas=ideas, rebuild=rebuild))


async def _main(option: Path | None, *, once: bool, on_request: bool, ideas: bool, rebuild: bool) -> None:
    from bot.app.events import emitter  # noqa: PLC0415  (heavy parts are imported when the process starts)
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.wiring import controller_of  # noqa: PLC0415

    home = Home.find(option)
    with alone(home.path / "controller.lock"):
        say = emitter("controller")
        engine = await controller_of(home, say, on_request=on_request, new_ideas=ideas, rebuild=rebuild)
        if once:
            await engine.reconcile()
            await engine.settle_tasks()
            await engine.reconcile()
            return
        task = asyncio.create_task(engine.run())
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, task.cancel)
        with suppress(asyncio.CancelledError):
            await task
