"""What kind of Python repository a tree is: roots, packages, tests, runner, configured tools."""

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from bot.improve.doors import Profile, Runner

Read = Callable[[PurePosixPath], bytes | None]

CHARTER = PurePosixPath(".github/charter.toml")
TESTS = frozenset({"test", "tests", "testing"})
ASIDE = frozenset(
    {"docs", "doc", "examples", "example", "scripts", "tools", "benchmarks", "build", "dist", "node_modules"}
)
TOP_SCRIPTS = frozenset({"setup", "conftest", "noxfile", "tasks", "fabfile", "versioneer", "manage"})
LINK, SUBMODULE = "120000", "160000"


def profile(files: Mapping[PurePosixPath, str], read: Read) -> Profile:
    """Read the profile of one tree. `files` maps paths to git modes; `read` gives a file's bytes.

    Nothing is executed: `setup.py` is not asked. A file that does not parse counts as absent.
    """
    python = sorted(p for p, mode in files.items() if p.suffix == ".py" and mode not in {LINK, SUBMODULE})
    config = _Config(files, read)
    tests = _tests(python, config)
    roots, packages = _product(python, tests, config)
    return Profile(
        roots=roots,
        packages=packages,
        tests=tests,
        runner=_runner(python, tests, config, read),
        own=CHARTER in files,
        typed=config.has("mypy", ("mypy.ini", ".mypy.ini")),
        formatted=config.has("ruff", ("ruff.toml", ".ruff.toml")) or config.has("black", ()),
    )


