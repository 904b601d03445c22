"""Values that can travel: plain data, and objects of the product as recipes that are built where they are needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

DIGITS = 3000
"""Integers longer than this travel as hexadecimal: Python refuses to convert very long decimals."""


@dataclass(frozen=True)
class Make:
    """An object of the product: call `path` (`module:Qualified.Name`), then the methods in `steps` on what it gave."""

    path: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    steps: tuple[tuple[str, tuple[Any, ...]], ...] = ()


@dataclass(frozen=True)
class Name:
    """Something that the product defines and that is passed as it is: an enum member, a function, a class."""

    path: str


@dataclass(frozen=True)
class Call:
    """The arguments of one call."""

    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    def source(self, function: str) -> str:
        """The call as Python source, shortened for people where it is long."""
        parts = [show(a) for a in self.args] + [f"{k}={show(v)}" for k, v in self.kwargs]
        return f"{function}({', '.join(parts)})"


def _microseconds(text: str) -> dt.timedelta:
    return dt.timedelta(microseconds=int(text))


_TEXT: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    bytearray: ("bytearray", bytearray.hex, bytearray.fromhex),
    complex: ("complex", repr, complex),
    Decimal: ("decimal", str, Decimal),
    Fraction: ("fraction", str, Fraction),
    dt.datetime: ("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("date", dt.date.isoformat, dt.date.fromisoformat),
    dt.time: ("time", dt.time.isoformat, dt.time.fromisoformat),
    dt.timedelta: ("timedelta", lambda d: str(d // dt.timedelta(microseconds=1)), _microseconds),
}
_FROM_TEXT = {name: read for name, _, read in _TEXT.values()}
_MANY: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_FROM_MANY: dict[str, Callable[[Any], Any]] = {name: kind for kind, name in _MANY.items()}


def encode(value: Any) -> Any:
    """The value as JSON data. Raises TypeError for what cannot travel."""
    kind = type(value)
    if value is None or kind in (bool, str, float):
        return value
    if kind is int:
        return value if value.bit_length() < DIGITS else {"$": "hex", "v": hex(value)}
    return [encode(v) for v in value] if kind is list else _encode_tagged(value)


def _encode_tagged(value: Any) -> Any:
    kind = type(value)
    if kind in _MANY:
        items = value if kind is tuple else sorted(value, key=repr)
        return {"$": _MANY[kind], "v": [encode(v) for v in items]}
    if kind is dict:
        return {"$": "dict", "v": [[encode(k), encode(v)] for k, v in value.items()]}
    if kind in _TEXT:
        name, write, _ = _TEXT[kind]
        return {"$": name, "v": write(value)}
    if isinstance(value, Make):
        kwargs = [[k, encode(v)] for k, v in value.kwargs]
        steps = [[name, [encode(a) for a in args]] for name, args in value.steps]
        return {"$": "make", "v": value.path, "args": [encode(a) for a in value.args], "kwargs": kwargs, "steps": steps}
    if isinstance(value, Name):
        return {"$": "name", "v": value.path}
    raise TypeError(f"{type(value).__name__} cannot be written down as an input")


def decode(data: Any) -> Any:
    """Inverse of `encode`: a fresh value, sharing nothing with another one. Raises ValueError on another shape."""
    if isinstance(data, list):
        return [decode(v) for v in data]
    return _decode_tagged(data) if isinstance(data, dict) else data


def _decode_tagged(data: dict[str, Any]) -> Any:
    name, body = str(data.get("$")), data.get("v")
    if name == "dict":
        return {decode(k): decode(v) for k, v in body or ()}
    if name in _FROM_MANY:
        return _FROM_MANY[name](decode(v) for v in body or ())
    if name in _FROM_TEXT:
        return _FROM_TEXT[name](str(body))
    if name in ("hex", "name"):
        return int(str(body), 16) if name == "hex" else Name(str(body))
    if name == "make":
        steps = tuple((step, tuple(decode(a) for a in args)) for step, args in data["steps"])
        kwargs = tuple((k, decode(v)) for k, v in data["kwargs"])
        return Make(str(body), tuple(decode(a) for a in data["args"]), kwargs, steps)
    raise ValueError(f"unknown kind of value {name!r}")


def encode_call(call: Call) -> Any:
    """A call as JSON data."""
    return [[encode(a) for a in call.args], [[k, encode(v)] for k, v in call.kwargs]]


def decode_call(data: Any) -> Call:
    """Inverse of `encode_call`."""
    return Call(tuple(decode(a) for a in data[0]), tuple((k, decode(v)) for k, v in data[1]))


def realise(value: Any, find: Callable[[str], Any]) -> Any:
    """The real value: recipes carried out, containers fresh. `find` resolves `module:Qualified.Name`."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return kind(realise(v, find) for v in value)
    if kind is dict:
        return {realise(k, find): realise(v, find) for k, v in value.items()}
    if kind is bytearray:
        return bytearray(value)
    if kind is Name:
        return find(value.path)
    if kind is Make:
        made = find(value.path)(
            *(realise(a, find) for a in value.args), **{k: realise(v, find) for k, v in value.kwargs}
        )
        for step, args in value.steps:
            getattr(made, step)(*(realise(a, find) for a in args))
        return made
    return value


def show(value: Any) -> str:
    """The value as Python source where it has one; recipes as calls."""
    if isinstance(value, Name):
        return value.path.partition(":")[2]
    if isinstance(value, Make):
        text = Call(value.args, value.kwargs).source(value.path.partition(":")[2])
        return text + "".join(f" .{Call(args).source(step)}" for step, args in value.steps)
    if type(value) in (list, set) and value:
        inner = ", ".join(show(v) for v in value)
        return f"[{inner}]" if type(value) is list else f"{{{inner}}}"
    if type(value) is dict:
        return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}"
    if type(value) is tuple:
        return "(" + ", ".join(show(v) for v in value) + ("," if len(value) == 1 else "") + ")"
    return repr(value)
