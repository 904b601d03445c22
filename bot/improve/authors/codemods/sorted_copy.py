"""A copy that is sorted right away, as `sorted()`.

Behaviour stays: `sorted` copies into a list and sorts that, in the same stable way. The name is private to the
function, and no `try` or `with` around could show the unsorted copy.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.scope import names
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class SortedCopy:
    """`y = list(x)` and `y.sort()` become `y = sorted(x)`."""

    name = "sorted_copy"
    title = "copy and sort with sorted()"
    why = "Two statements made a sorted copy."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first = assigned(source, window[0])
            match first, window[1]:
                case (name, ast.Call(func=ast.Name(id="list"), args=[items], keywords=[]), left), ast.Expr(
                    value=ast.Call(func=ast.Attribute(value=ast.Name(id=again), attr="sort"), args=[], keywords=given)
                ) if name == again and source.builtin("list", "sorted") and not isinstance(items, ast.Starred):
                    if _safe(source, window[0], name, given):
                        options = "".join(f", {k.arg}={source.code(k.value)}" for k in given)
                        text = element(source, items) if not isinstance(items, ast.GeneratorExp) else ""
                        edit = source.replace(window, f"{left} = sorted({text}{options})") if text else None
                        yield from [edit] if edit else []


def _safe(source: Source, stmt: ast.stmt, name: str, given: list[ast.keyword]) -> bool:
    scope = source.scope(stmt)
    plain = all(
        k.arg in {"key", "reverse"} and isinstance(k.value, ast.Name | ast.Constant | ast.Lambda) for k in given
    )
    used = name in names(*(k.value for k in given))
    return scope is not None and plain and not used and scope.private(name) and not scope.guarded(stmt)


CODEMOD = SortedCopy()
