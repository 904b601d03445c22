"""Locks that are no requirements files: uv's, Poetry's and PDM's TOML, and Pipenv's JSON."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

TOML = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"})
JSON = frozenset({"Pipfile.lock"})
HERE = ({"virtual": "."}, {"editable": "."}, {"directory": "."})
"""How uv names the project itself."""


class Row(NamedTuple):
    """One release of a lock: its specification as in a requirements file, `@ address` if it is not from the index."""

    name: str
    spec: str
    hashes: frozenset[str]


def rows_of(name: str, content: str) -> list[Row] | None:
    """All releases of a lock of that file name; None where the content is none."""
    try:
        return list(_toml(tomllib.loads(content)) if name in TOML else _json(json.loads(content)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _toml(data: dict[str, Any]) -> Iterator[Row]:
    for one in data["packages"] if "packages" in data else data.get("package", []):
        source = one.get("source", {})
        if source in HERE:
            continue
        files = [one.get("sdist"), one.get("archive"), *one.get("wheels", []), *one.get("files", [])]
        hashes = frozenset(hashed for file in files if file for hashed in _hashes(file))
        yield Row(str(one["name"]), _address(one, source) or f"=={one['version']}", hashes)


def _hashes(file: dict[str, Any]) -> list[str]:
    """As `sha256:...` (uv, Poetry, PDM), or a table by algorithm (PEP 751)."""
    table = file.get("hashes", {})
    return [str(file["hash"])] if "hash" in file else [f"{kind}:{value}" for kind, value in table.items()]


def _address(one: dict[str, Any], source: dict[str, Any]) -> str:
    places = [*source.items(), *((key, one[key]) for key in ("vcs", "directory", "git", "path", "url") if key in one)]
    outside = [f"@ {value}" for key, value in places if key in {"git", "url", "path", "directory", "editable", "vcs"}]
    legacy = source.get("type") in {"git", "url", "file", "directory"}
    return f"@ {source.get('url', '')}" if legacy else next(iter(outside), "")


def _json(data: dict[str, Any]) -> Iterator[Row]:
    for section in (name for name in data if name != "_meta"):
        for name, one in data[section].items():
            address = next((f"@ {one[key]}" for key in ("git", "file", "path") if key in one), "")
            yield Row(name, address or str(one["version"]), frozenset(map(str, one.get("hashes", []))))
