"""What mypy is told by a repository: its configuration file, and what it is to check."""

import configparser
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from bot.improve.doors import Profile

INI = ("mypy.ini", ".mypy.ini", "setup.cfg")


def config_file(root: Path) -> Path | None:
    """The file that mypy would read at the root, in its own order; None if no file there speaks of mypy."""
    for name in (*INI[:2], "pyproject.toml", INI[2]):
        if _settings(root / name) is not None:
            return root / name
    return None


def targets(config: Path, root: Path, profile: Profile) -> list[str]:
    """Paths to check: those of the configuration, else the packages of the product."""
    settings = _settings(config) or {}
    files = settings.get("files", [])
    words = files.replace("\n", ",").split(",") if isinstance(files, str) else [str(word) for word in files]
    found = [str(p.relative_to(root)) for word in words if (w := word.strip()) for p in _expand(root, w)]
    return sorted(set(found)) or [str(p) for p in profile.packages] or ["."]


def _expand(root: Path, word: str) -> list[Path]:
    word = word.removeprefix("./").rstrip("/")
    if word in {"", "."}:
        return [root]
    if word.startswith("/") or ".." in PurePosixPath(word).parts:
        return []
    return sorted(root.glob(word))


def _settings(path: Path) -> dict[str, Any] | None:
    """The `mypy` section of a file; None if it has none."""
    try:
        text = path.read_text()
        if path.suffix == ".toml":
            found = tomllib.loads(text).get("tool", {}).get("mypy")
            return found if isinstance(found, dict) else None
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, configparser.Error):
        return None
    return dict(parser["mypy"]) if "mypy" in parser else None
