"""Existing examples: calls in docstrings, in prose and in the repository's tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.improve.inputs.values import Call, Make, Name

MAX_TEXT = 20_000
_CALL = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


class NotLiteral(Exception):  # noqa: N818  (a signal, not a failure)
    """An expression that is not plain data."""


def value_of(node: ast.expr, names: Mapping[str, str]) -> Any:
    """The value of a literal expression; calls and attributes of the product's own `names` become recipes.

    Raises NotLiteral for anything else: nothing is ever evaluated.
    """
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        try:
            return kind([value_of(e, names) for e in node.elts])
        except TypeError as error:
            raise NotLiteral from error
    if isinstance(node, ast.Dict) and None not in node.keys:
        return _dict(node, names)
    if isinstance(node, (ast.UnaryOp, ast.BinOp)):
        return _arithmetic(node, names)
    return _recipe(node, names)


def _dict(node: ast.Dict, names: Mapping[str, str]) -> Any:
    keys = [value_of(k, names) for k in node.keys if k is not None]
    try:
        return dict(zip(keys, [value_of(v, names) for v in node.values], strict=True))
    except TypeError as error:
        raise NotLiteral from error


def _arithmetic(node: ast.UnaryOp | ast.BinOp, names: Mapping[str, str]) -> Any:
    if isinstance(node, ast.UnaryOp):
        inner = value_of(node.operand, names)
        if isinstance(node.op, ast.USub) and type(inner) in (int, float, complex):
            return -inner
        raise NotLiteral
    left, right = value_of(node.left, names), value_of(node.right, names)
    numbers = type(left) in (int, float) and type(right) in (int, float)
    if isinstance(node.op, ast.Mult) and _repeatable(left, right):
        return left * right
    if isinstance(node.op, ast.Add) and (numbers or (type(left) is type(right) and type(left) in (str, list, tuple))):
        return left + right
    if isinstance(node.op, ast.Sub) and numbers:
        return left - right
    if isinstance(node.op, ast.Pow) and type(left) is int and type(right) is int and 0 <= right < 200 > abs(left):
        return left**right
    raise NotLiteral


def _repeatable(left: Any, right: Any) -> bool:
    if type(left) in (int, float) and type(right) in (int, float):
        return True
    many, count = (right, left) if type(left) is int else (left, right)
    return type(many) in (str, list, tuple, bytes) and type(count) is int and len(many) * max(count, 0) <= MAX_TEXT


def _recipe(node: ast.expr, names: Mapping[str, str]) -> Any:
    if isinstance(node, ast.Name) and node.id in names:
        return Name(names[node.id])
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
        return Name(f"{names[node.value.id]}.{node.attr}")
    if isinstance(node, ast.Call) and not any(isinstance(a, ast.Starred) for a in node.args):
        made = _builtin(node, names)
        if made is not None:
            return made
        target = _recipe(node.func, names) if not isinstance(node.func, ast.Call) else None
        if isinstance(target, Name):
            call = call_of(node, names)
            return Make(target.path, call.args, call.kwargs)
    raise NotLiteral


def _builtin(node: ast.Call, names: Mapping[str, str]) -> Any:
    """`set()`, `list(range(9))`, `float("inf")` and the like: bounded, on literals only."""
    if not isinstance(node.func, ast.Name) or node.keywords or len(node.args) > 3:
        return None
    args = [value_of(a, names) for a in node.args]
    name = node.func.id
    try:
        if name == "range" and all(type(a) is int for a in args) and len(range(*args)) <= MAX_TEXT:
            return list(range(*args))
        kinds = {"set": set, "list": list, "tuple": tuple, "frozenset": frozenset, "dict": dict}
        if name in kinds and len(args) <= 1:
            return kinds[name](*args)
        if name in ("float", "str", "int") and len(args) == 1 and type(args[0]) in (str, int, float):
            return {"float": float, "str": str, "int": int}[name](args[0])
    except (TypeError, ValueError, OverflowError) as error:
        raise NotLiteral from error
    return None


def call_of(node: ast.Call, names: Mapping[str, str]) -> Call:
    """The arguments of a call expression. Raises NotLiteral."""
    if any(k.arg is None for k in node.keywords) or any(isinstance(a, ast.Starred) for a in node.args):
        raise NotLiteral
    kwargs = tuple((str(k.arg), value_of(k.value, names)) for k in node.keywords)
    return Call(tuple(value_of(a, names) for a in node.args), kwargs)


def calls_in(tree: ast.AST, function: str, names: Mapping[str, str]) -> Iterator[Call]:
    """Calls of that function with literal arguments, anywhere below. `function` may be an attribute's name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == function:
            try:
                yield call_of(node, names)
            except NotLiteral:
                continue


