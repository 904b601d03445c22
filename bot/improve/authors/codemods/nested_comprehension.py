"""Nested loops that only fill a list, as one comprehension.

Behaviour stays: the same expressions in the same order. At most two loops and one condition, so that it stays easier
to read than the loops. Conditions: see `loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class NestedComprehension:
    """`out = []; for a in x: for b in a: out.append(b)` becomes `out = [b for a in x for b in a]`."""

    name = "nested_comprehension"
    title = "fill the list with a comprehension instead of nested loops"
    why = "Nested loops around an append say in four lines what a comprehension says in one."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or len(found.loops) != 2 or len(found.clauses) > 3:
                continue
            match first[1], found.inner:
                case ast.List(elts=[]), (ast.Expr(value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=again), attr="append"), args=[item], keywords=[]
                )),) if again == first[0] and hidden(source, found, again, item):  # fmt: skip
                    text = f"{first[2]} = [{element(source, item)} {found.text(source)}]"
                    edit = source.replace(window, text)
                    yield from [edit] if edit else []


CODEMOD = NestedComprehension()
