"""Dependencies as a repository declares them: pyproject.toml, setup.cfg, requirements files and locks."""

import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.improve.doors import Workspace
from bot.improve.stages import _lockfiles
from bot.improve.stages._source import text

LOCKS = re.compile(r"^(?:.*requirements.*|constraints.*)\.(?:txt|lock|in)$|^(?:requirements|constraints)\.lock$")
DECLARING = frozenset(
    {"pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "environment.yaml", "pylock.toml"}
)
"""Beside every `*.lock`: what nobody here reads is told to people."""
NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One declared dependency. `place` is the file and the section; `hashes` are those of a lock."""

    name: str
    spec: str
    path: PurePosixPath
    section: str
    hashes: frozenset[str] = frozenset()

    @property
    def direct(self) -> bool:
        """Fetched from an address or a folder, and not by name from the index."""
        return bool(re.search(r"@\s*\S+|://|^\s*(?:\.|/)|\.(?:whl|tar\.gz|zip)\b|\bfile:", self.spec.split(";")[0]))

    @property
    def pinned(self) -> bool:
        return bool(re.search(r"==\s*[\w.!+-]+(?!\.\*)", self.spec)) and "*" not in self.spec


@dataclass(frozen=True, slots=True)
class Declared:
    """All that one tree declares."""

    requirements: tuple[Requirement, ...] = ()
    options: tuple[tuple[PurePosixPath, str], ...] = ()
    """Lines of requirements files that steer the installer, such as another index."""
    build: str = ""
    """The build system, as text."""
    plugins: str = ""
    """Entry points that load code into other programs."""
    broken: tuple[PurePosixPath, ...] = ()
    unread: tuple[tuple[PurePosixPath, str], ...] = ()
    """Files that declare dependencies in a way that nobody here reads, with their content."""

    def names(self) -> frozenset[str]:
        return frozenset(r.name for r in self.requirements)


def normal(name: str) -> str:
    """A name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_declaration(path: PurePosixPath) -> bool:
    """Whether a file declares dependencies or how the project is built."""
    return path.name in DECLARING or path.suffix == ".lock" or is_requirements(path)


def is_requirements(path: PurePosixPath) -> bool:
    return bool(LOCKS.match(path.name)) or (path.suffix == ".txt" and path.parent.name == "requirements")


def declared(work: Workspace, paths: list[PurePosixPath]) -> Declared:
    """Everything that these files of a checkout declare."""
    requirements: list[Requirement] = []
    options: list[tuple[PurePosixPath, str]] = []
    broken: list[PurePosixPath] = []
    unread: list[tuple[PurePosixPath, str]] = []
    build = plugins = ""
    for path in paths:
        content = text(work, path)
        if content is None:
            continue
        if path.name == "pyproject.toml":
            data = _toml(content)
            broken += [path] if data is None else []
            requirements += _pyproject(data or {}, path)
            build += repr((data or {}).get("build-system", ""))
            build += repr([_table(data, "tool", name) for name in ("hatch", "uv", "setuptools", "pdm", "poetry")])
            plugins += repr(_table(data, "project", "entry-points"))
        elif path.name == "setup.cfg":
            requirements += _setup_cfg(content, path)
        elif is_requirements(path) or _is_pinned(path, content):
            found, steering = _requirements(content, path)
            requirements += found
            options += [(path, line) for line in steering]
        elif path.name == "setup.py":
            build += f"{path}:{content}"
        elif (rows := _locked(path, content)) is not None:
            requirements += rows
        else:
            unread.append((path, content))
    return Declared(tuple(requirements), tuple(options), build, plugins, tuple(broken), tuple(unread))


def _locked(path: PurePosixPath, content: str) -> list[Requirement] | None:
    """What a lock holds; None for a file that is no lock that can be read here."""
    if path.name not in _lockfiles.TOML | _lockfiles.JSON:
        return None
    rows = _lockfiles.rows_of(path.name, content)
    if rows is None:
        return None
    return [Requirement(normal(row.name), row.spec, path, "lock", row.hashes) for row in rows]


def _is_pinned(path: PurePosixPath, content: str) -> bool:
    """Whether a lock of another name is written as a requirements file."""
    lines = (line.strip() for line in content.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return path.suffix == ".lock" and bool(re.match(r"[A-Za-z0-9._-]+==", first))


def _toml(content: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError:
        return None


def _table(data: dict[str, Any] | None, *names: str) -> dict[str, Any]:
    table: Any = data or {}
    for name in names:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        return {}
    return {
        key: value
        for key, value in table.items()
        if key not in {"dependencies", "group", "dev-dependencies", "version"}
    }


def _pyproject(data: dict[str, Any], path: PurePosixPath) -> Iterator[Requirement]:
    project = data.get("project", {})
    groups: dict[str, Any] = {"project": project.get("dependencies", [])}
    groups |= {f"extra {name}": rows for name, rows in project.get("optional-dependencies", {}).items()}
    groups |= {f"group {name}": rows for name, rows in data.get("dependency-groups", {}).items()}
    groups["build"] = data.get("build-system", {}).get("requires", [])
    for section, rows in groups.items():
        yield from (r for row in rows if isinstance(row, str) and (r := _one(row, path, section)))
    poetry = data.get("tool", {}).get("poetry", {})
    tables = {"poetry": poetry.get("dependencies", {}), "poetry dev": poetry.get("dev-dependencies", {})}
    tables |= {f"poetry {name}": t.get("dependencies", {}) for name, t in poetry.get("group", {}).items()}
    for section, table in tables.items():
        for name, value in table.items():
            if normal(name) != "python":
                yield Requirement(normal(name), _poetry(value), path, section)


def _poetry(value: object) -> str:
    if isinstance(value, dict):
        address = next((str(value[k]) for k in ("git", "url", "path") if k in value), "")
        return f"@ {address}" if address else str(value.get("version", "*"))
    text_ = str(value)
    return text_ if text_[:1] in "<>=!~*" else f">={text_.lstrip('^')}"


def _setup_cfg(content: str, path: PurePosixPath) -> Iterator[Requirement]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(content)
    except configparser.Error:
        return
    rows = {"install_requires": parser.get("options", "install_requires", fallback="")}
    rows["setup_requires"] = parser.get("options", "setup_requires", fallback="")
    if "options.extras_require" in parser:
        rows |= {f"extra {k}": v for k, v in parser["options.extras_require"].items()}
    for section, lines in rows.items():
        yield from (r for line in lines.splitlines() if (r := _one(line, path, section)))


def _requirements(content: str, path: PurePosixPath) -> tuple[list[Requirement], list[str]]:
    found: list[Requirement] = []
    steering: list[str] = []
    for raw in re.sub(r"\\\n", " ", content).splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        hashes = frozenset(re.findall(r"--hash=(\S+)", line))
        bare = re.sub(r"\s--hash=\S+", "", line)
        if bare.startswith("-") and not bare.startswith(("-e", "--editable")):
            steering.append(bare)
        elif bare.startswith(("-e", "--editable")):
            found.append(Requirement(normal(bare), f"@ {bare.split(maxsplit=1)[-1]}", path, "file", hashes))
        elif bare and (one := _one(bare, path, "file")):
            found.append(Requirement(one.name, one.spec, path, "file", hashes))
    return found, steering


def _one(row: str, path: PurePosixPath, section: str) -> Requirement | None:
    row = row.partition(" #")[0].strip()
    if not row:
        return None
    if re.match(r"^(?:\S+://|git\+|\.{0,2}/)", row):
        return Requirement(normal(row.split("/")[-1]) or "?", f"@ {row}", path, section)
    found = NAME.match(row)
    return Requirement(normal(found[1]), found[3].strip(), path, section) if found else None
