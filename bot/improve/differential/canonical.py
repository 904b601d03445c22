"""One comparable form for any value: by type and public state, never by address."""

from __future__ import annotations

import enum
import hashlib
import math
import re
from collections.abc import Iterator
from typing import Any

MAX_NODES = 20_000
SMALL = 1 << 62
MAX_TEXT = 20_000
MAX_DRAINED = 1_000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


class Canon:
    """Turns values into JSON data; one use per value, since it counts what it has seen."""

    def __init__(self) -> None:
        self.nodes = 0
        self.open: set[int] = set()

    def of(self, value: Any) -> Any:
        """The comparable form. `True` is not `1`, `1` is not `1.0`, a tuple is not a list, NaN is itself."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return {"t": "more"}
        kind = type(value)
        if kind is bool or value is None or (kind is int and -SMALL < value < SMALL):
            return value
        if kind in (int, str, float):
            return _plain(value)
        if id(value) in self.open:
            return {"t": "cycle"}
        self.open.add(id(value))
        try:
            return self._inside(value)
        finally:
            self.open.discard(id(value))

    def _inside(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return [self.of(v) for v in value]
        body = self._container(value)
        if body is not None:
            return {"t": _name(kind), "v": body}
        if isinstance(value, type) or callable(value):
            return {"t": "class", "v": value.__name__} if isinstance(value, type) else {"t": "callable"}
        if hasattr(value, "__next__"):
            return {"t": _name(kind), **self._drained(value)}
        return self._object(value)

    def _container(self, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            return value.name
        if isinstance(value, (tuple, list)):
            return [self.of(v) for v in value]
        if isinstance(value, (set, frozenset)):
            return sorted((self.of(v) for v in value), key=repr)
        if isinstance(value, dict):
            return [[self.of(k), self.of(v)] for k, v in value.items()]
        if isinstance(value, (bytes, bytearray)):
            return bytes(value).hex() if len(value) < MAX_TEXT else _digest(bytes(value).hex())
        return None

    def _drained(self, value: Iterator[Any]) -> dict[str, Any]:
        found: list[Any] = []
        try:
            for item in value:
                if len(found) >= MAX_DRAINED:
                    return {"v": found, "more": True}
                found.append(self.of(item))
        except Exception as error:  # noqa: BLE001  (what an iterator raises is part of what it does)
            return {"v": found, "x": type(error).__name__}
        return {"v": found}

    def _object(self, value: Any) -> Any:
        state = _public(value)
        shown: dict[str, Any] = {"t": _name(type(value)), "v": {name: self.of(v) for name, v in state.items()}}
        if not state or "__repr__" in _own(type(value)):
            shown["r"] = _ADDRESS.sub("0x", _shown(value))[:MAX_TEXT]
        if hasattr(value, "__len__"):
            try:
                shown["n"] = len(value)
            except Exception as error:  # noqa: BLE001  (part of what it does)
                shown["n"] = type(error).__name__
        return shown


def _plain(value: Any) -> Any:
    if type(value) is float:
        return {"f": "nan" if math.isnan(value) else repr(value)}
    if type(value) is str and len(value) > MAX_TEXT:
        return {"t": "str", "v": _digest(value), "n": len(value)}
    if type(value) is int and value.bit_length() > 10_000:
        return {"t": "int", "v": _digest(hex(value))}
    return value


def _public(value: Any) -> dict[str, Any]:
    try:
        state = dict(vars(value))
    except TypeError:
        slots = [s for k in type(value).__mro__ for s in _slots(k)]
        state = {s: getattr(value, s) for s in slots if hasattr(value, s)}
    for name in dir(type(value)):
        if not name.startswith("_") and isinstance(getattr(type(value), name, None), property):
            try:
                state[name] = getattr(value, name)
            except Exception as error:  # noqa: BLE001  (part of what it does)
                state[name] = type(error)
    return {name: state[name] for name in sorted(state) if not name.startswith("_")}


def _own(kind: type) -> set[str]:
    return {name for base in kind.__mro__ if base is not object for name in base.__dict__}


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001  (part of what it does)
        return type(error).__name__


def _name(kind: type) -> str:
    return kind.__qualname__


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def canonical(value: Any) -> Any:
    """The comparable form of one value."""
    return Canon().of(value)
