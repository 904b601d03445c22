"""A condition that denies a whole, as one that says what holds (De Morgan).

Behaviour stays: only in the head of an `if` or `while`, where nothing but truth counts, and only where each part has
an exact opposite (`is`, `in`, `not`): `==` and `<` may be redefined. The parts keep their order.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.shape import opposite
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class DeMorgan:
    """`if not (a is None or b not in c)` becomes `if a is not None and b in c`."""

    name = "de_morgan"
    title = "say what holds instead of denying a whole condition"
    why = "The reader had to turn every part of the condition round."

    def find(self, source: Source) -> Iterator[Edit]:
        for node in source.nodes:
            match node:
                case (
                    ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.BoolOp() as whole) as test)
                    | ast.While(test=ast.UnaryOp(op=ast.Not(), operand=ast.BoolOp() as whole) as test)
                ):
                    yield from _edit(source, test, whole)


def _edit(source: Source, test: ast.expr, whole: ast.BoolOp) -> Iterator[Edit]:
    parts = [_part(source, value) for value in whole.values]
    old = source.code(test)
    word = " and " if isinstance(whole.op, ast.Or) else " or "
    if None in parts or "\n" in old or source.commented(test.lineno, test.end_lineno or test.lineno):
        return
    new = word.join(part for part in parts if part is not None)
    after = source.data[source.end(test) :][:1]
    if after == b":":
        yield source.edit(test, (source.start(test), source.end(test), new))


def _part(source: Source, value: ast.expr) -> str | None:
    inner = value.operand if isinstance(value, ast.UnaryOp) else value
    if isinstance(inner, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr):
        return None
    return opposite(source, value)


CODEMOD = DeMorgan()
