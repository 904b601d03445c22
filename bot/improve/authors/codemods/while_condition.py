"""An endless loop that leaves at its first line, as a loop with a condition.

Behaviour stays: the condition is asked at the same point of every round, and there is no `else`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.moves import dropped
from bot.improve.authors.codemods.shape import constant, denied
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class WhileCondition:
    """`while True: if c: break; ...` becomes `while not c: ...`."""

    name = "while_condition"
    title = "put the loop's condition into its head"
    why = "The condition under which the loop goes on stood in its body."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(1):
            match window:
                case [ast.While(test=test, orelse=[], body=[
                    ast.If(test=leave, body=[ast.Break()], orelse=[]) as first, _, *_
                ])] if constant(test, True):  # fmt: skip
                    gone, condition = dropped(source, first), denied(source, leave)
                    quiet = not source.commented(test.lineno, first.lineno)
                    if gone and quiet and condition and "\n" not in condition:
                        yield source.edit(window[0], (source.start(test), source.end(test), condition), gone)


CODEMOD = WhileCondition()
