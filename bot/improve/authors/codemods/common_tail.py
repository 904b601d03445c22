"""A statement that ends both branches, after them.

Behaviour stays: it runs last on either way, and not at all where a branch leaves before it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.moves import dropped, else_line, last_line
from bot.improve.authors.codemods.shape import same
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class CommonTail:
    """`if c: a; x else: b; x` becomes `if c: a else: b` and `x`."""

    name = "common_tail"
    title = "say once what both branches end with"
    why = "The same statement at the end of both branches reads as if they differed in it."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, block in source.blocks:
            for stmt in block:
                if isinstance(stmt, ast.If) and len(stmt.body) > 1 and len(stmt.orelse) > 1:
                    one, other = stmt.body[-1], stmt.orelse[-1]
                    if same(one, other) and not hasattr(one, "body") and source.code(stmt).startswith("if"):
                        yield from _edit(source, stmt, one, other)


def _edit(source: Source, stmt: ast.If, one: ast.stmt, other: ast.stmt) -> Iterator[Edit]:
    first, second = dropped(source, one), dropped(source, other)
    data = not source.inner.isdisjoint(range(other.lineno, last_line(other) + 1))
    if first is None or second is None or data or not else_line(source, stmt) or "\n" in source.code(other):
        return
    moved = f"{source.indent(stmt)}{source.code(other)}"
    end = source.data[second[0] : second[1]].decode()
    moved += end[len(end.rstrip("\r\n")) :]
    yield source.edit(stmt, first, (second[0], second[1], moved))


CODEMOD = CommonTail()
