"""A long branch whose `else` only leaves, with the leaving first.

Behaviour stays: the short branch ends by return, raise, continue or break, so that the long one may stand after it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.moves import dedented, else_line, head, last_line
from bot.improve.authors.codemods.shape import denied
from bot.improve.authors.codemods.source import TERMINAL, Edit, Source

LONG, SHORT = 3, 2


@dataclass(frozen=True, slots=True)
class ExitFirst:
    """`if c: <long> else: raise e` becomes `if not c: raise e` and the long part, one level less deep."""

    name = "exit_first"
    title = "leave first instead of in an else"
    why = "What leaves stands far away from its condition, and the rest is nested for nothing."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, block in source.blocks:
            for stmt in block:
                if isinstance(stmt, ast.If) and _wanted(stmt) and source.alone(stmt, *stmt.body, *stmt.orelse):
                    yield from _edit(source, stmt)


def _wanted(stmt: ast.If) -> bool:
    short = 0 < len(stmt.orelse) <= SHORT and not any(hasattr(s, "body") for s in stmt.orelse)
    leaves = short and isinstance(stmt.orelse[-1], TERMINAL)
    return leaves and len(stmt.body) >= LONG and not isinstance(stmt.body[-1], TERMINAL)


def _edit(source: Source, stmt: ast.If) -> Iterator[Edit]:
    first, middle, last = head(source, stmt), else_line(source, stmt), last_line(stmt)
    if not first or not middle:
        return
    flat, deep = source.indent(stmt), source.indent(stmt.body[0])
    rest = dedented(source, first + 1, middle - 1, deep, flat)
    condition = denied(source, stmt.test)
    if rest is None or condition is None or "\n" in condition:
        return
    end = source.newline
    leaving = "".join(source.lines(middle + 1, last)).rstrip("\r\n")
    text = f"{flat}if {condition}:{end}{leaving}{end}{end}{rest.lstrip(end).rstrip()}{end}"
    yield source.edit(stmt, (source.line_start(stmt.lineno), source.line_start(last + 1), text))


CODEMOD = ExitFirst()
