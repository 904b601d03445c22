"""The identity of an edit, whatever its layout: what was taken back is not proposed again in other clothes.

An edit is what it takes away and what it brings, by file: statements for Python, lines for other text. Of a statement
count its kind, its words and the function and blocks that it stands in; layout, comments, quotes, docstrings,
annotations' layout, the order of definitions and the names of local variables do not. So an edit is known again when it
is formatted otherwise, moved within its block or file, or made on a base that differs elsewhere. Names of parameters,
functions, classes, attributes and modules count: another name is another interface.

Only a person's release ends a quarantine; time does not.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import PurePosixPath

LEFT_OUT = ("changelog.d/",)
"""Texts about a change: they carry its title, which another author words otherwise."""
Units = Counter[str]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Block = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


def signature(files: Mapping[PurePosixPath, tuple[bytes | None, bytes | None]]) -> str:
    """The digest of an edit: contents before and after by path; None: there is no such file.

    40 hex digits; empty for an edit that changes nothing but layout, comments or local names, which is nobody's to
    quarantine. Tests count only where nothing else is edited: the same edit with other tests is the same edit.
    """
    edits = {path: _edit(path, *sides) for path, sides in files.items() if not f"{path}".startswith(LEFT_OUT)}
    changed = {path: edit for path, edit in edits.items() if any(edit)}
    product = {path: edit for path, edit in changed.items() if not _is_test(path)} or changed
    if not product:
        return ""
    text = "\n".join(f"{path}\0{taken}\0{brought}" for path, (taken, brought) in sorted(product.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _is_test(path: PurePosixPath) -> bool:
    return path.parts[0] == "tests" or path.name.startswith("test_")


def _edit(path: PurePosixPath, before: bytes | None, after: bytes | None) -> tuple[list[str], list[str]]:
    """What is taken away and what is brought."""
    old, new = _units(path, before), _units(path, after)
    return sorted((old - new).elements()), sorted((new - old).elements())


def _units(path: PurePosixPath, content: bytes | None) -> Units:
    if content is None:
        return Counter()
    if path.suffix == ".py":
        try:
            return Counter(_statements(ast.parse(content)))
        except (SyntaxError, ValueError, RecursionError):
            return _lines(content)  # no program: its lines are what it has
    return _lines(content)


def _lines(content: bytes) -> Units:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return Counter([hashlib.sha256(content).hexdigest()])
    return Counter(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _statements(tree: ast.Module) -> Iterator[str]:
    yield from _block(tree.body, "", frozenset())


def _block(body: Iterable[ast.stmt], place: str, local: frozenset[str]) -> Iterator[str]:
    for position, node in enumerate(body):
        if position == 0 and _is_text(node):
            continue  # a docstring
        yield from _statement(node, place, local)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _statement(node: ast.stmt, place: str, local: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        inside = f"{place}/{node.name}"
        within = local | _locals(node) if not isinstance(node, ast.ClassDef) else local
        yield f"{place}|{_dump(_header(node), local)}"
        yield from _block(node.body, inside, within)
    elif isinstance(node, Block):
        yield f"{place}|{_dump(_header(node), local)}"
        for name, part in _parts(node):
            yield from _block(part, f"{place}/{type(node).__name__}.{name}", local)
    else:
        yield f"{place}|{_dump(node, local)}"


def _header(node: ast.stmt) -> ast.AST:
    """The statement without what stands below it."""
    shallow = type(node)(**{name: value for name, value in ast.iter_fields(node) if name not in _BELOW})
    for name in _BELOW & set(node._fields):
        setattr(shallow, name, [])
    return shallow


_BELOW = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})


def _parts(node: Block) -> Iterator[tuple[str, list[ast.stmt]]]:
    for name in ("body", "orelse", "finalbody"):
        yield name, getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        yield f"except {_dump(handler.type, frozenset()) if handler.type else ''}", handler.body
    for one in getattr(node, "cases", []):
        yield f"case {_dump(one.pattern, frozenset())}", one.body


def _locals(function: Function) -> frozenset[str]:
    """Names that the function assigns and no one outside can see: neither parameters nor declared elsewhere."""
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    outer = {name for n in ast.walk(function) if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
    arguments = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    return frozenset(stored - outer - arguments)


class _Numbered(ast.NodeTransformer):
    """Local names by their order in the statement."""

    def __init__(self, local: frozenset[str]) -> None:
        self._local = local
        self._numbers: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._local:
            return node
        return ast.Name(self._numbers.setdefault(node.id, f"local{len(self._numbers)}"), node.ctx)


def _dump(node: ast.AST, local: frozenset[str]) -> str:
    return ast.dump(_Numbered(local).visit(deepcopy(node)))
