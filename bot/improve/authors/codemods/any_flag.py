"""A flag that a loop sets and leaves by, as `any()` or `all()`.

Behaviour stays: they ask the same conditions in the same order and stop at the first that decides. Conditions: see
`loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import Nest, hidden, nest
from bot.improve.authors.codemods.shape import constant, element
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class AnyFlag:
    """`flag = False; for x in xs: if c: flag = True; break` becomes `flag = any(c for x in xs)`."""

    name = "any_flag"
    title = "ask with any() or all() instead of a loop and a flag"
    why = "A loop that only sets a flag hides the question that it asks."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or len(found.clauses) != 2:
                continue
            match found.clauses[1], found.inner:
                case ast.If(test=test), (ast.Assign(targets=[ast.Name(id=again)], value=then), ast.Break()):
                    for start in (True, False):
                        sets = constant(first[1], start) and constant(then, not start) and again == first[0]
                        if sets and source.builtin("any", "all") and hidden(source, found, again):
                            edit = source.replace(window, f"{first[2]} = {_question(source, found, test, start)}")
                            yield from [edit] if edit else []


def _question(source: Source, found: Nest, test: ast.expr, start: bool) -> str:
    over = Nest(found.outer, found.clauses[:1], ()).text(source)
    if start and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return f"all({element(source, test.operand)} {over})"
    return f"{'not ' if start else ''}any({element(source, test)} {over})"


CODEMOD = AnyFlag()
