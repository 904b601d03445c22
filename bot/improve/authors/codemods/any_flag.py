"""A flag that a loop sets and leaves by, as `any()`.

Behaviour stays: `any` asks the same conditions in the same order and stops at the first that holds. Only for a name
that nothing else can see while the loop runs, without `try` or `with` around, since an exception halfway would show
the flag's first value; the loop's own names must not be read afterwards.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.scope import names, targets
from bot.improve.authors.codemods.shape import condition, constant, movable, operand, target
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class AnyFlag:
    """`flag = False; for x in xs: if c: flag = True; break` becomes `flag = any(c for x in xs)`."""

    name = "any_flag"
    title = "ask with any() instead of a loop and a flag"
    why = "A loop that only sets a flag hides the question that it asks."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            match window:
                case [
                    ast.Assign(targets=[ast.Name(id=flag)], value=first),
                    ast.For(
                        orelse=[],
                        body=[
                            ast.If(
                                test=test,
                                orelse=[],
                                body=[ast.Assign(targets=[ast.Name(id=again)], value=then), ast.Break()],
                            )
                        ],
                    ) as loop,
                ] if flag == again and constant(first, False) and constant(then, True):
                    if source.builtin("any") and self._safe(source, loop, flag, test):
                        yield from self._edit(source, window, loop, test, flag)

    def _safe(self, source: Source, loop: ast.For, flag: str, test: ast.expr) -> bool:
        scope = source.scope(loop)
        bound = targets(loop.target)
        if scope is None or flag in names(loop.iter, test, loop.target) or not movable(loop.iter, test, loop.target):
            return False
        hidden = scope.private(flag, *bound) and not scope.guarded(loop)
        return hidden and not any(scope.read_elsewhere(name, [loop]) for name in bound)

    def _edit(self, source: Source, window: list[ast.stmt], loop: ast.For, test: ast.expr, flag: str) -> Iterator[Edit]:
        over = f"for {target(source, loop.target)} in {operand(source, loop.iter)}"
        edit = source.replace(window, f"{flag} = any({condition(source, test)} {over})")
        if edit is not None:
            yield edit


CODEMOD = AnyFlag()
