"""Finds functions that can be tried out by calling them: typed, without input or output, without memory."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

FORBIDDEN_CALLS = frozenset({
    "open", "print", "input", "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "id", "hash",
    "setattr", "delattr", "breakpoint", "exit", "quit",
})  # fmt: skip
FORBIDDEN_ROOTS = frozenset({
    "os", "sys", "subprocess", "socket", "random", "secrets", "time", "shutil", "tempfile", "requests", "httpx",
    "urllib", "asyncio", "threading", "multiprocessing", "logging", "log", "logger", "uuid", "signal", "ctypes", "gc",
    "importlib", "inspect", "warnings", "sqlite3", "pickle", "socketserver", "select", "resource", "platform",
})  # fmt: skip
FORBIDDEN_METHODS = frozenset({
    "now", "utcnow", "today", "read_text", "write_text", "read_bytes", "write_bytes", "unlink", "mkdir", "touch",
    "exists", "is_file", "is_dir", "resolve", "iterdir", "glob", "rglob", "stat", "cwd", "home", "open", "commit",
})  # fmt: skip
PLAIN = frozenset({
    "int", "float", "bool", "str", "bytes", "list", "tuple", "dict", "set", "frozenset",
    "Sequence", "Mapping", "Iterable", "Collection", "Optional", "Union", "List", "Dict", "Tuple", "Set",
})  # fmt: skip
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.BoolOp, ast.Compare, ast.comprehension, ast.Subscript, ast.Match)


@dataclass(frozen=True, slots=True)
class Pure:
    """A function that looks pure. `weight` grows with what there is to get wrong in it."""

    name: str
    line: int
    end_line: int
    weight: int
    plain: bool = False
    """Every parameter is of plain types, whose values can be written down: inputs are easy to find and to read."""


def pure_functions(text: str) -> list[Pure]:
    """Public typed functions at module level that neither read nor write anything but their arguments."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        Pure(node.name, node.lineno, node.end_lineno or node.lineno, _weight(node), _is_plain(node))
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _is_typed(node) and _is_pure(node)
    ]


def _weight(node: ast.FunctionDef) -> int:
    return sum(isinstance(inner, BRANCHES) for inner in ast.walk(node))


def _is_typed(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    starred = node.args.vararg or node.args.kwarg
    return bool(arguments) and not starred and all(a.annotation for a in arguments)


def _is_plain(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    names = (n.id for a in arguments if a.annotation for n in ast.walk(a.annotation) if isinstance(n, ast.Name))
    return all(name in PLAIN for name in names)


def _is_pure(node: ast.FunctionDef) -> bool:
    if any(_decorated(decorator) for decorator in node.decorator_list):
        return False
    local = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return not any(why for inner in ast.walk(node) for why in _impurities(inner, local))


def _decorated(decorator: ast.expr) -> bool:
    name = ast.unparse(decorator).rpartition(".")[2].partition("(")[0]
    return name not in {"cache", "lru_cache"}


def _impurities(node: ast.AST, local: set[str]) -> Iterator[str]:
    """What in one node speaks against purity."""
    if isinstance(node, ast.Global | ast.Nonlocal | ast.Yield | ast.YieldFrom | ast.Await | ast.With | ast.Import):
        yield type(node).__name__
    elif isinstance(node, ast.Call):
        yield from _called(node.func)
    elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        owner = _root(node)
        if owner not in local:
            yield f"changes {owner}"


def _called(function: ast.expr) -> Iterator[str]:
    if isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS:
        yield function.id
    elif isinstance(function, ast.Attribute):
        if function.attr in FORBIDDEN_METHODS:
            yield function.attr
        if _root(function) in FORBIDDEN_ROOTS:
            yield _root(function)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
