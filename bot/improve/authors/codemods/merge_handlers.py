"""Neighbouring handlers that do the same, as one.

Behaviour stays: handlers are tried in order, and so are the classes of one handler. Only Python's own exceptions by
their plain names.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.shape import alike
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class MergeHandlers:
    """`except A: x` and `except B: x` become `except (A, B): x`."""

    name = "merge_handlers"
    title = "handle alike what is handled in the same way"
    why = "Two handlers with the same body read as if they differed."

    def find(self, source: Source) -> Iterator[Edit]:
        for node in source.nodes:
            if isinstance(node, ast.Try):
                yield from _first(source, node)


def _first(source: Source, node: ast.Try) -> Iterator[Edit]:
    for one, other in zip(node.handlers, node.handlers[1:], strict=False):
        if one.name == other.name and alike(one.body, other.body) and one.type and other.type:
            parts = [*_classes(source, one.type), *_classes(source, other.type)]
            first, last = other.lineno, other.end_lineno or other.lineno
            apart = one.body[0].lineno > one.lineno and other.body[0].lineno > first
            if all(parts) and apart and not source.commented((one.end_lineno or one.lineno) + 1, last):
                text = f"({', '.join(parts)})"
                start = one.end_lineno or one.lineno
                gone = source.line_start(start + 1), source.line_start(last + 1), ""
                yield source.edit(one.type, (source.start(one.type), source.end(one.type), text), gone, end_line=last)
                return


def _classes(source: Source, node: ast.expr) -> list[str]:
    """Names of Python's own exceptions; an empty one for anything else."""
    nodes = node.elts if isinstance(node, ast.Tuple) else [node]
    return [n.id if isinstance(n, ast.Name) and _exception(n.id) and source.builtin(n.id) else "" for n in nodes]


def _exception(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


CODEMOD = MergeHandlers()
