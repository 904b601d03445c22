"""`megawatts docs`: write the generated files of this repository, or check that they are fresh."""

from collections.abc import Callable
from importlib.util import find_spec
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
    """Write references, dashboards and the chart's files, or say which are stale. Example: megawatts docs --check"""
    from bot.app.references.scan import ROOT  # noqa: PLC0415  (all commands are imported by what follows)

    place = root or ROOT
    if not (place / "docs").is_dir():
        raise Misconfigured(f"there is no folder {place / 'docs'}: name a checkout with --root")
    late = everything(place)
    if check:
        typer.echo("\n".join(f"stale: {name}; run: megawatts docs" for name in late) or "fresh")
        raise typer.Exit(1 if late else 0)
    for make in (pages_of, dashboards_of, chart_of):  # the chart's files are made from the dashboards
        for name, text in make(place).items():
            _write(place / name, text)
            typer.echo(f"{'removed' if text is None else 'written'}: {name}")


def _write(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


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


Late = dict[str, str | None]
"""Files that differ from what they should be, by path in the checkout, with their text; None: there should be none."""


def everything(root: Path) -> Late:
    """All that is stale."""
    return {**pages_of(root), **dashboards_of(root), **chart_of(root)}


def pages_of(root: Path) -> Late:
    """The references."""
    made = {f"docs/{name}": make() for name, make in pages().items()}
    return {name: text for name, text in made.items() if not _same(root / name, text)}


def dashboards_of(root: Path) -> Late:
    """Grafana's dashboards, where the package that builds them is installed: it is a developer's."""
    if not (root / "deploy" / "grafana").is_dir() or find_spec("grafana_foundation_sdk") is None:
        return {}
    from bot.app.dashboards import generated  # noqa: PLC0415  (developers only)

    made = {f"deploy/grafana/{name}": text for name, text in generated().items()}
    return {name: text for name, text in made.items() if not _same(root / name, text)}


def chart_of(root: Path) -> Late:
    """What the chart takes from charter, settings, rules and dashboards."""
    from bot.app import deploy_files  # noqa: PLC0415  (as above)

    return deploy_files.stale(root) if (root / deploy_files.CHART).is_dir() else {}


def _same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
