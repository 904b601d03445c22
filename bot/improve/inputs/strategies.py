"""Calls drawn by hypothesis from the parameters' types: its corner cases beside our own. Engine only."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bot.improve.inputs.kinds import Kind
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

LARGEST = 10**6
"""Numbers stay below this: beyond it rounding and running time say more than the function does."""
_TYPES: dict[str, Any] = {
    "bool": bool, "bytes": bytes, "none": type(None), "complex": complex, "decimal": Decimal, "fraction": Fraction,
    "datetime": dt.datetime, "date": dt.date, "time": dt.time, "timedelta": dt.timedelta, "any": int,
}  # fmt: skip


def typed(spec: Spec, limit: int = 40) -> list[Call]:
    """At most `limit` calls, the same each time; none where a parameter's kind is a guess or a class of the product."""
    kinds = [p.kinds[0] for p in spec.params if not (p.keyword and p.default)]
    if not kinds or any(not p.sure or p.keyword for p in spec.params if not p.default):
        return []
    if any(not _drawable(kind) for kind in kinds):
        return []
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings  # noqa: PLC0415  (heavy, engine only)
    from hypothesis import strategies as st  # noqa: PLC0415  (as above)

    found: list[Call] = []

    @settings(max_examples=limit, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet)  # fmt: skip
    @given(st.tuples(*(strategy(kind) for kind in kinds)))
    def collect(args: tuple[Any, ...]) -> None:
        found.append(Call(args))

    collect()
    return found


def _drawable(kind: Kind) -> bool:
    return kind.name not in ("object", "callable", "iterator") and all(_drawable(k) for k in kind.items)


def strategy(kind: Kind) -> "SearchStrategy[Any]":
    """The hypothesis strategy of a kind; from its type where nothing needs a bound."""
    from hypothesis import strategies as st  # noqa: PLC0415  (heavy, engine only)

    if kind.name in ("int", "float", "str"):
        plain: dict[str, SearchStrategy[Any]] = {
            "int": st.integers(-LARGEST, LARGEST), "str": st.text(max_size=30),
            "float": st.floats(-LARGEST, LARGEST, allow_nan=False, width=32),
        }  # fmt: skip
        return plain[kind.name]
    if kind.name == "choice":
        return st.sampled_from(kind.choices)
    inner = [strategy(k) for k in kind.items]
    joined: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "list": lambda: st.lists(inner[0], max_size=12),
        "tuples": lambda: st.lists(inner[0], max_size=8).map(tuple),
        "set": lambda: st.sets(inner[0], max_size=8),
        "frozenset": lambda: st.frozensets(inner[0], max_size=8),
        "dict": lambda: st.dictionaries(inner[0], inner[1], max_size=8),
        "tuple": lambda: st.tuples(*inner),
        "union": lambda: st.one_of(*inner),
    }
    return joined[kind.name]() if kind.name in joined else st.from_type(_TYPES[kind.name])
