"""Draws fresh values of a kind; small, plain and repetitive ones first, since they decide most branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from bot.improve.inputs.kinds import FLOAT, INT, STR, Kind
from bot.improve.inputs.params import Param
from bot.improve.inputs.values import Make, Name

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ("a", "hello", "Hello World", "abc", "xyz", "AaBb", "test", "aaa", "abba", "one two three", "123", "x1y2", "é")
SYMBOLS = " .,!?-_()[]{}<>/+*=#'\"\n\t:;"
DEPTH = 4
PLAIN = frozenset("int float bool none str bytes complex decimal fraction date time datetime timedelta".split())  # noqa: SIM905  (thirteen words read better so)


def _order(value: Any) -> tuple[str, float, str]:
    """Sorts anything: numbers by size, the rest by type and text."""
    number = isinstance(value, (int, float))
    return ("" if number else type(value).__name__, float(value) if number else 0.0, "" if number else repr(value))


class Drawer:
    """A deterministic source of values. `pool` are literals worth trying at and around their boundaries."""

    def __init__(
        self, rng: Random, pool: Sequence[Any] = (), makers: Mapping[str, Sequence[Param]] | None = None
    ) -> None:
        self.rng = rng
        self.makers = makers or {}
        self.reach = 10**7
        """Integers stay below this; lowered when calls take too long."""
        self.ints = [v + d for v in pool if type(v) is int for d in (0, -1, 1)]
        self.floats = [float(v) + d for v in pool if type(v) is float for d in (0.0, -0.5, 0.5, 1e-3, -1e-3)]
        self.strings = [v for v in pool if type(v) is str]
        self.bytes = [v for v in pool if type(v) is bytes]
        self.chars = sorted({c for s in self.strings for c in s})

    def value(self, kind: Kind, depth: int = 0) -> Any:
        """One value of that kind."""
        if kind.name in PLAIN:
            return getattr(self, f"_{kind.name}")()
        if kind.name in ("list", "set", "frozenset", "tuples", "iterator"):
            return self._many(kind, depth)
        if kind.name in ("tuple", "dict"):
            return self._fixed(kind, depth)
        if kind.name in ("union", "choice"):
            return self.value(self.rng.choice(kind.items), depth) if kind.items else self._choice(kind)
        return self._other(kind, depth)

    def _fixed(self, kind: Kind, depth: int) -> Any:
        if kind.name == "tuple":
            return tuple(self.value(k, depth + 1) for k in kind.items)
        return {self.key(kind.items[0], depth): self.value(kind.items[1], depth + 1) for _ in range(self.size(depth))}

    def _other(self, kind: Kind, depth: int) -> Any:
        if kind.name == "object":
            return self.made(kind.text, depth)
        if kind.name == "callable":
            return Name(self.rng.choice(("builtins:str", "builtins:bool", "builtins:repr", "builtins:len")))
        return self.value(self.rng.choice((INT, INT, STR, FLOAT)), depth)

    def _choice(self, kind: Kind) -> Any:
        return self.rng.choice(kind.choices) if kind.choices else None

    def size(self, depth: int) -> int:
        """A container's length: empty and one often enough."""
        return self.rng.choice((0, 1, 2, 3, 3, 4, 5, 6, 8, 12) if depth == 0 else (0, 1, 2, 3, 4))

    def _many(self, kind: Kind, depth: int) -> Any:
        item = kind.items[0] if kind.items else INT
        size = self.size(depth) if depth < DEPTH else 0
        if kind.name in ("set", "frozenset"):
            made: Any = {self.key(item, depth) for _ in range(size)}
            return frozenset(made) if kind.name == "frozenset" else made
        few = [self.value(item, depth + 1) for _ in range(max(1, size // 2))]
        fresh = self.rng.random() < 0.6
        many = [self.value(item, depth + 1) if fresh else self.rng.choice(few) for _ in range(size)]
        if self.rng.random() < 0.2:
            many = sorted(many, key=_order)
        return tuple(many) if kind.name == "tuples" else many

    def key(self, kind: Kind, depth: int) -> Any:
        """A hashable value of that kind, or a small integer where the kind has none."""
        value = self.value(kind, depth + 1)
        try:
            hash(value)
        except TypeError:
            return self._int()
        return value

    def made(self, path: str, depth: int) -> Any:
        """An object of one of the product's classes, by recipe."""
        params = self.makers.get(path, ())
        if params and params[0].name == "*":
            return self.value(params[0].kinds[0])
        if depth > DEPTH:
            return None
        args, kwargs = self.arguments(params, depth + 1)
        return Make(path, tuple(args), tuple(kwargs.items()), self._steps(path, depth + 1))

    def _steps(self, path: str, depth: int) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """Up to four method calls on an object."""
        methods = [name for name in self.makers if name.startswith(f"{path}.")]
        if not methods or depth > 2:
            return ()
        picked = [self.rng.choice(methods) for _ in range(self.rng.choice((0, 0, 1, 2, 3, 4)))]
        return tuple((m.rpartition(".")[2], tuple(self.arguments(self.makers[m], depth)[0])) for m in picked)

    def arguments(self, params: Sequence[Param], depth: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """Arguments for these parameters; trailing defaults are left out at times."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        skipped = False
        for param in params:
            skipped = skipped or (param.default and not param.keyword and self.rng.random() < 0.25)
            if (skipped and param.default) or (param.keyword and param.default and self.rng.random() < 0.5):
                continue
            value = self.value(param.kinds[0], depth)
            if param.keyword or skipped:
                kwargs[param.name] = value
            else:
                args.append(value)
        return args, kwargs

    def calm(self) -> None:
        """Draw smaller numbers from now on."""
        self.reach = max(12, self.reach // 20)

    def within(self, value: int) -> int:
        """The value, folded below the reach."""
        return value if abs(value) <= self.reach else value % self.reach

    def _int(self) -> int:
        return self.within(self._any_int())

    def _any_int(self) -> int:
        pick = self.rng.random()
        if self.ints and pick < 0.25:
            return int(self.rng.choice(self.ints))
        if pick < 0.75:
            return self.rng.randint(-2, 12)
        if pick < 0.96:
            return self.rng.randint(-120, 200)
        return self.rng.choice((0, 1, 255, 256, 999, 1000, 1024, 12345, 99999, 10**6 + 3)) * self.rng.choice((1, 1, -1))

    def _float(self) -> float:
        pick = self.rng.random()
        if self.floats and pick < 0.25:
            return float(self.rng.choice(self.floats))
        if pick < 0.45:
            return float(self._int())
        return round(self.rng.uniform(-10, 20), self.rng.choice((1, 1, 2, 3))) + (0.5 if pick > 0.9 else 0.0)

    def _bool(self) -> bool:
        return self.rng.random() < 0.5

    def _none(self) -> None:
        return None

    def char(self) -> str:
        """One character, of the literals' alphabet half of the time."""
        if self.chars and self.rng.random() < 0.5:
            return self.rng.choice(self.chars)
        pools = (LETTERS, LETTERS, LETTERS.upper(), "0123456789", SYMBOLS, " ", "éßİ中")
        return self.rng.choice(self.rng.choice(pools))

    def _str(self) -> str:
        pick = self.rng.random()
        if self.strings and pick < 0.3:
            picked = self.rng.choice(self.strings)
            if pick < 0.1:
                some = [self.rng.choice(self.strings) for _ in range(self.rng.randint(1, 5))]
                return self.rng.choice((" ", " ", ",", "", "\n")).join(some)
            return picked if pick < 0.15 else picked + self.char() if pick < 0.22 else picked * 2
        if pick < 0.45:
            return self.rng.choice(WORDS)
        size = self.rng.choice((0, 1, 2, 3, 5, 8, 13))
        few = [self.char() for _ in range(max(1, size // 2))]
        return "".join(self.rng.choice(few) if pick < 0.7 else self.char() for _ in range(size))

    def _bytes(self) -> bytes:
        if self.bytes and self.rng.random() < 0.3:
            return bytes(self.rng.choice(self.bytes))
        return bytes(self.rng.randint(0, 255) for _ in range(self.size(0)))

    def _complex(self) -> complex:
        return complex(self._int(), self._int())

    def _decimal(self) -> Decimal:
        return Decimal(str(self._float()))

    def _fraction(self) -> Fraction:
        return Fraction(self._int(), self.rng.randint(1, 12))

    def _date(self) -> dt.date:
        return dt.date(2020, 1, 1) + dt.timedelta(days=self.rng.randint(-800, 2500))

    def _time(self) -> dt.time:
        return dt.time(self.rng.randint(0, 23), self.rng.randint(0, 59), self.rng.randint(0, 59))

    def _datetime(self) -> dt.datetime:
        zone = dt.UTC if self.rng.random() < 0.5 else None
        return dt.datetime.combine(self._date(), self._time(), zone)

    def _timedelta(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.rng.choice((0, 1, 59, 60, 3600, 86400, self.rng.randint(-(10**5), 10**6))))
