"""Finds inputs of one function: trial of kinds, then mutation guided by the branches that were reached."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from bot.improve.differential.observe import Watcher
from bot.improve.differential.trace import Arc, Arcs
from bot.improve.inputs.params import Param
from bot.improve.inputs.search import Source
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call, encode_call

UNFIT = {
    "TypeError",
    "AttributeError",
    "NameError",
    "UnboundLocalError",
    "RecursionError",
    "MemoryError",
    "NotImplementedError",
}
"""Raised by an operation rather than by `raise`, these say that the input is not what the function is for."""
MAX_SLOW = 12
MAX_HEAVY = 4
clock = time.process_time
"""CPU time: on a busy machine as much is tried as on an idle one. Bound before the subject holds time still."""


def unfit(seen: dict[str, Any]) -> bool:
    """Whether the observation says more about the input than about the function."""
    return bool("s" in seen or (seen.get("x") in UNFIT and not seen.get("e")))


class Explorer:
    """Inputs for one function at one version."""

    def __init__(self, spec: Spec, watcher: Watcher, files: set[str], seed: int, *, limit: int, seconds: float) -> None:
        self.spec, self.watcher, self.limit, self.seconds = spec, watcher, limit, seconds
        self.source = Source(spec, seed)
        self.tracer = Arcs(files)
        self.arcs: set[Arc] = set()
        self.found: dict[str, Call] = {}
        self.results: set[str] = set()
        self.failing = self.slow = self.tried = self.heavy = 0

    def run(self, given: list[Call]) -> list[Call]:
        """Try what was given and the examples, then search until `limit` inputs or the time is reached."""
        ends = clock() + self.seconds
        for call in [*self.spec.examples, *given]:
            if clock() > ends - self.seconds / 2 or self.slow >= MAX_SLOW:
                break
            self.attempt(call)
        if not all(p.sure for p in self.spec.params):
            self._trial(ends)
        while clock() < ends and len(self.found) < self.limit and self.tried < self.limit * 4 and self.slow < MAX_SLOW:
            self.attempt(self.source.next())
        return list(self.found.values())

    def attempt(self, call: Call) -> bool:
        """Run one call; keep it if it is new and fit. True if it was fit."""
        try:
            key = repr(encode_call(call))
        except TypeError:
            return False
        self.tried += 1
        if key in self.found:
            return True
        seen = self._watched(call)
        if "h" in seen:
            self.slow += 1
            self.source.draw.calm()
            return False
        if unfit(seen) or len(key) > 20_000:
            return False
        if "x" in seen and not seen.get("e"):
            self.failing += 1
            if self.failing > 20 + len(self.found) // 4:
                return True
        self.found[key] = call
        self._judge(call, seen)
        return True

    def _watched(self, call: Call) -> dict[str, Any]:
        """Traced; once more without, if that was what took too long. Tracing stops where it always does."""
        if self.heavy >= MAX_HEAVY:
            return self.watcher.observe(call)
        seen = self.watcher.observe(call, self.tracer)
        if "h" in seen:
            self.arcs |= self.tracer.arcs
            seen = self.watcher.observe(call)
            self.heavy += "h" not in seen
        return seen

    def _judge(self, call: Call, seen: dict[str, Any]) -> None:
        """Keep for mutation what reaches a new branch or gives a new small result."""
        fresh = self.tracer.arcs - self.arcs
        outcome = repr(seen.get("r", seen.get("x")))[:40]
        if fresh or (outcome not in self.results and len(self.results) < 60):
            self.arcs |= fresh
            self.results.add(outcome)
            self.source.keep(call)

    def _trial(self, ends: float) -> None:
        """For parameters of unknown kind: keep the combination that is fit most often, likeliest first."""
        best: tuple[float, tuple[Param, ...]] | None = None
        for order, kinds in enumerate(itertools.islice(_combinations(self.spec.params), 150)):
            if clock() > ends - self.seconds / 3 or self.slow >= MAX_SLOW // 2:
                break
            params = self.source.with_kinds(kinds)
            self.source.choose(params)
            fit = sum(self.attempt(self.source.fresh()) for _ in range(6))
            score = fit - 0.05 * order
            if best is None or score > best[0]:
                best = (score, params)
            if fit >= 5 and order > 2:
                break
        if best is not None:
            self.source.choose(best[1])


def _combinations(params: tuple[Param, ...]) -> Iterator[tuple[Any, ...]]:
    """Kinds for all parameters, by rising sum of ranks."""
    sizes = [range(len(p.kinds) if not p.sure else 1) for p in params]
    ranked: Callable[[tuple[int, ...]], tuple[int, tuple[int, ...]]] = lambda ranks: (sum(ranks), ranks)  # noqa: E731  (a key, named for its type)
    for ranks in sorted(itertools.islice(itertools.product(*sizes), 20_000), key=ranked):
        yield tuple(p.kinds[r] for p, r in zip(params, ranks, strict=True))
