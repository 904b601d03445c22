"""Dependencies: imports of packages that nobody declared, and the import contracts of the base."""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

from bot.improve.doors import Gate, Workspace
from bot.improve.stages._problems import Problem
from bot.improve.stages._requirements import declared, is_declaration, normal
from bot.improve.stages._source import text, tree
from bot.improve.stages._tools import tool

OTHER_NAMES = {
    "yaml": "pyyaml", "pil": "pillow", "git": "gitpython", "bs4": "beautifulsoup4", "sklearn": "scikit-learn",
    "cv2": "opencv-python", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "jwt": "pyjwt", "attr": "attrs",
    "discord": "discord-py", "pkg-resources": "setuptools", "github": "pygithub", "crypto": "pycryptodome",
    "openssl": "pyopenssl", "serial": "pyserial", "zmq": "pyzmq", "google": "protobuf", "magic": "python-magic",
}  # fmt: skip
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def undeclared(gate: Gate) -> Iterator[Problem]:
    """Imports of head that base does not know, that are not in the standard library, the repository or declared."""
    fresh: dict[str, tuple[PurePosixPath, int]] = {}
    for change in gate.changed():
        after, before = tree(gate.head, change.path), tree(gate.base, change.old_path)
        known = imported(before) if before else {}
        for name, line in (imported(after) if after else {}).items():
            if name not in known and name not in sys.stdlib_module_names:
                fresh.setdefault(name, (change.path, line))
    if not fresh:
        return
    files = list(gate.repo.files(gate.head.sha))
    own = {p.stem for p in files if p.suffix == ".py"} | {part for p in files for part in p.parent.parts}
    offered = declared(gate.head, [p for p in files if is_declaration(p)]).names()
    elsewhere = _imported_at_base(gate)
    for name, (path, line) in fresh.items():
        if name not in own and name not in elsewhere and not _distributions(name) & offered:
            yield Problem("undeclared", path, line, f"imports {name}, which no file of the project declares")


def imported(found: ast.Module) -> Mapping[str, int]:
    """Top-level names of all absolute imports with the line of the first."""
    names: dict[str, int] = {}
    for node in ast.walk(found):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.setdefault(alias.name.split(".")[0], node.lineno)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.setdefault(node.module.split(".")[0], node.lineno)
    return names


def _imported_at_base(gate: Gate) -> frozenset[str]:
    trees = (tree(gate.base, p) for p in gate.repo.files(gate.base.sha) if p.suffix == ".py")
    return frozenset(name for found in trees if found for name in imported(found))


def _distributions(name: str) -> set[str]:
    plain = normal(name)
    return {plain, OTHER_NAMES.get(plain, plain), *(normal(d) for d in _installed().get(name, ()))}


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def contracts_file(gate: Gate) -> Path | None:
    """The base's file with import contracts."""
    for name, mark in (
        (".importlinter", "[importlinter"),
        ("setup.cfg", "[importlinter"),
        ("pyproject.toml", "[tool.importlinter"),
    ):
        if mark in (text(gate.base, PurePosixPath(name)) or ""):
            return gate.base.path / name
    return None


async def contracts(gate: Gate) -> list[Problem]:
    """Contracts of the base that head breaks and base keeps."""
    config = contracts_file(gate)
    if config is None or not any(not gate.profile.is_test(c.path) for c in gate.changes if c.path.suffix == ".py"):
        return []
    broken = await _broken(gate.head, config)
    known = await _broken(gate.base, config) if broken else {}
    return [Problem("contract", PurePosixPath(), 0, what) for name, what in broken.items() if name not in known]


async def _broken(work: Workspace, config: Path) -> dict[str, str]:
    """Broken contracts by name, with the first offending import."""
    argv = ["-c", LINT_IMPORTS, "--config", str(config), "--no-cache"]
    done = await tool(work, argv, readable=(config.parent,), env={"COLUMNS": "400", "NO_COLOR": "1"})
    lines = done.out.decode(errors="replace").splitlines()
    names = [line.removesuffix(" BROKEN").strip() for line in lines if line.rstrip().endswith(" BROKEN")]
    if done.code and not names:
        said = " ".join((done.err.decode(errors="replace") + " ".join(lines[-8:])).split())[-300:]
        return {"import-linter": f"the import contracts cannot be checked: {said}"}
    first = next((line.strip(" -") for line in lines if " -> " in line), "")
    return {name: f"breaks the import contract {name!r}: {first}" for name in names}
