"""Text put together with `+` and `str()`, as an f-string.

Behaviour stays: every part is text for sure or goes through `str()`, which `!s` calls in the same order. Only literals
without quotes, braces and backslashes.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.source import Edit, Source

BAD = frozenset("\"'\\{}\n\r#")
MOST = 7


@dataclass(frozen=True, slots=True)
class ConcatFstring:
    """`"a " + str(x) + " b"` becomes `f"a {x!s} b"`."""

    name = "concat_fstring"
    title = "write the text as an f-string"
    why = "The text that comes out was hard to see between plus signs and conversions."

    def find(self, source: Source) -> Iterator[Edit]:
        if not source.builtin("str"):
            return
        for node in source.nodes:
            if isinstance(node, ast.BinOp) and not isinstance(source.parents.get(node), ast.BinOp | ast.FormattedValue):
                text = _text(source, _leaves(node))
                if (
                    text
                    and not source.in_text(node)
                    and "\n" not in source.code(node)
                    and not source.commented(node.lineno, node.lineno)
                ):
                    yield source.edit(node, (source.start(node), source.end(node), f'f"{text}"'))


def _leaves(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_leaves(node.left), *_leaves(node.right)]
    return [node]


def _text(source: Source, leaves: list[ast.expr]) -> str:
    """The inside of the f-string; empty if a part does not fit."""
    parts = [_part(source, leaf) for leaf in leaves]
    literal = sum(isinstance(leaf, ast.Constant) for leaf in leaves)
    if not literal or literal == len(leaves) or len(leaves) > MOST or None in parts:
        return ""
    return "".join(part for part in parts if part is not None)


def _part(source: Source, leaf: ast.expr) -> str | None:
    match leaf:
        case ast.Constant(value=str() as value):
            return value if BAD.isdisjoint(value) and value.isprintable() else None
        case ast.Call(func=ast.Name(id="str"), args=[inner], keywords=[]):
            code = source.code(inner)
            fits = isinstance(inner, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and BAD.isdisjoint(code)
            return f"{{{code}!s}}" if fits else None
    return None


CODEMOD = ConcatFstring()
