"""Says whether two observations differ, and how, in words for a person."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from bot.improve.differential.explore import unfit

REL = 1e-12
"""Relative rounding that two ways to add the same floats may differ by."""
MAX_SHOWN = 120
Seen = Mapping[str, Any]


def comparable(base: Seen) -> bool:
    """Whether what base did says anything: the input could be built, fits the function and ends in time."""
    return not ("h" in base or "skipped" in base or unfit(dict(base)))


def difference(base: Seen, head: Seen) -> str | None:
    """How head differs from base on one input, or None. Never equal: another type, another exception, another order."""
    if "skipped" in head:
        return None
    if "s" in head:
        return f"the arguments can no longer be built: {head['s']}"
    if "h" in head:
        return f"does not end in time; was {_outcome(base)}"
    if base.get("x") != head.get("x") or not same(base.get("r"), head.get("r")):
        return f"{_outcome(head)}; was {_outcome(base)}"
    return _beside(base, head)


def _beside(base: Seen, head: Seen) -> str | None:
    """Differences beside the result."""
    if not same(base.get("a"), head.get("a")):
        return f"leaves its arguments as {_effect(head)}; was {_effect(base)}"
    for key, verb in (("o", "prints"), ("w", "warns")):
        if base.get(key) != head.get(key):
            return f"{verb} {_short(head.get(key, ''))}; was {_short(base.get(key, ''))}"
    if base.get("i") != head.get("i"):
        words = ("a new object", "its own argument")
        return f"returns {words['i' in head]}; was {words['i' in base]}"
    return None


def same(one: Any, other: Any) -> bool:
    """Equality of comparable forms, with rounding allowed in floats alone."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        if "f" in one and "f" in other:
            return _close(one["f"], other["f"])
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return bool(one == other)


def _close(one: str, other: str) -> bool:
    return one == other or math.isclose(float(one), float(other), rel_tol=REL, abs_tol=1e-300)


def _outcome(seen: Seen) -> str:
    if "x" in seen:
        return f"raises {seen['x']}"
    return f"returns {_short(plain(seen.get('r')))}"


def _effect(seen: Seen) -> str:
    return _short(plain(seen["a"][0])) if "a" in seen else "they were"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value.startswith("<") else repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


class _Shown:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def plain(form: Any) -> Any:
    """A comparable form as something whose repr a person can read."""
    if isinstance(form, list):
        return [plain(v) for v in form]
    if not isinstance(form, dict):
        return form
    if "f" in form:
        return _Shown(form["f"])
    kind, body = form.get("t", ""), form.get("v")
    if isinstance(body, list) and kind in ("tuple", "dict", "set"):
        return _container(kind, body)
    inside = form.get("r") or json.dumps(body, default=str)
    return _Shown(f"<{kind} {inside}>")


def _container(kind: str, body: list[Any]) -> Any:
    if kind == "tuple":
        return tuple(plain(v) for v in body)
    if kind == "dict":
        return _Shown("{" + ", ".join(f"{plain(k)!r}: {plain(v)!r}" for k, v in body) + "}")
    return _Shown("{" + ", ".join(repr(plain(v)) for v in body) + "}" if body else "set()")
