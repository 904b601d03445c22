"""Questions about expressions, and their text in a new place."""

import ast
from collections.abc import Sequence

from bot.improve.authors.codemods.source import Source

_FORBIDDEN = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.Starred, ast.Lambda)
_FRAME = frozenset({"super", "locals", "vars", "eval", "exec", "dir", "globals", "next", "__class__"})
"""What means something else inside of a comprehension; `next` may end a generator expression early (PEP 479)."""
_ATOMS = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant, ast.List, ast.Dict, ast.Set, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr,
)  # fmt: skip


def movable(*nodes: ast.AST) -> bool:
    """Whether these mean the same inside of a comprehension."""
    return all(_movable(node) for root in nodes for node in ast.walk(root))


def _movable(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id not in _FRAME
    if isinstance(node, ast.comprehension):
        return not node.is_async
    return not isinstance(node, _FORBIDDEN) and not (isinstance(node, ast.Attribute) and node.attr == "__next__")


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two pieces of code are the same but for their place and layout."""
    return ast.dump(one) == ast.dump(other)


def alike(one: Sequence[ast.stmt], other: Sequence[ast.stmt]) -> bool:
    """Whether two bodies are the same but for their place and layout."""
    return len(one) == len(other) and all(map(same, one, other))


def operand(source: Source, node: ast.expr) -> str:
    """The text of an expression where only something that holds together may stand."""
    text = source.code(node)
    return text if isinstance(node, _ATOMS) and not _loose(source, node) else f"({text})"


def element(source: Source, node: ast.expr) -> str:
    """The text of an expression between brackets, where a comma or a bare generator would mean something else."""
    text = source.code(node)
    return f"({text})" if _loose(source, node) else text


def _loose(source: Source, node: ast.expr) -> bool:
    """A tuple whose text has no parentheses of its own."""
    return isinstance(node, ast.Tuple) and not source.code(node).startswith("(")


def condition(source: Source, node: ast.expr) -> str:
    """The text of a condition after `if` in a comprehension."""
    text = source.code(node)
    return f"({text})" if isinstance(node, ast.IfExp | ast.Lambda) else text


_OPPOSITE: dict[type[ast.cmpop], str] = {ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in"}
"""Only these are exact opposites for all objects: `==` and `<` may be redefined."""


def opposite(source: Source, node: ast.expr) -> str | None:
    """The text of a condition that holds exactly when this one does not, without a `not`; None if there is none."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return source.code(inner)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPPOSITE:
            return f"{_side(source, left)} {_OPPOSITE[type(op)]} {_side(source, right)}"
    return None


def _side(source: Source, node: ast.expr) -> str:
    text = source.code(node)
    loose = isinstance(node, ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda | ast.NamedExpr | ast.UnaryOp)
    return f"({text})" if loose or _loose(source, node) else text


def denied(source: Source, node: ast.expr) -> str | None:
    """The text of a condition's exact opposite; None where it would be harder to read than the condition."""
    text = opposite(source, node)
    if text is not None or isinstance(node, ast.BoolOp | ast.Compare | ast.IfExp | ast.NamedExpr):
        return text
    return f"not {operand(source, node)}"


def constant(node: ast.AST, value: object) -> bool:
    """Whether a node is this very constant: True is not 1."""
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value
