"""`megawatts bot`: answer members over the chat endpoint."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bot")(bot)


def bot(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless you mean otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    revision: Annotated[
        str, typer.Option(envvar="MEGAWATTS_REVISION", help="Commit that runs, as it is shown everywhere.")
    ] = "unknown",
    data: Annotated[
        Path | None, typer.Option(help="Folder whose data.json holds newer data for this code (docs/reload.md).")
    ] = None,
) -> None:
    """Answer members over HTTP, and on Discord if it has a token, until SIGTERM. Example: megawatts bot --port 8080

    When ready, one line on stdout says so: {"ready": true, "port": 8080, "revision": "...", "pid": 1234}.
    Logs go to stderr, one JSON object a line.
    """
    import asyncio  # noqa: PLC0415  (only this command needs what follows)

    from bot.app import logs, settings  # noqa: PLC0415

    given = settings.load()
    logs.set_up(given.megawatts_log_level, process="bot", revision=revision)  # first: it imports structlog leanly
    from bot.app.bot_process import Launch, run  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415

    asyncio.run(run(Launch(host, port, revision, Home.find(home).create(), given, data)))
