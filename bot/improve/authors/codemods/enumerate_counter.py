"""A counter kept by hand beside a loop, as `enumerate()`.

Behaviour stays: the counter is set right before the loop, goes up by one at the end of every round (no `continue`),
is changed nowhere else in the loop, is private to the function and is not read outside of the loop.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.loops import steps
from bot.improve.authors.codemods.moves import dropped
from bot.improve.authors.codemods.scope import names
from bot.improve.authors.codemods.shape import constant
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class EnumerateCounter:
    """`i = 0; for x in xs: ...; i += 1` becomes `for i, x in enumerate(xs): ...`."""

    name = "enumerate_counter"
    title = "count with enumerate() instead of by hand"
    why = "A counter kept by hand is easily left out of a new branch of the loop."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            match window:
                case [
                    ast.Assign(targets=[ast.Name(id=i)], value=ast.Constant(value=int() as start) as value),
                    ast.For(orelse=[], body=[_, *_, ast.AugAssign(target=ast.Name(id=j), op=ast.Add()) as up]) as loop,
                ] if i == j and constant(up.value, 1) and constant(value, int(start)):
                    if source.builtin("enumerate") and _safe(source, loop, i, value):
                        yield from _edit(source, window[0], loop, i, start)


def _safe(source: Source, loop: ast.For, i: str, value: ast.expr) -> bool:
    scope = source.scope(loop)
    if scope is None or not scope.private(i) or i in names(loop.target, loop.iter):
        return False
    if any(isinstance(node, ast.Continue) for node in steps(loop.body)) or scope.stores(i, loop) != 1:
        return False
    return not scope.read_elsewhere(i, [loop, value])


def _edit(source: Source, first: ast.stmt, loop: ast.For, i: str, start: int) -> Iterator[Edit]:
    gone = dropped(source, first), dropped(source, loop.body[-1])
    one_line = loop.lineno == loop.iter.end_lineno
    if gone[0] is None or gone[1] is None or not one_line or source.commented(loop.lineno, loop.lineno):
        return
    target = source.code(loop.target)
    if isinstance(loop.target, ast.Tuple) and not target.startswith("("):
        target = f"({target})"
    begin = "" if start == 0 else f", start={start}"
    head = f"for {i}, {target} in enumerate({source.code(loop.iter)}{begin}):"
    line = source.lines(loop.lineno, loop.lineno)[0]
    if not line.rstrip().endswith(":"):
        return
    at = source.start(loop)
    yield source.edit(
        first, gone[0], (at, source.line_start(loop.lineno) + len(line.rstrip().encode()), head), gone[1],
        end_line=loop.end_lineno or loop.lineno,
    )  # fmt: skip


CODEMOD = EnumerateCounter()