def in_text(text: str, function: str, params: Sequence[str], names: Mapping[str, str]) -> list[Call]:
    """Calls that a docstring shows: `f(1, 2)`, `For s = "a", k = 2`, `Input: [1, 2]`. Other functions of the same
    arity count after the function's own."""
    own, other = [], []
    for match in _CALL.finditer(text[:MAX_TEXT]):
        call = _call_at(text, match.start(), match.end() - 1, names)
        if call is not None:
            called = match[1].rpartition(".")[2]
            if called == function:
                own.append(call)
            elif len(call.args) == len(params) and not hasattr(__builtins__, called) and not call.kwargs:
                other.append(call)
    return own + _named(text, params) + other


def _call_at(text: str, start: int, opening: int, names: Mapping[str, str]) -> Call | None:
    end = _closing(text, opening)
    if end is None:
        return None
    try:
        node = ast.parse(text[start : end + 1].replace("\n", " ").strip(), mode="eval").body
        return call_of(_Bare(names).visit(node), names) if isinstance(node, ast.Call) else None
    except (SyntaxError, ValueError, NotLiteral):
        return None


class _Bare(ast.NodeTransformer):
    """Bare words in prose, as in `f(abc) => True`, read as strings."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.Call:
        known = {*self.names, "range", "set", "list", "tuple", "frozenset", "dict", "float", "str", "int"}
        node.args = [
            ast.Constant(a.id) if isinstance(a, ast.Name) and a.id not in known else self.visit(a) for a in node.args
        ]
        return node


def _closing(text: str, opening: int) -> int | None:
    """Where the bracket at `opening` is closed, quotes respected."""
    stack, quote, index = [_CLOSERS[text[opening]]], "", opening + 1
    while index < min(len(text), opening + MAX_TEXT):
        char = text[index]
        if quote:
            index += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSERS:
            stack.append(_CLOSERS[char])
        elif char == stack[-1]:
            stack.pop()
            if not stack:
                return index
        index += 1
    return None


def _literal_at(text: str, start: int) -> tuple[Any, int]:
    """The literal that begins at `start` and where it ends. Raises NotLiteral."""
    while start < len(text) and text[start] in " \t":
        start += 1
    if start < len(text) and text[start] in _CLOSERS:
        end = _closing(text, start)
        match = None if end is None else text[start : end + 1]
    else:
        found = re.compile(r"-?\d+(\.\d+)?|\"[^\"\n]*\"|'[^'\n]*'|True\b|False\b|None\b").match(text, start)
        match = found[0] if found else None
    if match is None:
        raise NotLiteral
    try:
        return ast.literal_eval(match.replace("\n", " ")), start + len(match)
    except (SyntaxError, ValueError, TypeError) as error:
        raise NotLiteral from error


def _named(text: str, params: Sequence[str]) -> list[Call]:
    """`name = literal` groups, one of each parameter in any order; a lone `Input: literal` for one parameter."""
    if not params:
        return []
    one = len(params) == 1
    words = "|".join([*map(re.escape, params), *(["input"] if one else []), *(r"\w*" + re.escape(p) for p in params)])
    calls, group = [], dict[str, Any]()
    for match in re.finditer(
        rf"\b({words})\s*[:=]\s*(?:\w+\s*=\s*)?(?=[-\d\"'\[({{TFN])", text[:MAX_TEXT], re.IGNORECASE
    ):
        try:
            value, _ = _literal_at(text, match.end())
        except NotLiteral:
            continue
        name = params[0] if one else next((p for p in params if match[1].lower().endswith(p.lower())), match[1])
        group[name] = value
        if set(group) >= set(params):
            calls.append(Call(tuple(group[p] for p in params)))
            group = {}
    return calls
