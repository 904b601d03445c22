"""Neighbouring conditions that leave in the same way, as one.

Behaviour stays: the second condition is asked only if the first does not hold, as `or` does it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.shape import same
from bot.improve.authors.codemods.source import TERMINAL, Edit, Source

WIDEST = 88


@dataclass(frozen=True, slots=True)
class MergeGuards:
    """`if a: return x` and `if b: return x` become `if a or b: return x`."""

    name = "merge_guards"
    title = "merge conditions that leave in the same way"
    why = "Two conditions with the same end read as if they meant two things."

    def find(self, source: Source) -> Iterator[Edit]:
        taken: set[ast.stmt] = set()
        for _owner, window in source.windows(2):
            match window:
                case [
                    ast.If(test=one, body=[ast.stmt() as first], orelse=[]),
                    ast.If(test=other, body=[second], orelse=[]),
                ] if same(first, second) and not same(one, other) and taken.isdisjoint(window):
                    yield from _edit(source, window, [one, other], first, taken)


def _edit(
    source: Source, window: list[ast.stmt], tests: list[ast.expr], leave: ast.stmt, taken: set[ast.stmt]
) -> Iterator[Edit]:
    indent = source.indent(window[0])
    head = f"if {' or '.join(_part(source, test) for test in tests)}:"
    whole = all(source.alone(stmt.body[0]) for stmt in window if isinstance(stmt, ast.If))
    if not isinstance(leave, TERMINAL) or "\n" in head or len(indent + head) > WIDEST or not whole:
        return
    deeper = source.indent(leave)[len(indent) :]
    edit = source.replace(window, head, f"{deeper}{source.code(leave)}") if deeper.isspace() else None
    if edit is not None:
        taken.update(window)
        yield edit


def _part(source: Source, test: ast.expr) -> str:
    text = source.code(test)
    loose = isinstance(test, ast.IfExp | ast.Lambda | ast.NamedExpr)
    return f"({text})" if loose or (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)) else text


CODEMOD = MergeGuards()
