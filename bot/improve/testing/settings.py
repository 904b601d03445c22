"""A repository's own pytest configuration, as far as the referee keeps to it."""

import configparser
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.improve.doors import Profile

FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""In pytest's own order of precedence."""
KEPT_WORDS = ("--strict-markers", "--doctest-modules", "--pyargs")
KEPT_PREFIXES = ("--import-mode", "--doctest-glob", "--ignore", "--deselect", "--asyncio-mode", "--ds")
KEPT_PAIRS = ("-m", "-W", "-k")
HOUSE_MARKS = "not slow and not journey and not integration and not sandbox"
"""What this house's gate runs; other repositories' suites run whole."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`config` is the file pytest reads, relative to the root; empty if there is none."""

    config: str = ""
    arguments: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    """Names of plugins that it switches off."""


def read(root: Path, profile: Profile) -> Settings:
    """The settings of the tree at `root`. A file that does not parse has none."""
    for name in FILES:
        section = _section(root / name)
        if section is not None:
            words = _words(section.get("addopts", ""))
            kept = _kept(words)
            paths = tuple(p for p in _words(section.get("testpaths", "")) if (root / p).exists())
            return Settings(name, (*kept, *_marks(profile, kept)), paths or _folders(root, profile), _without(words))
    return Settings("", _marks(profile, ()), _folders(root, profile))


def _folders(root: Path, profile: Profile) -> tuple[str, ...]:
    return tuple(str(path) for path in profile.tests if (root / path).exists())


def _marks(profile: Profile, kept: Sequence[str]) -> tuple[str, ...]:
    own = ("-m", HOUSE_MARKS) if profile.own and "-m" not in kept else ()
    return (*own, "-o", "python_files=test*.py *_test.py") if profile.runner == "unittest" else own


def _section(path: Path) -> Mapping[str, Any] | None:
    """pytest's section of one file; None where pytest would look on."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        text = path.read_text()
        return _toml(path.name, text) if path.suffix == ".toml" else _ini(path.name, text)
    except (OSError, ValueError, configparser.Error):
        return None


def _toml(name: str, text: str) -> Mapping[str, Any] | None:
    data = tomllib.loads(text)
    tool = data if name != "pyproject.toml" else data.get("tool", {})
    section = tool.get("pytest")
    if not isinstance(section, dict):
        return None
    inner = section.get("ini_options", section)
    return inner if isinstance(inner, dict) else None


def _ini(name: str, text: str) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    section = "tool:pytest" if name == "setup.cfg" else "pytest"
    if parser.has_section(section):
        return dict(parser[section])
    return {} if name.endswith("pytest.ini") else None


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(word) for word in value]
    return shlex.split(str(value))


def _kept(words: Sequence[str]) -> tuple[str, ...]:
    """What says which tests there are and how they are imported. Reporting, parallelism and the rest are ours."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in KEPT_PAIRS:
            kept += [word, next(rest, "")]
        elif word in KEPT_WORDS or word.startswith(KEPT_PREFIXES):
            kept.append(word)
    return tuple(kept)


def _without(words: Sequence[str]) -> frozenset[str]:
    """`-p no:NAME`, in two words or one."""
    after = [word for before, word in pairwise(words) if before == "-p"]
    joined = [word.removeprefix("-p") for word in words if word.startswith("-pno:")]
    return frozenset(word.removeprefix("no:") for word in (*after, *joined) if word.startswith("no:"))
