"""Scope: the settings of the validators are people's; here every change to them is named key by key."""

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from bot.core.verdict import Status
from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import text

TOML = frozenset({"pyproject.toml", "ruff.toml", ".ruff.toml", "complexipy.toml"})
INI = frozenset(
    {
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
        ".coveragerc",
        "mypy.ini",
        ".mypy.ini",
        ".bandit",
        ".flake8",
        ".importlinter",
    }
)
WHOLE = frozenset(
    {".pre-commit-config.yaml", "noxfile.py", "Makefile", "Justfile", ".secrets.baseline", "bandit.yaml", ".pylintrc"}
)
FOLDERS = (PurePosixPath(".github/workflows"), PurePosixPath(".github/actions"), PurePosixPath(".ci"))
PRODUCT = frozenset({"project", "build-system", "dependency-groups", "metadata", "options"})
"""Sections about the product and its dependencies: V-6 judges those."""


def configuration(gate: Gate) -> Iterator[Problem]:
    """Every key of a validator's configuration that differs between base and head."""
    level = Status.FAIL if gate.by_engine else Status.PENDING
    for change in gate.changes:
        for path in sorted(change.paths):
            if path.name in TOML or path.name in INI:
                old, new = (_sections(text(work, path), path) for work in (gate.base, gate.head))
                yield from (Problem("validator", path, 0, what, level) for what in _differences(old, new))
            elif path.name in WHOLE or any(folder in path.parents for folder in FOLDERS):
                yield Problem("validator", path, 0, "belongs to the validators", level)


def _sections(content: str | None, path: PurePosixPath) -> dict[str, str]:
    """Dotted key to value of everything in the file that configures a tool. A broken file is one odd key."""
    try:
        if path.name in TOML:
            data = tomllib.loads(content or "")
            tools = data.get("tool", {}) if path.name == "pyproject.toml" else data
            return dict(_flat(tools if isinstance(tools, dict) else {}, ""))
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(content or "")
    except (tomllib.TOMLDecodeError, configparser.Error):
        return {"(does not parse)": content or ""}
    return {
        f"{section}.{key}": " ".join(value.split())
        for section in parser.sections()
        if section.split(".")[0] not in PRODUCT
        for key, value in parser[section].items()
    }


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            yield name, repr(value)


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield f"changes the validators: {key} from {_short(old.get(key))} to {_short(new.get(key))}"


def _short(value: str | None) -> str:
    if value is None:
        return "unset"
    return value if len(value) <= 60 else value[:59] + "…"
