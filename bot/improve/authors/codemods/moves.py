"""Whole lines taken out, moved or dedented, with their comments."""

import ast
import re

from bot.improve.authors.codemods.source import Source

_ELSE = re.compile(r"\s*else\s*:\s*$")


def dropped(source: Source, stmt: ast.stmt) -> tuple[int, int, str] | None:
    """The piece that takes a statement's lines out; None if a comment on or right above them belongs to it."""
    last = stmt.end_lineno or stmt.lineno
    if source.commented(stmt.lineno - 1, last) or not source.alone(stmt):
        return None
    return source.line_start(stmt.lineno), source.line_start(last + 1), ""


def dedented(source: Source, first: int, last: int, deep: str, flat: str) -> str | None:
    """Lines as they stand, with the indentation `deep` made `flat`; None where a line's indentation is data."""
    out = []
    for number, line in enumerate(source.lines(first, last), start=first):
        if number in source.inner or (line.strip() and not line.startswith(deep)):
            return None
        out.append(flat + line[len(deep) :] if line.strip() else line)
    return "".join(out)


def head(source: Source, stmt: ast.If) -> int:
    """The last line of an if's head; 0 if it is an `elif`, has a comment, or its body starts on the same line."""
    last = stmt.test.end_lineno or stmt.lineno
    line = next((n for n in range(last, stmt.body[0].lineno) if source.lines(n, n)[0].rstrip().endswith(":")), 0)
    if not source.code(stmt).startswith("if") or not line or source.commented(stmt.lineno, line):
        return 0
    return line


def else_line(source: Source, stmt: ast.If) -> int:
    """The line of a plain `else:`; 0 if there is none, or it has a comment."""
    if not stmt.orelse or source.code(stmt.orelse[0]).startswith("elif"):
        return 0
    first = (stmt.body[-1].end_lineno or 0) + 1
    for number in range(first, stmt.orelse[0].lineno):
        if _ELSE.match(source.lines(number, number)[0]):
            return number
    return 0


def last_line(stmt: ast.stmt) -> int:
    """The last line of a statement."""
    return stmt.end_lineno or stmt.lineno


def long(body: list[ast.stmt]) -> bool:
    """Whether a body is worth a level less: three statements or more, one of them with a body of its own."""
    return len(body) >= 3 and any(hasattr(stmt, "body") for stmt in body)
