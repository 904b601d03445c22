"""Reads the product's own source as syntax trees."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
"""The checkout that holds this program."""


@dataclass(frozen=True, slots=True)
class Source:
    """One module: its path below the root, its tree, and its module-level names of constant texts."""

    path: str
    tree: ast.Module
    texts: dict[str, tuple[str, ...]]


def sources(root: Path = ROOT, words: Iterable[str] = ("",)) -> Iterable[Source]:
    """Every module of the product that holds one of these words, in order of path."""
    for file in sorted((root / "bot").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if any(word in text for word in words):
            tree = _parsed(text)
            yield Source(str(file.relative_to(root)), tree, _texts(tree))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _texts(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            values = _strings(node.value)
            if values:
                found[node.targets[0].id] = values
    return found


def _strings(node: ast.expr) -> tuple[str, ...]:
    """The text or texts of a constant, or nothing."""
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    texts = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return tuple(texts) if len(texts) == len(items) else ()


def named(node: ast.expr | None, source: Source) -> tuple[str, ...]:
    """The texts that an expression stands for: a constant, or a module-level name of one; else nothing."""
    if isinstance(node, ast.Name):
        return source.texts.get(node.id, ())
    return _strings(node) if node is not None else ()


def cell(text: str) -> str:
    """Text for a cell of a Markdown table: one line, bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Code in a cell of a Markdown table."""
    return f"`{cell(text)}`"
