"""`megawatts deployer`: follows the embedded forge and runs the bot from what was merged."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deployer")(deployer)


def deployer(
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    port: Annotated[int, typer.Option(help="Port that members speak to; 0 takes a free one.")] = 0,
    *,
    reload: Annotated[
        bool, typer.Option(help="Let the warm bot read changes of data alone, instead of starting a new one.")
    ] = False,
    end_bots: Annotated[bool, typer.Option(help="End the bots when this process ends (else they run on).")] = False,
) -> None:
    """Follow the base branch and run the bot blue/green on loopback. Example: megawatts deployer --port 8080"""
    asyncio.run(_main(home, port, end_bots=end_bots, reload=reload))


async def _main(option: Path | None, port: int, *, end_bots: bool, reload: bool) -> None:
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (heavy, only needed here)
    from bot.adapters.localdeploy.follower import Follower, Plan  # noqa: PLC0415
    from bot.app.alone import alone  # noqa: PLC0415
    from bot.app.events import emitter  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.settings import given  # noqa: PLC0415
    from bot.core.ids import Sha  # noqa: PLC0415

    home = Home.find(option)

    def argv(sha: Sha) -> list[str]:
        return ["-m", "bot", "bot", "--port", "0", "--home", str(home.path), "--revision", sha]

    say = emitter("deployer")
    plan = Plan(GitRepository(home.forge / "repo.git"), "main", home.deploy, argv, extra=given(), reload=reload)
    follower = Follower(plan, say)
    with alone(home.path / "deployer.lock"):
        task = asyncio.create_task(follower.run(port))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, task.cancel)
        with suppress(asyncio.CancelledError):
            await task
        if end_bots:
            await follower.shut_down()
