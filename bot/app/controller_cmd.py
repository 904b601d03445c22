"""`megawatts controller`: the loop over proposals, one on a machine at a time."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app.alone import alone

if TYPE_CHECKING:
    from bot.app.wiring import Wanted


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
    revision: Annotated[
        str, typer.Option(help="Commit that this controller is of, for its metrics.", envvar="MEGAWATTS_REVISION")
    ] = "unknown",
) -> None:
    """Look at every proposal, decide, act, look again. Example: megawatts controller --home .megawatts"""
    from bot.app.wiring import Wanted  # noqa: PLC0415  (heavy parts are imported when the process starts)

    wanted = Wanted(on_request=on_request, new_ideas=ideas, rebuild=rebuild, revision=revision)
    asyncio.run(_main(home, wanted, once=once))


async def _main(option: Path | None, wanted: "Wanted", *, once: bool) -> None:
    from bot.app.events import emitter  # noqa: PLC0415  (as above)
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.wiring import controller_of  # noqa: PLC0415

    home = Home.find(option)
    with alone(home.path / "controller.lock"):
        async with controller_of(home, emitter("controller"), wanted) as engine:
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
