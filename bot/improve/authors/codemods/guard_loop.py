"""A loop whose whole end stands under one condition, with `continue`.

Behaviour stays: the condition is the last statement of the loop's body and has no `else`, so that the next round is
what would have come. Not where indentation is data (texts over several lines).
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.guard_function import guard
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class GuardLoop:
    """`for x in xs: if c: <long rest>` becomes `if not c: continue` and the rest, one level less deep."""

    name = "guard_loop"
    title = "go on early instead of nesting the rest of the loop"
    why = "An early `continue` lets the reader forget the condition and takes a level of nesting away."

    def find(self, source: Source) -> Iterator[Edit]:
        for owner, block in source.blocks:
            last = block[-1]
            loop = isinstance(owner, ast.For | ast.AsyncFor | ast.While) and block is owner.body
            if loop and isinstance(last, ast.If) and not last.orelse:
                yield from guard(source, last, "continue")


CODEMOD = GuardLoop()
