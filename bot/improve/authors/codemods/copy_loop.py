"""A loop that copies everything into a new list, as `list()`.

Behaviour stays: `list` takes the same items in the same order. Conditions: see `loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class CopyLoop:
    """`out = []; for x in xs: out.append(x)` becomes `out = list(xs)`."""

    name = "copy_loop"
    title = "copy with list() instead of a loop"
    why = "A loop that appends every item is a slow way to write a copy."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or len(found.clauses) != 1 or not source.builtin("list"):
                continue
            match first[1], found.outer.target, found.inner:
                case ast.List(elts=[]), ast.Name(id=item), (ast.Expr(value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=again), attr="append"), args=[ast.Name(id=added)], keywords=[]
                )),) if again == first[0] and item == added and hidden(source, found, again):  # fmt: skip
                    edit = source.replace(window, f"{first[2]} = list({source.code(found.outer.iter)})")
                    yield from [edit] if edit else []


CODEMOD = CopyLoop()
