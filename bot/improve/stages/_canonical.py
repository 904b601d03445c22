"""Expressions in one form, so that renamed locals, moved lines and another layout compare equal."""

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy

DEEPEST = 6
LARGEST = 4000
"""Longest text of an expression that is still put in for a name."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def canonical(node: ast.AST, known: Mapping[str, ast.expr], names: Mapping[str, str]) -> str:
    """The text of an expression with locals replaced by what they stand for."""
    return ast.unparse(resolved(node, known, names))


def resolved(node: ast.AST, known: Mapping[str, ast.expr], names: Mapping[str, str]) -> ast.AST:
    """A copy of the expression in which each local assigned once is its value, and each other local a number."""
    return _Locals(known, names).visit(deepcopy(node))  # type: ignore[no-any-return]  # NodeTransformer.visit is untyped


class _Locals(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, ast.expr], names: Mapping[str, str], depth: int = 0) -> None:
        self.known, self.names, self.depth = known, names, depth

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self.known.get(node.id)
        if value is not None and self.depth < DEEPEST:
            put = _Locals(self.known, self.names, self.depth + 1).visit(deepcopy(value))
            if len(ast.dump(put)) <= LARGEST:
                return put  # type: ignore[no-any-return]  # NodeTransformer.visit is untyped
        return ast.Name(self.names.get(node.id, node.id), ast.Load())


def locals_of(function: Function) -> tuple[dict[str, ast.expr], dict[str, str]]:
    """Locals assigned exactly once with their value, and neutral names for all other locals."""
    values: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(function):
        for name, value in _bound(node):
            values.setdefault(name, []).append(value)
    arguments = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    values = {name: found for name, found in values.items() if name not in arguments}
    once = {name: v[0] for name, v in values.items() if len(v) == 1 and v[0] is not None}
    known = {name: value for name, value in once.items() if name not in _names(value)}
    others = [name for name in values if name not in known]
    return known, {name: f"local{i}" for i, name in enumerate(others)}


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    elif isinstance(node, ast.Assign):
        yield from ((n, None) for target in node.targets for n in _names(target, stored=True))
    elif isinstance(node, ast.NamedExpr | ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, None
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from ((n, None) for n in _names(node.target, stored=True))
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from ((n, None) for n in _names(node.optional_vars, stored=True))


def _names(node: ast.AST, *, stored: bool = False) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and (not stored or isinstance(n.ctx, ast.Store))]


def called(text: str) -> frozenset[str]:
    """Names of everything that an expression calls, by the last part of the name."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    return frozenset(last_name(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)) - {""}


def last_name(node: ast.AST) -> str:
    """`c` of `a.b.c`; empty for what has no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.AST) -> str:
    """`a.b.c` as text; empty for anything but a chain of names."""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