class _Config:
    """The configuration files of a repository, as far as they parse."""

    def __init__(self, files: Mapping[PurePosixPath, str], read: Read) -> None:
        self.files = files
        self.pyproject = _toml(read(PurePosixPath("pyproject.toml")))
        self.ini = {name: _ini(read(PurePosixPath(name))) for name in ("setup.cfg", "tox.ini", "pytest.ini")}

    def has(self, tool: str, own_files: Iterable[str]) -> bool:
        """Whether a tool is configured: in its own file, in pyproject.toml or in setup.cfg."""
        if any(PurePosixPath(name) in self.files for name in own_files) or tool in self.tool():
            return True
        return any(tool in parser for name, parser in self.ini.items() if name != "pytest.ini")

    def tool(self, *names: str) -> dict[str, Any]:
        """A table below `[tool]`, or an empty one."""
        table: Any = self.pyproject.get("tool", {})
        for name in names:
            table = table.get(name, {}) if isinstance(table, dict) else {}
        return table if isinstance(table, dict) else {}

    def pytest(self, key: str) -> list[str]:
        """A pytest option as words, wherever it stands."""
        found = self.tool("pytest", "ini_options").get(key) or self.tool("pytest").get(key)
        sections = (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest"))
        for name, section in sections:
            if not found and section in self.ini[name]:
                found = self.ini[name][section].get(key)
        return str(found).split() if isinstance(found, str) else [str(word) for word in found or ()]

    def uses_pytest(self) -> bool:
        sections = (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest"))
        return bool(self.tool("pytest")) or any(section in self.ini[name] for name, section in sections)


def _toml(data: bytes | None) -> dict[str, Any]:
    try:
        return tomllib.loads((data or b"").decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _ini(data: bytes | None) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((data or b"").decode())
    except (UnicodeDecodeError, configparser.Error):
        return configparser.ConfigParser(interpolation=None)
    return parser


def _named_test(path: PurePosixPath) -> bool:
    return path.stem.startswith("test_") or path.stem.endswith("_test") or path.stem == "tests"


def _tests(python: list[PurePosixPath], config: _Config) -> tuple[PurePosixPath, ...]:
    """Folders that hold tests, shortest first, and test files outside of them."""
    declared = {PurePosixPath(word) for word in config.pytest("testpaths")}
    folders = (declared - {PurePosixPath(".")}) & {parent for path in python for parent in path.parents}
    holding = {parent for f in python if _named_test(f) or f.name == "conftest.py" for parent in f.parents}
    for path in python:
        inside = [parent for parent in path.parents if parent.name.lower() in TESTS]
        if inside and inside[-1] in holding:
            folders.add(inside[-1])
    top = {f for f in folders if not any(other in f.parents for other in folders)}
    # Where the repository says where its tests lie, a module `tests.py` elsewhere is about tests, not one of them.
    files = {p for p in python if _named_test(p) and not any(f in p.parents for f in top)}
    files -= {p for p in files if declared and p.stem == "tests"}
    return tuple(sorted(top)) + tuple(sorted(files))


def _product(
    python: list[PurePosixPath], tests: tuple[PurePosixPath, ...], config: _Config
) -> tuple[tuple[PurePosixPath, ...], tuple[PurePosixPath, ...]]:
    """Import roots, and the packages and modules below them that are not tests or tooling."""
    here = PurePosixPath()
    mine = [p for p in python if not any(p == t or t in p.parents for t in tests)]
    named = [PurePosixPath(word) for word in config.pytest("pythonpath")]
    where = [PurePosixPath(str(w)) for w in _listed(config.tool("setuptools", "packages", "find").get("where"))]
    src = [PurePosixPath("src")] if any(p.parts[0] == "src" and len(p.parts) > 1 for p in mine) else []
    if PurePosixPath("src/__init__.py") in mine:
        src = []
    roots = tuple(
        dict.fromkeys([*src, *(r for r in (*where, *named) if r == here or any(r in p.parents for p in mine))])
    )
    roots = roots if roots and not _outside(mine, roots) else tuple(dict.fromkeys([*roots, here]))
    known = set(mine)
    packages = {found for root in roots for p in mine if (found := _top(p, root, roots, known))}
    return roots, tuple(sorted(packages))


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _outside(mine: list[PurePosixPath], roots: tuple[PurePosixPath, ...]) -> bool:
    """Whether a package stands at the top that no root covers."""
    return any(
        len(p.parts) == 2 and p.name == "__init__.py" and p.parts[0] not in ASIDE and p.parent not in roots
        for p in mine
        if not any(root in p.parents for root in roots if root != PurePosixPath())
    )


def _top(
    path: PurePosixPath, root: PurePosixPath, roots: tuple[PurePosixPath, ...], mine: set[PurePosixPath]
) -> PurePosixPath | None:
    """The top-level package or module of a file below this root; None if it is no part of the product."""
    if root != PurePosixPath() and root not in path.parents:
        return None
    if any(other != root and other in path.parents and root in (*other.parents, other) for other in roots):
        return None
    inner = path.relative_to(root)
    first = root / inner.parts[0]
    if len(inner.parts) == 1:
        return None if inner.stem in TOP_SCRIPTS or inner.stem.startswith(("_", ".")) else first
    if inner.parts[0] in ASIDE or inner.parts[0].startswith("."):
        return (
            first if first / "__init__.py" in mine and inner.parts[0] not in {"build", "dist"} and root.parts else None
        )
    return first


def _runner(
    python: list[PurePosixPath], tests: tuple[PurePosixPath, ...], config: _Config, read: Read
) -> Runner | None:
    """pytest where anything says so; unittest where the tests are all of its kind; None without tests."""
    files = [p for p in python if any(p == t or t in p.parents for t in tests) and _named_test(p)]
    if not files:
        return None
    if config.uses_pytest() or any(p.name == "conftest.py" for p in python):
        return "pytest"
    texts = [(read(path) or b"").decode(errors="replace") for path in files[:200]]
    if any(re.search(r"^\s*(import|from)\s+pytest\b|^(async )?def test_", text, re.MULTILINE) for text in texts):
        return "pytest"
    return "unittest" if any("unittest" in text for text in texts) else "pytest"
