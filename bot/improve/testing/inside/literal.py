"""Writes a value as Python source that gives an equal value again, where it has such a source."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import sys
from typing import Any

LONGEST = 200
MODULES = {datetime.datetime: "datetime", datetime.date: "datetime", datetime.time: "datetime"}


class Unreadable(Exception):  # noqa: N818  (reads as what it says)
    """The value has no short source."""


def literal(value: Any) -> tuple[str, list[tuple[str, str]]]:
    """Source and the (module, name) pairs that it needs. Raises Unreadable."""
    needs: dict[tuple[str, str], None] = {}
    source = _write(value, needs, 0)
    if len(source) > LONGEST or "\n" in source:
        raise Unreadable("too long")
    return source, list(needs)


def _write(value: Any, needs: dict[tuple[str, str], None], depth: int) -> str:
    if depth > 4:
        raise Unreadable("too deep")
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return repr(value)
    if kind is float:
        if not math.isfinite(value):
            raise Unreadable("not a number that equals itself")
        return repr(value)
    if isinstance(value, enum.Enum):
        return f"{_named(kind, needs)}.{value.name}"
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, needs, depth)
    return _object(value, needs, depth)


def _container(value: Any, needs: dict[tuple[str, str], None], depth: int) -> str:
    kind = type(value)
    if kind is dict:
        rows = [f"{_write(k, needs, depth + 1)}: {_write(v, needs, depth + 1)}" for k, v in value.items()]
        return "{" + ", ".join(rows) + "}"
    parts = [_write(item, needs, depth + 1) for item in value]
    if kind is list:
        return "[" + ", ".join(parts) + "]"
    if kind is tuple:
        return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
    inner = "{" + ", ".join(sorted(parts)) + "}" if parts else ""
    return f"frozenset({inner})" if kind is frozenset else inner or "set()"


def _object(value: Any, needs: dict[tuple[str, str], None], depth: int) -> str:
    kind = type(value)
    if kind in (decimal.Decimal, fractions.Fraction, pathlib.PurePosixPath):
        return f"{_named(kind, needs)}({str(value)!r})"
    if kind is datetime.timedelta:
        return f"{_named(kind, needs)}(seconds={value.total_seconds()!r})"
    if kind in MODULES and getattr(value, "tzinfo", None) is None:
        return f'{_named(kind, needs)}.fromisoformat("{value.isoformat()}")'
    if dataclasses.is_dataclass(kind) and kind.__eq__ is not object.__eq__:
        fields = [f for f in dataclasses.fields(kind) if f.init and f.compare]
        parts = [f"{f.name}={_write(getattr(value, f.name), needs, depth + 1)}" for f in fields]
        return f"{_named(kind, needs)}({', '.join(parts)})"
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        names = kind._fields
        parts = [f"{n}={_write(v, needs, depth + 1)}" for n, v in zip(names, value, strict=True)]
        return f"{_named(kind, needs)}({', '.join(parts)})"
    raise Unreadable(kind.__name__)


def _named(kind: type, needs: dict[tuple[str, str], None]) -> str:
    module = sys.modules.get(kind.__module__)
    if "." in kind.__qualname__ or getattr(module, kind.__name__, None) is not kind:
        raise Unreadable(f"{kind.__qualname__} cannot be imported")
    name = "pathlib" if kind.__module__.startswith("pathlib") else kind.__module__
    needs[name, kind.__name__] = None
    return str(kind.__name__)
