"""What code opens to others: dangerous places, tools, commands, routes and permissions, read from its syntax."""

import ast
from collections import Counter
from collections.abc import Iterator

from bot.improve.stages._danger import sights
from bot.policy.impact import Surface

_ROUTES = frozenset({"get", "post", "put", "delete", "patch", "route", "head", "view", "add_get", "add_post"})


def surface_of(texts: Iterator[str]) -> Surface:
    """Of all these files together, so that what only moved is neither gained nor lost. What does not parse has none."""
    powers: Counter[str] = Counter()
    entries: set[str] = set()
    permissions: set[str] = set()
    for text in texts:
        try:
            tree = ast.parse(text)
            powers.update(rule for rule, _line, _message, _key in sights(tree))
            entries.update(_entries(tree))
            permissions.update(_permissions(tree))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return Surface(dict(powers), frozenset(entries), frozenset(permissions))


def _entries(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (f"tool {_name(mark, node.name)}" for mark in node.decorator_list if _called(mark) == "tool")
        if isinstance(node, ast.Call) and node.args and isinstance(first := node.args[0], ast.Constant):
            said, method = first.value, _called(node)
            if isinstance(said, str) and method in _ROUTES and said.startswith("/"):
                yield f"route {said}"
            elif isinstance(said, str) and method == "command" and isinstance(node.func, ast.Attribute):
                yield f"command {said}"


def _permissions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) == "tool":
            given = next((k.value for k in node.keywords if k.arg == "permissions"), None)
            named = given.elts if isinstance(given, ast.Tuple | ast.List | ast.Set) else []
            yield from (str(one.value) for one in named if isinstance(one, ast.Constant))


def _called(node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _name(mark: ast.expr, otherwise: str) -> str:
    keywords = mark.keywords if isinstance(mark, ast.Call) else []
    given = next((k.value for k in keywords if k.arg == "name"), None)
    return str(given.value) if isinstance(given, ast.Constant) and given.value else otherwise
