"""A count that is begun and raised in two branches, with `get()`.

Behaviour stays: only for names annotated as dictionaries of `int`, with a plain name or constant as key, and whole
numbers as steps; numbers cannot be changed in place, so that `+` and `+=` are the same.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import annotation, of_dict
from bot.improve.authors.codemods.shape import constant, same
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class GetCount:
    """`if k in d: d[k] += 1 else: d[k] = 1` becomes `d[k] = d.get(k, 0) + 1`."""

    name = "get_count"
    title = "count with get() instead of two branches"
    why = "Two branches said the same thing about a first and a further one."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(1):
            match window:
                case [ast.If(
                    test=ast.Compare(left=key, ops=[ast.In()], comparators=[ast.Name(id=name)]),
                    body=[ast.AugAssign(
                        target=ast.Subscript(value=ast.Name(id=n2), slice=k2), op=ast.Add(),
                        value=ast.Constant(value=int() as step) as up,
                    )],
                    orelse=[ast.Assign(
                        targets=[ast.Subscript(value=ast.Name(id=n3), slice=k3)], value=ast.Constant() as begin
                    )],
                )] if name == n2 == n3 and same(key, k2) and same(key, k3):  # fmt: skip
                    fits = constant(begin, int(step)) and constant(up, int(step))
                    if fits and isinstance(key, ast.Name | ast.Constant) and _counts(source, window[0], name):
                        at = f"{name}[{source.code(key)}]"
                        edit = source.replace(window, f"{at} = {name}.get({source.code(key)}, 0) + {step}")
                        yield from [edit] if edit else []


def _counts(source: Source, stmt: ast.stmt, name: str) -> bool:
    scope = source.scope(stmt)
    noted = annotation(scope, name) if scope is not None else None
    types = of_dict(noted) if noted is not None else None
    return types is not None and types[1] == "int" and source.builtin("dict", "int")


CODEMOD = GetCount()
