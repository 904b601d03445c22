"""A function whose whole end stands under one condition, with an early return.

Behaviour stays: the condition is the function's last statement and has no `else`, and the function returns no value
anywhere, so that `return` is what would have come. Not where indentation is data (texts over several lines).
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.loops import own
from bot.improve.authors.codemods.moves import dedented, head, last_line, long
from bot.improve.authors.codemods.shape import denied
from bot.improve.authors.codemods.source import Edit, Function, Source


@dataclass(frozen=True, slots=True)
class GuardFunction:
    """`if c: <long end of the function>` becomes `if not c: return` and the end, one level less deep."""

    name = "guard_function"
    title = "return early instead of nesting the rest of the function"
    why = "An early return lets the reader forget the condition and takes a level of nesting away."

    def find(self, source: Source) -> Iterator[Edit]:
        for owner, block in source.blocks:
            last = block[-1]
            if isinstance(owner, Function) and block is owner.body and isinstance(last, ast.If) and not last.orelse:
                nodes = own(owner.body)
                if not any(isinstance(n, ast.Return) and n.value is not None for n in nodes):
                    yield from guard(source, last, "return")


def guard(source: Source, stmt: ast.If, leave: str) -> Iterator[Edit]:
    """The edit that leaves by `leave` unless the condition holds, if that is worth it and can be written."""
    line = head(source, stmt)
    if not line or not long(stmt.body) or not source.alone(stmt, *stmt.body):
        return
    flat, deep = source.indent(stmt), source.indent(stmt.body[0])
    rest = dedented(source, line + 1, last_line(stmt), deep, flat)
    condition = denied(source, stmt.test)
    if rest is None or condition is None or "\n" in condition:
        return
    end = source.newline
    text = f"{flat}if {condition}:{end}{deep}{leave}{end}{end}{rest.lstrip(end)}"
    yield source.edit(stmt, (source.line_start(stmt.lineno), source.line_start(last_line(stmt) + 1), text))


CODEMOD = GuardFunction()
