"""A constant pattern compiled at every call, as a constant of the module.

Behaviour stays: pattern and flags are literals, the pattern compiles without a warning, and a compiled pattern has no
state. Only in functions, where `re` is the module that the file imports at its top and nothing else is called so.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.source import Edit, Function, Source

LONGEST = 300


@dataclass(frozen=True, slots=True)
class HoistRegex:
    """`re.compile("...")` in a function becomes a constant of the module."""

    name = "hoist_regex"
    title = "compile the pattern once"
    why = "A pattern that never changes was looked up and compiled anew at every call."

    def find(self, source: Source) -> Iterator[Edit]:
        imports = [n for n in source.nodes if isinstance(n, ast.Import | ast.ImportFrom)]
        mine = [n for n in imports if any((a.asname or a.name) == "re" for a in n.names)]
        plain = len(mine) == 1 and isinstance(mine[0], ast.Import) and mine[0] in source.tree.body
        if not plain or sum(isinstance(n, ast.Name) and n.id == "re" and not isinstance(n.ctx, ast.Load)
                            for n in source.nodes):  # fmt: skip
            return
        if any(
            "re" in {getattr(n, "arg", ""), getattr(n, "name", "")}
            for n in source.nodes
            if not isinstance(n, ast.alias)
        ):
            return
        for node in source.nodes:
            if isinstance(node, ast.Call) and _fixed(node) and node.lineno > mine[0].lineno:
                yield from _edit(source, node)


def _fixed(call: ast.Call) -> bool:
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[ast.Constant(value=text), *flags],
            keywords=[],
        ) if isinstance(text, str | bytes) and len(text) <= LONGEST and len(flags) <= 1:  # fmt: skip
            return all(_flag(flag) for flag in flags) and _compiles(text)
    return False


def _flag(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="re"), attr=name):
            return isinstance(getattr(re, name, None), re.RegexFlag)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _flag(left) and _flag(right)
    return False


def _compiles(text: str | bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(text)
        except (re.error, Warning, OverflowError, RecursionError):
            return False
    return True


def _edit(source: Source, call: ast.Call) -> Iterator[Edit]:
    function = source.function(call)
    if function is None or call.lineno < function.body[0].lineno or source.in_text(call) or "\n" in source.code(call):
        return
    top: ast.AST = call
    while not isinstance(source.parents[top], ast.Module):
        top = source.parents[top]
    if not isinstance(top, Function | ast.ClassDef):
        return
    line = min([top.lineno, *(d.lineno for d in top.decorator_list)])
    name = _name(source, call, function)
    if not name or source.commented(line - 1, line - 1) or source.commented(call.lineno, call.lineno):
        return
    end = source.newline
    at = source.line_start(line)
    constant = f"{name} = {source.code(call)}{end}{end}{end}"
    yield source.edit(call, (at, at, constant), (source.start(call), source.end(call), name))


def _name(source: Source, call: ast.Call, function: Function) -> str:
    """A name that nothing in the file has; empty if there is none."""
    parent = source.parents[call]
    target = parent.targets[0] if isinstance(parent, ast.Assign) else None
    own = target.id if isinstance(target, ast.Name) else "pattern"
    words = [own, f"{function.name}_{own}"]
    names = [f"_{word.strip('_').upper()}" for word in words]
    return next((name for name in names if len(name) > 2 and name not in source.text), "")


CODEMOD = HoistRegex()
