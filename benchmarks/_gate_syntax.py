"""Small helpers for rewriting syntax trees."""

import ast
import random
from collections.abc import Iterator

NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip


def fresh(function: ast.AST, wish: str) -> str:
    """A name that the function does not use."""
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {
        n.arg for n in ast.walk(function) if isinstance(n, ast.arg)
    }
    return next(name for name in [wish, *(f"{wish}_{i}" for i in range(2, 99))] if name not in used)


def bodies(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Every list of statements in the function, nested functions left alone."""
    stack: list[ast.AST] = [function]
    while stack:
        node = stack.pop()
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                yield inner
                stack += [s for s in inner if not isinstance(s, (ast.FunctionDef, ast.ClassDef))]


def sites(function: ast.FunctionDef, rng: random.Random) -> Iterator[tuple[list[ast.stmt], int, ast.stmt]]:
    """All statements with their place, in a random order, the docstring left out."""
    found = [
        (body, i, s) for body in bodies(function) for i, s in enumerate(body)
        if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
    ]  # fmt: skip
    rng.shuffle(found)
    yield from found


def name(text: str) -> ast.Name:
    return ast.Name(text, ast.Load())


def assign(target: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(target, ast.Store())], value)


def negate(test: ast.expr) -> ast.expr:
    """The opposite condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in NEGATED:
        return ast.Compare(test.left, [NEGATED[type(test.ops[0])]()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)
