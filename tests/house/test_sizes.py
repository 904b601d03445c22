"""Files, functions and classes stay small enough to be read."""

import ast

FILE, FUNCTION, CLASS = 300, 60, 12
"""Lines of a file, lines of a function, public methods of a class."""
LARGE = {
    "bot/core/ports.py:Forge": "the door of the forge: one method for each thing that the loop does there",
    "bot/core/ports.py:Repository": "the door of a repository",
    "bot/adapters/localforge/forge.py:LocalForge": "implements the door of the forge and what people do there",
    "bot/adapters/git/repository.py:GitRepository": "implements the door of a repository",
    "bot/improve/authors/codemods/source.py:Source": "one parsed file, which answers many small questions",
}
"""Classes that may have more public methods, and why."""


Trees = dict[str, list[ast.AST]]


def counted(trees: Trees) -> dict[str, int]:
    """Public methods of every class."""
    classes = [(path, node) for path, nodes in trees.items() for node in nodes if isinstance(node, ast.ClassDef)]
    return {f"{path}:{node.name}": public_methods(node) for path, node in classes}


def public_methods(node: ast.ClassDef) -> int:
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sum(not one.name.startswith("_") for one in methods)


def test_no_file_is_longer_than_300_lines(product: dict[str, str]) -> None:
    assert {path: n for path, text in product.items() if (n := text.count("\n")) > FILE} == {}


def test_no_function_is_longer_than_60_lines(trees: Trees) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [(path, node) for path, nodes in trees.items() for node in nodes if isinstance(node, functions)]
    lengths = {f"{path}:{node.name}": node.end_lineno - node.lineno + 1 for path, node in found}
    assert {name: n for name, n in lengths.items() if n > FUNCTION} == {}


def test_no_class_has_more_than_12_public_methods_without_a_reason(trees: Trees) -> None:
    assert {name: n for name, n in counted(trees).items() if n > CLASS and name not in LARGE} == {}


def test_no_exception_outlives_its_need(trees: Trees) -> None:
    counts = counted(trees)
    assert {name for name in LARGE if counts.get(name, 0) <= CLASS} == set()
