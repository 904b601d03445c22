"""A loop that only fills a set, as a comprehension.

Behaviour stays: the same values are added in the same order, so that of equal ones the same is kept. Conditions: see
`loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class SetComprehension:
    """`out = set(); for x in xs: out.add(e)` becomes `out = {e for x in xs}`."""

    name = "set_comprehension"
    title = "fill the set with a comprehension"
    why = "A comprehension says at once that only a set is made."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or len(found.loops) > 2 or not source.builtin("set"):
                continue
            match first[1], found.inner:
                case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]), (ast.Expr(value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=again), attr="add"), args=[item], keywords=[]
                )),) if again == first[0] and hidden(source, found, again, item):  # fmt: skip
                    text = f"{first[2]} = {{{element(source, item)} {found.text(source)}}}"
                    edit = source.replace(window, text)
                    yield from [edit] if edit else []


CODEMOD = SetComprehension()
