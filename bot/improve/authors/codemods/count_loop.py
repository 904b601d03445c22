"""A loop that only counts, as `sum()`.

Behaviour stays: whole numbers add up exactly, in any order. Only steps of 1 from 0. Conditions: see `loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.shape import constant
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class CountLoop:
    """`n = 0; for x in xs: if c: n += 1` becomes `n = sum(1 for x in xs if c)`."""

    name = "count_loop"
    title = "count with sum() instead of a loop"
    why = "A loop that only counts says less plainly what it counts."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or not constant(first[1], 0) or not source.builtin("sum"):
                continue
            match found.inner:
                case (ast.AugAssign(target=ast.Name(id=again), op=ast.Add(), value=step),):
                    if again == first[0] and constant(step, 1) and hidden(source, found, again):
                        edit = source.replace(window, f"{first[2]} = sum(1 {found.text(source)})")
                        yield from [edit] if edit else []


CODEMOD = CountLoop()
