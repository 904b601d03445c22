"""Parameters: what a signature, its examples and its use say about each of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.improve.inputs import examples, usage
from bot.improve.inputs.kinds import Kind, decode_kind, encode_kind, from_annotation, kind_of, union
from bot.improve.inputs.values import Call, encode_call

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Param:
    """One parameter. `kinds` are alternatives, likeliest first; when `sure`, all of them hold."""

    name: str
    kinds: tuple[Kind, ...]
    sure: bool
    default: bool = False
    keyword: bool = False
    """Keyword-only."""


def encode_param(param: Param) -> list[Any]:
    """A parameter as JSON data."""
    return [param.name, [encode_kind(k) for k in param.kinds], param.sure, param.default, param.keyword]


def decode_param(data: Sequence[Any]) -> Param:
    """Inverse of `encode_param`."""
    return Param(data[0], tuple(decode_kind(k) for k in data[1]), data[2], data[3], data[4])


def parsed(sources: Iterable[str]) -> list[ast.Module]:
    """Syntax trees of the sources that parse."""
    found = []
    for text in sources:
        try:
            found.append(ast.parse(text))
        except (SyntaxError, ValueError):
            continue
    return found


def calls(text: str, short: str, classes: Mapping[str, str]) -> list[Call]:
    """Calls of that function with literal arguments in one source."""
    if short not in text:
        return []
    return [c for tree in parsed([text]) for c in examples.calls_in(tree, short, classes)]


def arguments(node: FunctionNode) -> list[ast.arg]:
    """Parameters in order, keyword-only ones last."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def fitting(calls: Iterable[Call], node: FunctionNode, names: Sequence[str]) -> list[Call]:
    """Calls that the signature allows, each once, keyword arguments turned into positional ones where that is plain."""
    kept: dict[str, Call] = {}
    keyword_only = {a.arg for a in node.args.kwonlyargs}
    positional = [n for n in names if n not in keyword_only]
    for call in calls:
        args, rest = list(call.args), dict(call.kwargs)
        while len(args) < len(positional) and positional[len(args)] in rest:
            args.append(rest.pop(positional[len(args)]))
        if (len(args) <= len(positional) or node.args.vararg) and (set(rest) <= set(names) or node.args.kwarg):
            try:
                whole = Call(tuple(args), tuple(rest.items()))
                kept.setdefault(repr(encode_call(whole)), whole)
            except TypeError:
                continue
    return list(kept.values())


def _defaults(node: FunctionNode) -> dict[str, ast.expr]:
    positional = [*node.args.posonlyargs, *node.args.args]
    found = {a.arg: d for a, d in zip(reversed(positional), reversed(node.args.defaults), strict=False)}
    found.update({a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d})
    return found


def param(node: FunctionNode, arg: ast.arg, seen: Sequence[Call], index: int, classes: Mapping[str, str]) -> Param:
    """What is known about one parameter, the one at `index` of the call."""
    default = _defaults(node).get(arg.arg)
    keyword = arg in node.args.kwonlyargs
    shown = [c.args[index] for c in seen if index < len(c.args) and not keyword]
    shown += [v for c in seen for k, v in c.kwargs if k == arg.arg]
    kind = from_annotation(arg.annotation, classes)
    if default is not None:
        try:
            shown.append(examples.value_of(default, classes))
        except examples.NotLiteral:
            shown = list(shown)
    if kind is not None and "any" not in repr(kind):
        return Param(arg.arg, (kind,), True, default is not None, keyword)
    if shown and (len(shown) > 1 or shown[0] is not None):
        return Param(arg.arg, (union(kind_of(v) for v in shown),), True, default is not None, keyword)
    guessed = [k for k in usage.guess(node, arg.arg) if kind is None or k.name == kind.name]
    return Param(arg.arg, tuple(guessed or ([kind] if kind else usage.BASIC)), False, default is not None, keyword)
