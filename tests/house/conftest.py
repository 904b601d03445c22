"""What every house test looks at: the files of this repository, read without git."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", ".github", "benchmarks", "bot", "changelog.d", "charts", "deploy", "docs", "scripts", "tests")


def _files() -> Iterator[Path]:
    tops = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    yield from (path for path in sorted(tops + found) if "__pycache__" not in path.parts)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """Every text file of the repository by its path."""
    found = {}
    for path in _files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def product(texts: dict[str, str]) -> dict[str, str]:
    """Every module of the product by its path."""
    return {path: text for path, text in texts.items() if path.startswith("bot/") and path.endswith(".py")}


@dataclass(frozen=True, slots=True)
class Outline:
    """What the house tests ask of one module."""

    functions: tuple[tuple[str, int], ...]
    """Name and number of lines of each, methods and inner ones among them."""
    classes: dict[str, int]
    """Public methods by name of the class."""


@pytest.fixture(scope="session")
def outlines(product: dict[str, str]) -> dict[str, Outline]:
    """The outline of every module of the product, by path; the trees are too large to be kept."""
    return {path: outline(text) for path, text in product.items()}


def outline(text: str) -> Outline:
    found = list(statements(ast.parse(text)))
    functions = [node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [node for node in found if isinstance(node, ast.ClassDef)]
    return Outline(
        functions=tuple((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions),
        classes={node.name: public_methods(node) for node in classes},
    )


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement, however deep; expressions, which are most of a tree, hold none."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            below = getattr(node, name, None)
            if isinstance(below, list):
                todo += below


def public_methods(node: ast.ClassDef) -> int:
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sum(not one.name.startswith("_") for one in methods)
