"""A dictionary that is made empty and filled at once, as a literal.

Behaviour stays: the keys are different texts, the values are evaluated in the same order, none of them mentions the
dictionary, which is private to the function, and no `try` or `with` around could show it half made.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.scope import names
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Block, Edit, Source


@dataclass(frozen=True, slots=True)
class LiteralDict:
    """`d = {}; d["a"] = x; d["b"] = y` becomes `d = {"a": x, "b": y}`."""

    name = "literal_dict"
    title = "write the dictionary as a literal"
    why = "A dictionary whose entries are known was made one assignment at a time."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, block in source.blocks:
            for at, stmt in enumerate(block):
                first = assigned(source, stmt)
                if first is not None and isinstance(first[1], ast.Dict) and not first[1].values:
                    yield from _edit(source, block[at:], first[0], first[2])


def _edit(source: Source, block: Block, name: str, left: str) -> Iterator[Edit]:
    pairs: dict[str, str] = {}
    values: list[ast.expr] = []
    for stmt in block[1:]:
        match stmt:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=again), slice=ast.Constant(value=str() as key) as at)],
                value=value,
            ) if again == name and key not in pairs and name not in names(value):  # fmt: skip
                pairs[key] = f"{source.code(at)}: {element(source, value)}"
                values.append(value)
            case _:
                break
    scope = source.scope(block[0])
    plain = not any(isinstance(n, ast.NamedExpr | ast.Yield | ast.Await) for v in values for n in ast.walk(v))
    if scope and len(pairs) >= 2 and plain and scope.private(name) and not scope.guarded(block[0]):
        edit = source.replace(block[: len(pairs) + 1], f"{left} = {{{', '.join(pairs.values())}}}")
        yield from [edit] if edit else []


CODEMOD = LiteralDict()
