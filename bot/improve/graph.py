"""Which module of the product imports which: read from the syntax, so that nothing is run."""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

_KEPT: dict[tuple[str, str, bool], tuple[str, ...]] = {}
"""Targets by content, package and whether imports within functions count: most files are the same at the next look."""
_MOST_KEPT = 8_192
_COMMENT = re.compile(r"#[^\n]*")
_PIECE = re.compile(
    r"^[ \t]*(?:import[ \t][^\n#;]+|from[ \t]+[.\w]+[ \t]+import[ \t]*(?:\([^);]*\)|[^\n#;(]+))", re.MULTILINE
)
"""A statement that imports, wherever it stands: to parse hundreds of files whole takes seconds. What a text only talks
of does not parse as one, or names no module."""


def dotted(path: PurePosixPath, roots: Iterable[PurePosixPath]) -> str:
    """A module's name below its import root, the deepest that holds it."""
    holding = [root for root in roots if root == PurePosixPath() or root in path.parents]
    deepest = max(holding, key=lambda root: len(root.parts), default=PurePosixPath())
    parts = path.relative_to(deepest).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def edges(
    path: PurePosixPath, text: str, roots: Iterable[PurePosixPath], known: Iterable[str], *, inner: bool = False
) -> tuple[str, ...]:
    """Known modules that this one imports while it is loaded, and with `inner` those that it names in any statement of
    its own; a package's own parts are left out. Text that does not parse imports nothing."""
    name = dotted(path, roots)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    wanted, there = _targets_of(text, package, inner), frozenset(known)
    return tuple(sorted({t for t in wanted if t in there and t != name and not name.startswith(f"{t}.")}))


def dependants(graph: Mapping[str, Sequence[str]], names: Iterable[str]) -> frozenset[str]:
    """All modules that reach one of these by imports, themselves left out."""
    users: dict[str, list[str]] = {}
    for name, used in graph.items():
        for one in used:
            users.setdefault(one, []).append(name)
    first = frozenset(names)
    seen, queue = set(first), list(first)
    while queue:
        for user in users.get(queue.pop(), ()):
            if user not in seen:
                seen.add(user)
                queue.append(user)
    return frozenset(seen - first)


def _targets_of(text: str, package: str, inner: bool) -> tuple[str, ...]:
    key = (hashlib.sha256(text.encode(errors="replace")).hexdigest(), package, inner)
    if key not in _KEPT:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = tuple(dict.fromkeys(_read(text, package, inner)))
    return _KEPT[key]


def _read(text: str, package: str, inner: bool) -> Iterator[str]:
    if inner:
        for piece in _PIECE.findall(_COMMENT.sub("", text)):
            yield from _parsed(piece.strip().replace("\n", " "), package)
        return
    yield from _parsed(text, package)


def _parsed(text: str, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in _at_load(tree.body):
        yield from _targets(node, package)


def _at_load(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        for field in ("body", "orelse", "finalbody"):
            found = getattr(node, field, None)
            if isinstance(found, list) and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _at_load(found)


def _targets(node: ast.stmt, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")
        base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        origin = ".".join(part for part in (base, node.module or "") if part)
        yield from (f"{origin}.{alias.name}" for alias in node.names)
        if node.module:
            yield origin
