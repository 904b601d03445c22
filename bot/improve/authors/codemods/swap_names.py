"""Two names exchanged by way of a third, in one assignment.

Behaviour stays: only plain names, and the third one is private to the function, bound once and not read again.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class SwapNames:
    """`t = a; a = b; b = t` becomes `a, b = b, a`."""

    name = "swap_names"
    title = "exchange two names in one assignment"
    why = "Three assignments and a spare name hide an exchange."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(3):
            match window:
                case [
                    ast.Assign(targets=[ast.Name(id=spare)], value=ast.Name(id=a)),
                    ast.Assign(targets=[ast.Name(id=a2)], value=ast.Name(id=b)),
                    ast.Assign(targets=[ast.Name(id=b2)], value=ast.Name(id=spare2)),
                ] if (spare, a, b) == (spare2, a2, b2) and len({spare, a, b}) == 3:
                    scope = source.scope(window[0])
                    alone = scope is not None and scope.private(spare) and scope.stores(spare) == 1
                    if scope and alone and spare not in scope.parameters and not scope.read_elsewhere(spare, window):
                        edit = source.replace(window, f"{a}, {b} = {b}, {a}")
                        yield from [edit] if edit else []


CODEMOD = SwapNames()
