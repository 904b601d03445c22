"""The stream of calls for a function, and the way from a call that shows something to the smallest one that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from bot.improve.inputs.draw import Drawer
from bot.improve.inputs.kinds import Kind
from bot.improve.inputs.mutate import Mutator
from bot.improve.inputs.params import Param
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call, Make, encode_call

MAX_SHRINKS = 400


class Source:
    """Calls of one function, deterministic in its seed. `keep` feeds back what turned out to be worth mutating."""

    def __init__(self, spec: Spec, seed: int = 0) -> None:
        self.spec = spec
        self.rng = Random(seed)  # noqa: S311  (reproducible inputs, not secrets)
        shown = [v for c in spec.examples for v in scalars([*c.args, *(v for _, v in c.kwargs)])]
        self.draw = Drawer(self.rng, [*spec.pool, *shown], spec.makers)
        self.mutator = Mutator(self.draw)
        self.corpus: list[Call] = list(spec.examples)
        self.params = spec.params
        self.mutated = 0.75

    def choose(self, params: Sequence[Param]) -> None:
        """Use these parameters from now on (kinds that a trial has confirmed)."""
        self.params = tuple(params)

    def fresh(self) -> Call:
        """A call drawn from the kinds alone."""
        args, kwargs = self.draw.arguments(self.params)
        return Call(tuple(args), tuple(kwargs.items()))

    def next(self) -> Call:
        """One more call: a mutation of something kept, or a fresh one."""
        kinds = tuple(p.kinds[0] for p in self.params if not p.keyword)
        if not self.corpus or self.rng.random() > self.mutated:
            return self.fresh()
        recent = self.corpus[-12:] if self.rng.random() < 0.4 else self.corpus
        call = self.rng.choice(recent)
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            call = self.mutator.call(call, kinds)
        return call

    def keep(self, call: Call) -> None:
        """Mutate this one as well from now on."""
        self.corpus.append(call)

    def with_kinds(self, kinds: Sequence[Kind]) -> tuple[Param, ...]:
        """The parameters with these kinds, one each."""
        return tuple(
            Param(p.name, (k,), p.sure, p.default, p.keyword) for p, k in zip(self.spec.params, kinds, strict=True)
        )


def scalars(values: Sequence[Any]) -> Iterator[Any]:
    """The leaves of nested containers."""
    for value in values:
        if isinstance(value, dict):
            yield from scalars([*value, *value.values()])
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield from scalars(list(value))
        elif isinstance(value, Make):
            yield from scalars(value.args)
        else:
            yield value


def candidates(spec: Spec, limit: int = 200, seed: int = 0) -> list[Call]:
    """At most `limit` different calls: the examples first, then mutations of them mixed with draws by kind.

    Deterministic in `spec` and `seed`. Runs nothing of the product; recipes in the calls need `values.realise`.
    """
    source = Source(spec, seed)
    found: dict[str, Call] = {}
    for call in spec.examples:
        found.setdefault(repr(encode_call(call)), call)
    for attempt in range(limit * 6):
        if len(found) >= limit:
            break
        if any(len(p.kinds) > 1 for p in spec.params):
            pick = [p.kinds[min(attempt % 7, len(p.kinds) - 1)] if not p.sure else p.kinds[0] for p in spec.params]
            source.choose(source.with_kinds(pick))
        call = source.next()
        if attempt % 5 == 4:
            source.keep(call)
        found.setdefault(repr(encode_call(call)), call)
    return list(found.values())[:limit]


def shrink(call: Call, predicate: Callable[[Call], bool], *, tries: int = MAX_SHRINKS) -> Call:
    """The smallest call found for which `predicate` still holds, by greedy simplification in at most `tries` calls.

    `predicate(call)` itself must be true. An exception in the predicate propagates.
    """
    left = tries
    better = True
    while better and left > 0:
        better = False
        for smaller in _smaller_calls(call):
            left -= 1
            if left < 0:
                break
            if predicate(smaller):
                call, better = smaller, True
                break
    return call


def _smaller_calls(call: Call) -> Iterator[Call]:
    for i, value in enumerate(call.args):
        for small in smaller(value):
            yield Call((*call.args[:i], small, *call.args[i + 1 :]), call.kwargs)
    for i, (name, value) in enumerate(call.kwargs):
        for small in smaller(value):
            yield Call(call.args, (*call.kwargs[:i], (name, small), *call.kwargs[i + 1 :]))


def smaller(value: Any) -> Iterator[Any]:
    """Simpler values of the same type, boldest first."""
    ways: tuple[tuple[type | tuple[type, ...], Callable[[Any], Iterator[Any]]], ...] = (
        (bool, lambda v: iter((False,) if v else ())),
        (int, _smaller_int),
        (float, _smaller_float),
        ((str, bytes, list, tuple), _shorter),
        (dict, _smaller_dict),
        ((set, frozenset), lambda v: (type(v)(o for o in v if o != i) for i in sorted(v, key=repr))),
    )
    for kinds, way in ways:
        if isinstance(value, kinds):
            yield from way(value)
            return


def _smaller_int(value: int) -> Iterator[int]:
    toward = value - 1 if value > 0 else value + 1
    return (v for v in dict.fromkeys((0, 1, value // 2, toward)) if abs(v) < abs(value))


def _smaller_float(value: float) -> Iterator[float]:
    if abs(value) < 1e300:
        for small in dict.fromkeys((0.0, 1.0, float(round(value)), round(value, 1))):
            if len(repr(small)) < len(repr(value)) or abs(small) < abs(value):
                yield small


def _smaller_dict(value: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
    for key in value:
        yield {k: v for k, v in value.items() if k != key}
    for key, inner in value.items():
        for small in smaller(inner):
            yield {**value, key: small}


def _shorter(value: Any) -> Iterator[Any]:
    fixed = isinstance(value, tuple)
    if not fixed:
        if len(value) > 1:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for i in range(min(len(value), 40)):
            yield value[:i] + value[i + 1 :]
    if isinstance(value, str):
        yield from (
            "".join("a" if j == i else c for j, c in enumerate(value))
            for i in range(min(len(value), 20))
            if value[i] > "a"
        )
    elif isinstance(value, (list, tuple)):
        for i in range(min(len(value), 20)):
            for small in smaller(value[i]):
                yield type(value)([*value[:i], small, *value[i + 1 :]])
