"""ruff with the configuration of the base, whatever the head says of itself."""

import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot.core.sandbox import Finished
from bot.improve.doors import Workspace
from bot.improve.stages._tools import tool


def config_file(root: Path) -> Path | None:
    """The file that ruff would read at the root of a checkout."""
    for name in (".ruff.toml", "ruff.toml"):
        if (root / name).is_file():
            return root / name
    pyproject = root / "pyproject.toml"
    try:
        found = "ruff" in tomllib.loads(pyproject.read_text()).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    return pyproject if found else None


def relative(name: str, work: Workspace) -> PurePosixPath:
    """A file as ruff names it, below the root of the checkout."""
    return PurePosixPath(name).relative_to(str(work.path)) if name.startswith("/") else PurePosixPath(name)


async def ruff(
    work: Workspace, command: Sequence[str], names: Sequence[str], base: Path, extra: Sequence[str] = ()
) -> Finished:
    """Run ruff on these files of a checkout, configured by the base's file, or isolated if the base has none."""
    config = config_file(base)
    chosen = ["--config", str(config)] if config else ["--isolated"]
    argv = ["ruff", *command, *chosen, *extra, "--force-exclude", "--", *names]
    return await tool(work, argv, readable=(base,))
