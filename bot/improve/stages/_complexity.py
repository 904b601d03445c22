"""Cyclomatic complexity of functions (McCabe 1976): one, and one more for each decision."""

import ast
from collections.abc import Iterator

from bot.improve.stages._canonical import Function

LIMIT = 10
"""Complexity must stay below."""
DECISIONS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension)


def complexities(tree: ast.Module) -> dict[str, tuple[int, Function]]:
    """Complexity by qualified name. Inner functions count for themselves and not for the outer one."""
    return {name: (complexity(node), node) for name, node in functions(tree)}


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function of a tree with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def complexity(function: Function) -> int:
    """Decisions plus one: branches, loops, handlers, cases, conditions of comprehensions."""
    return 1 + sum(_weight(node) for node in _own(function))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield child
            yield from _own(child)


def _weight(node: ast.AST) -> int:
    if isinstance(node, ast.match_case):
        return int(not (isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None))
    return int(isinstance(node, DECISIONS))
