"""A list that is made empty and appended to at once, as a literal.

Behaviour stays: the items are evaluated in the same order; none of them mentions the list, which is private to the
function, and no `try` or `with` around could show it half made.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.scope import names
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Block, Edit, Source


@dataclass(frozen=True, slots=True)
class LiteralList:
    """`out = []; out.append(a); out.append(b)` becomes `out = [a, b]`."""

    name = "literal_list"
    title = "write the list as a literal"
    why = "A list whose items are known was made one call at a time."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, block in source.blocks:
            for at, stmt in enumerate(block):
                first = assigned(source, stmt)
                if first is not None and isinstance(first[1], ast.List) and not first[1].elts:
                    yield from _edit(source, block[at:], first[0], first[2])


def _edit(source: Source, block: Block, name: str, left: str) -> Iterator[Edit]:
    items: list[ast.expr] = []
    for stmt in block[1:]:
        match stmt:
            case ast.Expr(value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=again), attr="append"), args=[item], keywords=[]
            )) if again == name and name not in names(item) and not isinstance(item, ast.Starred):  # fmt: skip
                items.append(item)
            case _:
                break
    scope = source.scope(block[0])
    plain = not any(isinstance(n, ast.NamedExpr | ast.Yield | ast.Await) for i in items for n in ast.walk(i))
    if scope and len(items) >= 2 and plain and scope.private(name) and not scope.guarded(block[0]):
        text = ", ".join(element(source, item) for item in items)
        edit = source.replace(block[: len(items) + 1], f"{left} = [{text}]")
        yield from [edit] if edit else []


CODEMOD = LiteralList()
