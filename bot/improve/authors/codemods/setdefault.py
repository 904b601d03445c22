"""A missing entry made by hand before it is used, with `setdefault()`.

Behaviour stays: only for names that are dictionaries by annotation or because the function makes them so, with a
plain name or constant as key, and an empty list, set or dictionary as the new entry.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import is_dict
from bot.improve.authors.codemods.shape import same
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class Setdefault:
    """`if k not in d: d[k] = []` and `d[k].append(v)` become `d.setdefault(k, []).append(v)`."""

    name = "setdefault"
    title = "make the missing entry with setdefault()"
    why = "The entry was looked up three times to be made once."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            match window:
                case [
                    ast.If(
                        test=ast.Compare(
                            left=key, ops=[ast.NotIn()], comparators=[ast.Name(id=name)]
                        ),
                        body=[ast.Assign(targets=[ast.Subscript(value=ast.Name(id=n2), slice=k2)], value=new)],
                        orelse=[],
                    ),
                    ast.Expr(value=ast.Call(
                        func=ast.Attribute(value=ast.Subscript(value=ast.Name(id=n3), slice=k3), attr=_)
                    ) as call),
                ] if name == n2 == n3 and same(key, k2) and same(key, k3):  # fmt: skip
                    if isinstance(key, ast.Name | ast.Constant) and _empty(source, new) and _dict(source, window, name):
                        yield from _edit(
                            source, window, call, f"{name}.setdefault({source.code(key)}, {source.code(new)})"
                        )


def _empty(source: Source, new: ast.expr) -> bool:
    match new:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="set" | "list" | "dict" as made), args=[], keywords=[]):
            return source.builtin(made)
    return False


def _dict(source: Source, window: list[ast.stmt], name: str) -> bool:
    scope = source.scope(window[0])
    return scope is not None and is_dict(source, scope, name)


def _edit(source: Source, window: list[ast.stmt], call: ast.Call, made: str) -> Iterator[Edit]:
    assert isinstance(call.func, ast.Attribute)  # noqa: S101  (matched above)
    rest = source.data[source.end(call.func.value) : source.end(call)].decode()
    edit = source.replace(window, f"{made}{rest}")
    if edit is not None:
        yield edit


CODEMOD = Setdefault()
