"""`megawatts controller`: the loop over proposals, one on a machine at a time."""

import asyncio
import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.core.errors import Misconfigured


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("controller")(controller)


def controller(
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    *,
    once: Annotated[bool, typer.Option(help="One round, then end.")] = False,
    on_request: Annotated[bool, typer.Option(help="Try only ideas that a person asked for.")] = False,
    ideas: Annotated[bool, typer.Option(help="Whether to have ideas at all.")] = True,
) -> None:
    """Look at every proposal, decide, act, look again. Example: megawatts controller --home .megawatts"""
    asyncio.run(_main(home, once=once, on_request=on_request, ideas=ideas))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold the controller's lock; Misconfigured if another one runs here. The kernel frees it when a process dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misconfigured(
                f"another controller runs on {lock.parent}: end it first, or name another home with --home"
            ) from error
        yield


async def _main(option: Path | None, *, once: bool, on_request: bool, ideas: bool) -> None:
    from bot.app.events import emitter  # noqa: PLC0415  (heavy parts are imported when the process starts)
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.wiring import controller_of  # noqa: PLC0415

    home = Home.find(option)
    with alone(home.path / "controller.lock"):
        engine = await controller_of(home, emitter("controller"), on_request=on_request, new_ideas=ideas)
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
