"""Kinds of values: read from annotations, from defaults and from examples."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.improve.inputs.values import Make, Name, decode, encode


@dataclass(frozen=True)
class Kind:
    """A type as far as drawing needs it. `items` are element kinds; `text` is a class path or a word."""

    name: str
    items: tuple[Kind, ...] = ()
    choices: tuple[Any, ...] = ()
    text: str = ""


ANY = Kind("any")
INT, FLOAT, BOOL, STR, NONE = (Kind(n) for n in ("int", "float", "bool", "str", "none"))
_PLAIN = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "bytes": "bytes", "bytearray": "bytes",
    "None": "none", "NoneType": "none", "complex": "complex", "Decimal": "decimal", "Fraction": "fraction",
    "datetime": "datetime", "date": "date", "time": "time", "timedelta": "timedelta", "Any": "any", "object": "any",
    "Number": "int", "Real": "float", "Hashable": "any", "AnyStr": "str", "LiteralString": "str", "Text": "str",
    "SupportsInt": "int", "SupportsFloat": "float", "SupportsIndex": "int",
}  # fmt: skip
_LISTS = {"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "Sized", "Reversible", "Container"}
_SETS = {"set", "Set", "AbstractSet", "MutableSet"}
_DICTS = {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict", "Counter"}
_THROUGH = {"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly"}


def union(kinds: Iterable[Kind]) -> Kind:
    """One kind for several; lists are joined by their elements."""
    flat: list[Kind] = []
    for kind in kinds:
        flat.extend(k for k in (kind.items if kind.name == "union" else (kind,)) if k not in flat)
    for name in ("list", "set", "frozenset", "dict"):
        same = [k for k in flat if k.name == name]
        if len(same) > 1:
            joined = Kind(name, tuple(_elements(column) for column in zip(*(k.items for k in same), strict=False)))
            flat = [k for k in flat if k.name != name] + [joined]
    return flat[0] if len(flat) == 1 else Kind("union", tuple(flat)) if flat else ANY


def _elements(kinds: Iterable[Kind]) -> Kind:
    known = [k for k in kinds if k != ANY]
    return union(known) if known else ANY


def kind_of(value: Any) -> Kind:
    """The kind of one example."""
    if isinstance(value, (Make, Name)):
        return Kind("object", text=value.path) if isinstance(value, Make) else Kind("choice", choices=(value,))
    kind = type(value)
    if kind in (list, set, frozenset):
        return Kind(kind.__name__, (_elements(kind_of(v) for v in value),))
    if kind is tuple:
        return Kind("tuple", tuple(kind_of(v) for v in value))
    if kind is dict:
        return Kind("dict", (_elements(kind_of(k) for k in value), _elements(kind_of(v) for v in value.values())))
    return Kind(_PLAIN.get(kind.__name__, "any"))


def from_annotation(node: ast.expr | None, classes: Mapping[str, str]) -> Kind | None:
    """The kind an annotation names, or None if it says nothing. `classes`: local name to `module:Class`."""
    if node is None:
        return None
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return _from_text(node.value, classes)
        return NONE if node.value is None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(from_annotation(node.left, classes), from_annotation(node.right, classes))
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _subscript(_last(node.value), list(inner), classes)
    return _named(_last(node), classes)


def _from_text(text: str, classes: Mapping[str, str]) -> Kind | None:
    try:
        return from_annotation(ast.parse(text, mode="eval").body, classes)
    except SyntaxError:
        return None


def _union(*kinds: Kind | None) -> Kind:
    return union(k or ANY for k in kinds)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _named(name: str, classes: Mapping[str, str]) -> Kind | None:
    if name in classes:
        return Kind("object", text=classes[name])
    if name in _PLAIN:
        return Kind(_PLAIN[name])
    return _subscript(name, [], classes)


def _subscript(name: str, inner: list[ast.expr], classes: Mapping[str, str]) -> Kind | None:  # noqa: C901, PLR0911  (one row per generic)
    if name == "Literal":
        return Kind("choice", choices=tuple(n.value for n in inner if isinstance(n, ast.Constant)))
    if name in _THROUGH and inner:
        return from_annotation(inner[0], classes)
    kinds = [from_annotation(n, classes) or ANY for n in inner]
    if name == "Optional":
        return union([*kinds, NONE])
    if name == "Union":
        return union(kinds)
    if name in _LISTS or name == "deque":
        return Kind("list", (kinds[0] if kinds else ANY,))
    if name in _SETS or name in ("frozenset", "FrozenSet"):
        return Kind("set" if name in _SETS else "frozenset", (kinds[0] if kinds else ANY,))
    if name in _DICTS:
        second = INT if name == "Counter" else kinds[1] if len(kinds) > 1 else ANY
        return Kind("dict", (kinds[0] if kinds else ANY, second))
    if name in ("tuple", "Tuple"):
        if len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is ...:
            return Kind("tuples", (kinds[0],))
        return Kind("tuple", tuple(kinds)) if kinds else Kind("tuples", (ANY,))
    if name in ("Callable", "Iterator", "Generator"):
        return Kind("callable" if name == "Callable" else "iterator", tuple(kinds[:1]) or (ANY,))
    return None


def encode_kind(kind: Kind) -> list[Any]:
    """A kind as JSON data."""
    return [kind.name, [encode_kind(k) for k in kind.items], [encode(c) for c in kind.choices], kind.text]


def decode_kind(data: Any) -> Kind:
    """Inverse of `encode_kind`."""
    return Kind(data[0], tuple(decode_kind(k) for k in data[1]), tuple(decode(c) for c in data[2]), data[3])
