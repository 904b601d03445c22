"""Makes the mutants of a file, without those that are provably no different."""

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath
from types import CodeType

from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.operators import OPERATORS, Edit
from bot.improve.mutation.pointless import is_pointless
from bot.improve.mutation.source import Source


def generate(text: str, path: PurePosixPath, lines: Collection[int] | None = None) -> list[Mutant]:
    """Every mutant that touches these lines (default: all), in order of place. A file that does not parse has none.

    Some may be no different from the original, see `distinct`.
    """
    try:
        source = Source(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: dict[tuple[int, int, str], Mutant] = {}
    for node, operator, edit in _edits(source, lines):
        found.setdefault((edit.start, edit.end, edit.text), _mutant(source, node, operator, edit, path))
    return sorted(found.values(), key=lambda m: (m.start, m.end, m.text))


def distinct(mutants: Iterable[Mutant], text: str) -> Iterator[Mutant]:
    """Those that compile, and to something else than the original and each other."""
    seen = {shape_of(text)}
    for mutant in mutants:
        shape = shape_of(mutant.apply(text))
        if shape is not None and shape not in seen:
            seen.add(shape)
            yield mutant


def _edits(source: Source, lines: Collection[int] | None) -> Iterator[tuple[ast.AST, str, Edit]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr_context | ast.operator | ast.cmpop) or is_pointless(source, node):
            continue
        for name, operator in OPERATORS:
            for edit in operator(source, node):
                first, last = source.line_of(edit.start), source.line_of(max(edit.start, edit.end - 1))
                if lines is None or any(line in lines for line in range(first, last + 1)):
                    yield node, name, edit


def _mutant(source: Source, node: ast.AST, operator: str, edit: Edit, path: PurePosixPath) -> Mutant:
    return Mutant(
        path=path,
        start=edit.start,
        end=edit.end,
        text=edit.text,
        operator=operator,
        line=source.line_of(edit.start),
        end_line=source.line_of(max(edit.start, edit.end - 1)),
        original=source.text[edit.start : edit.end],
        symbol=source.symbol(node),
    )


def shape_of(text: str) -> object | None:
    """The compiled form, without line numbers; None if it does not compile."""
    try:
        return _shape(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _shape(text: str) -> object:
    """Compiled code without line numbers: equal shapes behave the same (trivial compiler equivalence)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _code(compile(text, "mutant", "exec", dont_inherit=True, optimize=0))


def _code(code: CodeType) -> object:
    constants = tuple(
        _code(value) if isinstance(value, CodeType) else (type(value).__name__, repr(value)) for value in code.co_consts
    )
    return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_flags, constants)
