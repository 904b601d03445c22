"""`megawatts docs`: write the generated references of this repository, or check that they are fresh."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.core.errors import Misconfigured


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("docs")(docs)


def docs(
    root: Annotated[Path | None, typer.Option(help="Checkout to write to [default: the one that runs].")] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 names what is stale.")] = False,
) -> None:
    """Write the references in docs/ from the code, or say which are stale. Example: megawatts docs --check"""
    from bot.app.references.scan import ROOT  # noqa: PLC0415  (all commands are imported by what follows)

    folder = (root or ROOT) / "docs"
    if not folder.is_dir():
        raise Misconfigured(f"there is no folder {folder}: name a checkout with --root")
    late = stale(folder)
    if check:
        typer.echo("\n".join(f"stale: {name}; run: megawatts docs" for name in late) or "fresh")
        raise typer.Exit(1 if late else 0)
    for name, text in late.items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"written: docs/{name}")


def pages() -> dict[str, Callable[[], str]]:
    """Each generated page and the function that writes it."""
    from bot.app.references.commands import commands  # noqa: PLC0415  (as above)
    from bot.app.references.events import events  # noqa: PLC0415
    from bot.app.references.http import http  # noqa: PLC0415
    from bot.app.references.metrics import metrics  # noqa: PLC0415
    from bot.app.references.settings import settings  # noqa: PLC0415
    from bot.app.references.tools import tools  # noqa: PLC0415

    return {
        "commands.md": commands,
        "events.md": events,
        "http.md": http,
        "metrics.md": metrics,
        "settings.md": settings,
        "tools.md": tools,
    }


def stale(folder: Path) -> dict[str, str]:
    """Pages in this folder that differ from what the code says, with the text that they should have."""
    made = {name: make() for name, make in pages().items()}
    return {name: text for name, text in made.items() if not _same(folder / name, text)}


def _same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
