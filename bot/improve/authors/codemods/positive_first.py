"""A denied condition with an `else`, turned round.

Behaviour stays: the two branches change places with the condition.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.moves import else_line, head, last_line
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class PositiveFirst:
    """`if not a: x else: y` becomes `if a: y else: x`."""

    name = "positive_first"
    title = "ask the positive question first"
    why = "An `else` after a denied condition is a double negation."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, block in source.blocks:
            for stmt in block:
                match stmt:
                    case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=inner) as test, orelse=[_, *_]):
                        if not isinstance(inner, ast.BoolOp | ast.Compare) and source.alone(stmt):
                            yield from _edit(source, stmt, test, inner)


def _edit(source: Source, stmt: ast.If, test: ast.expr, inner: ast.expr) -> Iterator[Edit]:
    first, middle, last = head(source, stmt), else_line(source, stmt), last_line(stmt)
    if not first or not middle or "\n" in source.code(test) or not source.alone(*stmt.body, *stmt.orelse):
        return
    end = source.newline
    one = "".join(source.lines(first + 1, middle - 1)).rstrip("\r\n") + end
    other = "".join(source.lines(middle + 1, last)).rstrip("\r\n") + end
    yield source.edit(
        stmt,
        (source.start(test), source.end(test), source.code(inner)),
        (source.line_start(first + 1), source.line_start(middle), other),
        (source.line_start(middle + 1), source.line_start(last + 1), one),
    )


CODEMOD = PositiveFirst()
