"""Marks in a module's code that say which of its lines ran: one byte written before each statement.

A tracing function makes all code several times as slow, the tests' and the libraries' too; a mark costs what it marks.
The marks write into a constant of the code itself: no name is added that the code, or a test, could meet.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import CodeType
from typing import Any, NamedTuple, TypeVar

Node = TypeVar("Node", bound=ast.AST)
PLACE = " ".join(("\0lines", "that", "ran"))
"""Stands in the code for the bytes that `bind` puts there. Put together, so that no source holds it, this one neither:
the engine judges itself too."""
BELOW = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
"""Fields with statements: what is in them runs, or not, by itself."""


class Ran(bytearray):
    """One byte a line of a file. As a constant of code it is told from others by what it is, not by what it holds."""

    def __hash__(self) -> int:  # type: ignore[override]  # a bytearray has none
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Marked(NamedTuple):
    """A module's code with marks, not yet bound.

    `implied`: where the line that comes first in a row has run, those from the second to the third have too.
    """

    code: CodeType
    size: int
    implied: tuple[tuple[int, int, int], ...]


def marked(source: bytes, path: str) -> Marked:
    """Compile with marks. Raises what compiling raises."""
    tree = ast.parse(source, path)
    implied: list[tuple[int, int, int]] = []
    last = 0
    for node in list(ast.walk(tree)):
        last = max(last, getattr(node, "lineno", 0))
        implied += _implied(node)
        _mark(node)
    return Marked(compile(tree, path, "exec", dont_inherit=True), last + 1, tuple(sorted(set(implied))))


def bind(code: CodeType, ran: Ran) -> CodeType:
    """The code, with that of its functions and classes, writing into these bytes."""
    held: list[Any] = [bind(value, ran) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.replace(co_consts=tuple(ran if type(value) is str and value == PLACE else value for value in held))


def _implied(node: ast.AST) -> Iterator[tuple[int, int, int]]:
    """Lines that run with the first of a statement, of an `except`, of a `case`: those of one expression or more."""
    if isinstance(node, (ast.stmt, ast.ExceptHandler)):
        first = _first(node)
        if (last := _end(node, node.lineno)) > first:
            yield first, first, last
    elif isinstance(node, ast.Lambda) and _end(node.body, 0) > node.body.lineno:
        yield node.body.lineno, node.body.lineno, _end(node.body, 0)
    for number, case in enumerate(getattr(node, "cases", ())):
        heads = [(one.pattern.lineno, _end(one, 0)) for one in node.cases[: number + 1]]  # type: ignore[attr-defined]
        yield from ((case.pattern.lineno, *head) for head in heads if head != (case.pattern.lineno,) * 2)


def _first(node: Any) -> int:
    """The first line of a statement, with its decorators."""
    lines: list[int] = [one.lineno for one in (node, *getattr(node, "decorator_list", ()))]
    return min(lines)


def _end(node: ast.AST, least: int) -> int:
    """The last line of what stands before a node's body; of all of it, if it has none.

    Of a text that stands alone no line but the first runs.
    """
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.lineno
    if not BELOW.intersection(node._fields) and hasattr(node, "end_lineno"):
        return max(least, node.end_lineno or 0)
    heads = [value for name, value in ast.iter_fields(node) if name not in BELOW]
    parts = [part for value in heads for part in (value if isinstance(value, list) else [value])]
    return max([least, *(_end(part, least) for part in parts if isinstance(part, ast.AST))])


def _mark(node: ast.AST) -> None:
    """Put marks into one node: before the statements in it, and beside what runs late or only at times."""
    for name in BELOW.intersection(node._fields):
        below = getattr(node, name)
        if isinstance(below, list) and name not in {"handlers", "cases"}:
            below[:] = _statements(node, below)
    if isinstance(node, ast.Lambda):
        node.body = _beside(node.body.lineno, node.body)
    elif isinstance(node, ast.ExceptHandler) and node.type is not None:
        node.type = _beside(node.lineno, node.type)
    elif type(node).__name__ == "match_case" and node.guard is not None:  # type: ignore[attr-defined]
        node.guard = _beside(node.pattern.lineno, node.guard)  # type: ignore[attr-defined]
    elif type(node).__name__ == "Match" and not _takes_all(node.cases[-1]):  # type: ignore[attr-defined]
        line = node.cases[-1].pattern.lineno  # type: ignore[attr-defined]
        nothing = ast.MatchAs(lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)
        node.cases.append(ast.match_case(nothing, None, [_before(line)]))  # type: ignore[attr-defined]


def _statements(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    """A body with a mark before each statement. A docstring stays first, and imports from the future stay together."""
    found: list[ast.stmt] = []
    late: list[ast.stmt] = []
    if type(node).__name__ == "match_case" or (isinstance(node, ast.ExceptHandler) and node.type is None):
        head: Any = getattr(node, "pattern", node)
        found.append(_before(head.lineno))
    for number, one in enumerate(body):
        if number == 0 and _is_docstring(node, one):
            found.append(one)
            late += [] if len(body) > 1 else [_before(getattr(node, "lineno", one.lineno))]
        elif isinstance(one, ast.ImportFrom) and one.module == "__future__":
            found.append(one)
            late.append(_before(one.lineno))
        else:
            found += [*late, _before(_first(one)), one]
            late = []
    return found + late


def _is_docstring(node: ast.AST, one: ast.stmt) -> bool:
    holds = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    return holds and isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and type(one.value.value) is str


def _takes_all(case: Any) -> bool:
    """Whether nothing gets past a case."""
    return case.guard is None and _matches_all(case.pattern)


def _matches_all(pattern: Any) -> bool:
    kind = type(pattern).__name__
    if kind == "MatchOr":
        return any(map(_matches_all, pattern.patterns))
    return kind == "MatchAs" and (pattern.pattern is None or _matches_all(pattern.pattern))


def _before(line: int) -> ast.stmt:
    """The statement that says: this line ran."""
    return _at(line, ast.Assign([ast.Subscript(ast.Constant(PLACE), ast.Constant(line), ast.Store())], ast.Constant(1)))


def _beside(line: int, value: ast.expr) -> ast.expr:
    """The same value; what says that the line ran comes before."""
    sets = ast.Attribute(ast.Constant(PLACE), "__setitem__", ast.Load())
    says = _at(line, ast.Call(sets, [ast.Constant(line), ast.Constant(1)], []))
    return ast.copy_location(ast.BoolOp(ast.Or(), [says, value]), says)


def _at(line: int, node: Node) -> Node:
    """All of a new node at the begin of a line."""
    for one in ast.walk(node):
        if "lineno" in one._attributes:
            vars(one).update(lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)
    return node
