"""Proof that a rewrite did its own kind of thing and no other: the rest of the syntax tree is as it was."""

import ast
from collections.abc import Iterator

from bot.improve.authors.codemods.source import Edit, Source

BODIES = frozenset({"body", "orelse", "finalbody", "handlers"})


def unproved(before: str, after: str, edit: Edit) -> str:
    """Why the rewritten file cannot be trusted, or an empty text.

    It must parse and compile, differ, keep every definition's name and signature, and keep every statement that lies
    outside of the rewritten lines, in order.
    """
    try:
        old, new = ast.parse(before), ast.parse(after)
        compile(after, "after", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"the result does not compile: {error}"
    if ast.dump(old) == ast.dump(new):
        return "nothing changes"
    touched = _lines(Source(before), edit)
    kept = [dump for line, end, dump in _leaves(old) if not any(line <= b and a <= end for a, b in touched)]
    if not _subsequence(kept, [dump for _, _, dump in _leaves(new)]):
        return "statements outside of the rewritten lines change"
    if list(_definitions(old)) != list(_definitions(new)):
        return "a definition changes"
    return ""


def _lines(source: Source, edit: Edit) -> list[tuple[int, int]]:
    """Line ranges that the pieces touch, 1-based, both ends included."""
    data = source.data
    return [(data[:a].count(b"\n") + 1, data[: max(a, b - 1)].count(b"\n") + 1) for a, b, _ in edit.pieces]


def _leaves(tree: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Simple statements, and the heads of compound ones and of handlers: first line, last line, content."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt | ast.ExceptHandler):
            continue
        if not hasattr(node, "body"):
            yield node.lineno, node.end_lineno or node.lineno, ast.dump(node)
            continue
        parts = [part for name, value in ast.iter_fields(node) if name not in BODIES for part in _parts(value)]
        heads = [part for part in parts if isinstance(part, ast.expr | ast.arguments | ast.withitem)]
        ends = [n.end_lineno or 0 for h in heads for n in ast.walk(h) if isinstance(n, ast.expr | ast.arg)]
        yield node.lineno, max([node.lineno, *ends]), type(node).__name__ + "".join(map(_dump, parts))


def _parts(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _dump(part: object) -> str:
    return ast.dump(part) if isinstance(part, ast.AST) else repr(part)


def _subsequence(wanted: list[str], found: list[str]) -> bool:
    """Whether all are there, as often as they were. Their order in a walk by depth may change with their depth."""
    rest = sorted(found)
    for dump in wanted:
        if dump not in rest:
            return False
        rest.remove(dump)
    return True


def _definitions(tree: ast.AST) -> Iterator[str]:
    rows = [
        (node.lineno, f"{node.name}({ast.dump(node.args) if not isinstance(node, ast.ClassDef) else ''})")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    yield from (text for _, text in sorted(rows))
