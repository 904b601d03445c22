"""Changes values a little, keeping their kinds: what an example almost was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from bot.improve.inputs.draw import Drawer
from bot.improve.inputs.kinds import Kind, kind_of
from bot.improve.inputs.values import Call, Make

_TOKEN = re.compile(r"\d+|[A-Za-z]+|\s+|.", re.DOTALL)
LONGEST = 60


def _cut(value: Any, before: int, after: int) -> Any:
    return value[:before] + value[after:]


class Mutator:
    """Type-directed mutation on top of a drawer. Never changes its argument."""

    def __init__(self, draw: Drawer) -> None:
        self.draw = draw
        self.rng = draw.rng

    def call(self, call: Call, kinds: tuple[Kind, ...]) -> Call:
        """Another call: one to three arguments changed, or one copied into another of its kind."""
        args = list(call.args)
        kwargs = list(call.kwargs)
        if not args and not kwargs:
            return call
        if len(args) > 1 and self.rng.random() < 0.1:
            return Call(tuple(self._crossed(args)), call.kwargs)
        if len(args) > 1 and self.rng.random() < 0.1:
            return Call(tuple(self._together(args)), call.kwargs)
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            index = self.rng.randrange(len(args) + len(kwargs))
            if index < len(args):
                args[index] = self.value(args[index], kinds[index] if index < len(kinds) else None)
            else:
                name, value = kwargs[index - len(args)]
                kwargs[index - len(args)] = (name, self.value(value, None))
        return Call(tuple(args), tuple(kwargs))

    def _crossed(self, args: list[Any]) -> list[Any]:
        one, other = self.rng.sample(range(len(args)), 2)
        if type(args[one]) is type(args[other]):
            if self.rng.random() < 0.5:
                args[one], args[other] = args[other], args[one]
            else:
                args[one] = args[other]
        elif isinstance(args[other], int) and hasattr(args[one], "__len__"):
            args[other] = len(args[one]) + self.rng.choice((-1, 0, 1))
        return args

    def _together(self, args: list[Any]) -> list[Any]:
        """The same cut in all sequences, so that lengths that belong together stay so."""
        rows: list[Any] = [a for a in args if isinstance(a, (list, str, tuple))]
        lengths = [len(a) for a in rows]
        if len(lengths) < 2 or min(lengths) < 1:
            return args
        cut = self.rng.randrange(min(lengths))
        start = cut + 1 if self.rng.random() < 0.5 else cut - 1
        return [_cut(a, cut, max(start, 0)) if isinstance(a, (list, str, tuple)) else a for a in args]

    def value(self, value: Any, kind: Kind | None = None) -> Any:
        """A neighbour of the value; `kind` says what an empty container holds."""
        if kind is not None and kind.name == "union" and self.rng.random() > 0.05:
            kind = next((k for k in kind.items if k.name == kind_of(value).name), None)
        if kind is not None and (self.rng.random() < 0.08 or value is None or kind.name == "union"):
            return self.draw.value(kind)
        by_type: dict[type, Callable[[Any, Kind | None], Any]] = {
            bool: lambda v, _: not v, int: self._int, float: self._float, str: self._str, list: self._list,
            tuple: self._tuple, dict: self._dict, set: self._set, frozenset: self._set, bytes: self._bytes,
            Make: self._make, dt.date: self._day, dt.datetime: self._day,
        }  # fmt: skip
        change = by_type.get(type(value))
        return change(value, kind) if change else self.draw.value(kind or kind_of(value))

    def _day(self, value: dt.date, _kind: Kind | None) -> dt.date:
        try:
            return value + dt.timedelta(days=self.rng.choice((-365, -31, -1, 1, 28, 366)))
        except OverflowError:
            return value

    def _int(self, value: int, _kind: Kind | None) -> int:
        return self.draw.within(self._near(value))

    def _near(self, value: int) -> int:
        if abs(value) > 10**12:
            return self.rng.choice((value // 2, value - 1, value % 1000))
        near = (value + 1, value - 1, -value, value * 2, value // 2, value + 10, value * 10 + self.rng.randint(0, 9))
        pick = self.rng.random()
        if pick < 0.6:
            return self.rng.choice(near)
        if pick < 0.7:
            return int("".join(self.rng.sample(str(abs(value)), len(str(abs(value))))))
        return int(self.draw.value(Kind("int")))

    def _float(self, value: float, _kind: Kind | None) -> float:
        near = (
            value + 1,
            value - 1,
            -value,
            value * 2,
            value / 2,
            value + 0.1,
            value - 0.1,
            value + 0.5,
            float(round(value, 1)),
        )
        pick = self.rng.random()
        return (
            self.rng.choice(near)
            if pick < 0.6
            else float(round(value))
            if pick < 0.7 and abs(value) < 1e15
            else float(self.draw.value(Kind("float")))
        )

    def _bytes(self, value: bytes, _kind: Kind | None) -> bytes:
        return bytes(min(255, max(0, int(b))) for b in self._list(list(value), None) if isinstance(b, int))

    def _str(self, value: str, _kind: Kind | None) -> str:
        if len(value) > LONGEST:
            return value[: self.rng.randrange(LONGEST)]
        if not value or self.rng.random() < 0.1:
            return str(self.draw.value(Kind("str")))
        if self.rng.random() < 0.4:
            tokens = self._tokens(_TOKEN.findall(value))
            return "".join(tokens)
        return "".join(self._letters(list(value)))

    def _letters(self, chars: list[str]) -> list[str]:
        index = self.rng.randrange(len(chars))
        choice = self.rng.randrange(8)
        if choice == 0:
            chars[index] = chars[index].swapcase()
        elif choice == 1:
            chars[index] = self.draw.char()
        elif choice == 2:
            chars.insert(index, self.draw.char())
        elif choice == 3:
            chars[index] = self.rng.choice(chars)
        elif choice == 4:
            return ["".join(chars).swapcase() if self.rng.random() < 0.5 else "".join(chars).upper()]
        else:
            return self._shape(chars)
        return chars

    def _tokens(self, tokens: list[str]) -> list[str]:
        index = self.rng.randrange(len(tokens))
        token = tokens[index]
        if self.draw.strings and token.isalnum() and self.rng.random() < 0.3:
            return self._worded(tokens, index)
        if token.isdecimal() and len(token) < 15 and self.rng.random() < 0.7:
            tokens[index] = str(abs(self._int(int(token), None))).zfill(len(token) if self.rng.random() < 0.5 else 0)
            return tokens
        if token.isspace() and self.rng.random() < 0.5:
            tokens[index] = token * 2
            return tokens
        return self._shape(tokens)

    def _worded(self, tokens: list[str], index: int) -> list[str]:
        """A word of the source in place of a token, or beside it behind the separator that the text itself uses."""
        word = self.rng.choice(self.draw.strings)
        if self.rng.random() < 0.6:
            return [*tokens[:index], word, *tokens[index + 1 :]]
        between = [t for t in tokens if not t.isalnum()] or [" "]
        return [*tokens[: index + 1], self.rng.choice(between), word, *tokens[index + 1 :]]

    def _shape(self, items: list[Any]) -> list[Any]:
        """Delete, repeat, swap, reverse, rotate, cut or double: the same items in another arrangement."""
        if not items:
            return items
        one, other = self.rng.randrange(len(items)), self.rng.randrange(len(items))
        low, high = min(one, other), max(one, other) + 1
        choice = self.rng.randrange(9)
        swapped = list(items)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        arranged: tuple[Callable[[], list[Any]], ...] = (
            lambda: items[:one] + items[one + 1 :], lambda: items[: one + 1] + items[one:], lambda: swapped,
            lambda: items[::-1], lambda: items[one:] + items[:one], lambda: items[low:high],
            lambda: items + items[low:high], lambda: self.rng.sample(items, len(items)),
            lambda: [items[one] if i == other else v for i, v in enumerate(items)],
        )  # fmt: skip
        return arranged[choice]()

    def _list(self, value: list[Any], kind: Kind | None) -> list[Any]:
        inner = kind.items[0] if kind is not None and kind.items and kind.items[0].name != "any" else None
        if not value:
            return list(self.draw.value(kind)) if inner is not None and kind is not None else []
        if len(value) > LONGEST:
            return value[: self.rng.randrange(LONGEST)]
        pick = self.rng.random()
        if pick < 0.68:
            return self._elements(value, inner, pick)
        if pick < 0.74:
            return sorted(value, key=lambda v: (type(v).__name__, v)) if self._sortable(value) else value[::-1]
        return [] if pick < 0.78 else self._shape(value)

    def _elements(self, value: list[Any], inner: Kind | None, pick: float) -> list[Any]:
        index = self.rng.randrange(len(value))
        if pick < 0.45:
            return [*value[:index], self.value(value[index], inner), *value[index + 1 :]]
        if pick < 0.6:
            fresh = self.draw.value(inner) if inner is not None else self.value(self.rng.choice(value))
            return [*value[:index], fresh, *value[index:]]
        return [self.value(v, inner) for v in value]

    def _sortable(self, value: list[Any]) -> bool:
        return {type(v) for v in value} <= {int, float} or {type(v) for v in value} <= {str}

    def _tuple(self, value: tuple[Any, ...], kind: Kind | None) -> tuple[Any, ...]:
        if kind is not None and kind.name == "tuples":
            return tuple(self._list(list(value), kind))
        if not value:
            return value
        index = self.rng.randrange(len(value))
        inner = kind.items[index] if kind is not None and kind.name == "tuple" and index < len(kind.items) else None
        return (*value[:index], self.value(value[index], inner), *value[index + 1 :])

    def _set(self, value: Any, kind: Kind | None) -> Any:
        items = self._list(sorted(value, key=repr), kind)
        try:
            return type(value)(items)
        except TypeError:
            return value

    def _dict(self, value: dict[Any, Any], kind: Kind | None) -> dict[Any, Any]:
        keyed = kind.items if kind is not None and len(kind.items) == 2 else (kind_of(1), kind_of(1))
        pick = self.rng.random()
        if not value or pick < 0.2:
            return (
                {**value, self.draw.key(keyed[0], 0): self.draw.value(keyed[1], 1)} if kind is not None else dict(value)
            )
        name = self.rng.choice(list(value))
        if pick < 0.6:
            return {**value, name: self.value(value[name], keyed[1] if kind is not None else None)}
        rest = {k: v for k, v in value.items() if k != name}
        if pick < 0.8:
            return rest
        renamed = self.value(name)
        try:
            return {**rest, renamed: value[name]}
        except TypeError:
            return rest

    def _make(self, value: Make, _kind: Kind | None) -> Make:
        args, kwargs = list(value.args), list(value.kwargs)
        if value.path in self.draw.makers and (not (args or kwargs) or self.rng.random() < 0.5):
            drawn = self.draw.made(value.path, 0)
            return Make(value.path, value.args, value.kwargs, drawn.steps) if isinstance(drawn, Make) else value
        if not args and not kwargs:
            return value
        index = self.rng.randrange(len(args) + len(kwargs))
        if index < len(args):
            args[index] = self.value(args[index])
        else:
            kwargs[index - len(args)] = (kwargs[index - len(args)][0], self.value(kwargs[index - len(args)][1]))
        return Make(value.path, tuple(args), tuple(kwargs), value.steps)
