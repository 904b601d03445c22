"""Several denials about one object's type, as one.

Behaviour stays: `isinstance` with a tuple asks its classes in order and stops at the first that fits. Only for plain
names, so that nothing is evaluated more or less often.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class NegatedIsinstance:
    """`not isinstance(x, A) and not isinstance(x, B)` becomes `not isinstance(x, (A, B))`."""

    name = "negated_isinstance"
    title = "ask once about several types"
    why = "One question about several types was asked as several."

    def find(self, source: Source) -> Iterator[Edit]:
        if not source.builtin("isinstance"):
            return
        for node in source.nodes:
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) and not source.in_text(node):
                yield from _edits(source, node)


def _edits(source: Source, node: ast.BoolOp) -> Iterator[Edit]:
    asked = [_asked(value) for value in node.values]
    at = 0
    while at < len(asked):
        run = at
        while run < len(asked) and asked[run] is not None and asked[run][0] == asked[at][0]:  # type: ignore[index]
            run += 1
        if run - at >= 2:
            yield from _merge(source, node.values[at:run], [pair for pair in asked[at:run] if pair is not None])
        at = max(run, at + 1)


def _asked(value: ast.expr) -> tuple[str, list[ast.expr]] | None:
    """The object's name and the types of one `not isinstance(...)`."""
    match value:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(
            func=ast.Name(id="isinstance"), args=[ast.Name(id=name), types], keywords=[]
        )):  # fmt: skip
            parts = types.elts if isinstance(types, ast.Tuple) else [types]
            if all(isinstance(part, ast.Name) for part in parts):
                return name, parts
    return None


def _merge(source: Source, values: list[ast.expr], asked: list[tuple[str, list[ast.expr]]]) -> Iterator[Edit]:
    first, last = values[0], values[-1]
    start, end = source.start(first), source.end(last)
    if b"\n" in source.data[start:end] or source.commented(first.lineno, last.lineno):
        return
    types = ", ".join(source.code(part) for _, parts in asked for part in parts)
    yield source.edit(first, (start, end, f"not isinstance({asked[0][0]}, ({types}))"))


CODEMOD = NegatedIsinstance()
