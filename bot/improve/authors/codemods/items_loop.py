"""A loop over keys that looks every value up, over `items()`.

Behaviour stays: only for names that are dictionaries by annotation or because the function makes them so; the value is
looked up first thing in every round, and the loop does not bind the dictionary's name anew.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import is_dict
from bot.improve.authors.codemods.moves import dropped
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class ItemsLoop:
    """`for k in d: v = d[k]; ...` becomes `for k, v in d.items(): ...`."""

    name = "items_loop"
    title = "loop over keys and values together"
    why = "Every value was looked up by a key that had just been taken from the same dictionary."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(1):
            match window:
                case [ast.For(target=ast.Name(id=k) as target, iter=ast.Name(id=d) as over, body=[
                    ast.Assign(
                        targets=[ast.Name(id=v)], value=ast.Subscript(value=ast.Name(id=d2), slice=ast.Name(id=k2))
                    ) as first, _, *_
                ]) as loop] if d == d2 and k == k2 and len({k, v, d}) == 3:  # fmt: skip
                    scope, gone = source.scope(loop), dropped(source, first)
                    if scope and gone and is_dict(source, scope, d) and not scope.stores(d, loop):
                        head = (source.start(target), source.end(over), f"{k}, {v} in {d}.items()")
                        yield source.edit(loop, head, gone)


CODEMOD = ItemsLoop()
