"""Kinds guessed from how a function uses its parameters, for functions that neither say nor show them."""

from __future__ import annotations

import ast

from bot.improve.inputs.kinds import BOOL, FLOAT, INT, NONE, STR, Kind, union

_STR_METHODS = {n for n in dir(str) if not n.startswith("_")}
_LIST_METHODS = {n for n in dir(list) if not n.startswith("_")}
_DICT_METHODS = {n for n in dir(dict) if not n.startswith("_")}
_SET_METHODS = {n for n in dir(set) if not n.startswith("_")}
LISTS = Kind("list", (INT,))
WORDS = Kind("list", (STR,))
FLOATS = Kind("list", (union([INT, FLOAT]),))
GRID = Kind("list", (LISTS,))
TABLE = Kind("dict", (STR, INT))
BASIC = (INT, STR, LISTS, WORDS, FLOAT, TABLE, FLOATS, GRID, Kind("tuples", (INT,)), Kind("set", (INT,)), BOOL, NONE)
"""Tried in this order where nothing else is known."""
_NAMES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("str", "string", "text", "word", "name", "sentence", "message", "s", "s1", "s2", "key", "line", "title"), STR),
    (("lst", "arr", "array", "list", "nums", "numbers", "values", "items", "xs", "l", "data"), LISTS),
    (("words", "strings", "names", "lines", "keys"), WORDS),
    (("grid", "matrix", "rows", "board"), GRID),
    (("d", "dict", "dictionary", "mapping", "table"), TABLE),
    (("n", "m", "k", "i", "j", "x", "y", "a", "b", "num", "number", "count", "size", "limit", "index", "year"), INT),
    (("flag", "strict", "reverse", "verbose", "is_"), BOOL),
)


def guess(function: ast.FunctionDef | ast.AsyncFunctionDef, param: str) -> list[Kind]:
    """Kinds the parameter may have, likeliest first; never empty."""
    points: dict[Kind, float] = {}

    def give(kind: Kind, amount: float) -> None:
        points[kind] = points.get(kind, 0.0) + amount

    for words, kind in _NAMES:
        if param.lower() in words or any(len(w) > 2 and w in param.lower().split("_") for w in words):
            give(kind, 1.5)
    for node in ast.walk(function):
        for kind, amount in _votes(node, param):
            give(kind, amount)
    ranked = sorted((k for k in points if points[k] > 0), key=lambda k: -points[k])
    return ranked + [k for k in BASIC if k not in ranked]


def _is(node: ast.AST | None, param: str) -> bool:
    return isinstance(node, ast.Name) and node.id == param


def _votes(node: ast.AST, param: str) -> list[tuple[Kind, float]]:
    if isinstance(node, ast.Attribute):
        return _method(node.attr) if _is(node.value, param) else []
    if isinstance(node, ast.Subscript):
        return _subscript(node.slice) if _is(node.value, param) else []
    if isinstance(node, ast.Call):
        return _called(node, param)
    if isinstance(node, (ast.For, ast.comprehension)):
        return [(LISTS, 1.0), (STR, 0.8), (WORDS, 0.5)] if _is(node.iter, param) else []
    return _compared(node, param) if isinstance(node, ast.Compare) else _reckoned(node, param)


def _reckoned(node: ast.AST, param: str) -> list[tuple[Kind, float]]:
    if isinstance(node, ast.BinOp) and (_is(node.left, param) or _is(node.right, param)):
        added = isinstance(node.op, ast.Add)
        return [(INT, 1.0), (STR, 0.3), (LISTS, 0.3)] if added else [(INT, 2.0), (FLOAT, 1.0)]
    if isinstance(node, ast.AugAssign) and _is(node.target, param):
        return [(INT, 1.5)]
    if isinstance(node, ast.UnaryOp) and _is(node.operand, param) and not isinstance(node.op, ast.Not):
        return [(INT, 1.5)]
    return []


def _method(name: str) -> list[tuple[Kind, float]]:
    found: list[tuple[Kind, float]] = []
    for names, kind, weight in (
        (_STR_METHODS, STR, 3.0), (_LIST_METHODS, LISTS, 3.0), (_DICT_METHODS, TABLE, 2.5),
        (_SET_METHODS, Kind("set", (INT,)), 2.0),
    ):  # fmt: skip
        if name in names:
            found.append((kind, weight))
    return found


def _subscript(index: ast.expr) -> list[tuple[Kind, float]]:
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        return [(TABLE, 3.0)]
    return [(LISTS, 2.0), (STR, 1.5), (WORDS, 0.7), (GRID, 0.6)]


def _called(node: ast.Call, param: str) -> list[tuple[Kind, float]]:
    if not any(_is(a, param) for a in node.args) or not isinstance(node.func, ast.Name):
        return []
    lists: list[tuple[Kind, float]] = [(LISTS, 2.0), (STR, 0.5), (FLOATS, 0.5)]
    return {
        "len": [(LISTS, 1.5), (STR, 1.5)], "sum": [(LISTS, 3.0), (FLOATS, 1.0)], "sorted": lists, "max": lists,
        "min": lists, "enumerate": [(LISTS, 1.5), (STR, 1.0)], "reversed": [(LISTS, 1.5), (STR, 1.0)],
        "range": [(INT, 4.0)], "int": [(STR, 1.0), (INT, 1.0), (FLOAT, 0.8)], "str": [(INT, 2.0)], "abs": [(INT, 2.0)],
        "float": [(STR, 1.0), (INT, 1.0)], "round": [(FLOAT, 3.0)], "set": lists, "list": [(STR, 1.0), (LISTS, 1.0)],
        "ord": [(STR, 3.0)], "chr": [(INT, 3.0)], "bin": [(INT, 4.0)], "hex": [(INT, 4.0)], "map": lists, "zip": lists,
        "filter": lists, "divmod": [(INT, 3.0)], "pow": [(INT, 3.0)],
    }.get(node.func.id, [])  # fmt: skip


def _compared(node: ast.Compare, param: str) -> list[tuple[Kind, float]]:
    sides = [node.left, *node.comparators]
    if not any(_is(s, param) for s in sides):
        return []
    kinds = {int: INT, float: FLOAT, str: STR, bool: BOOL}
    for side in sides:
        if isinstance(side, ast.Constant) and type(side.value) in kinds:
            return [(kinds[type(side.value)], 2.5)]
        if isinstance(side, ast.List):
            return [(LISTS, 2.0)]
    return [(INT, 0.5)] if not isinstance(node.ops[0], (ast.In, ast.NotIn, ast.Is, ast.IsNot)) else []
