"""Explores both versions, then runs base, head and base once more on all that was found."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.core.sandbox import Finished, Limits
from bot.improve.differential.compare import comparable, difference
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call, decode_call, encode_call

Side = Literal["base", "head"]
Launch = Callable[[Side, bytes, Mapping[str, str], Limits], Awaitable[Finished]]
"""Starts the probe in the checkout of that side with this job on stdin and these variables."""
SEED = 20_240_229


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is tried for one function. Times in seconds."""

    inputs: int = 700
    """New inputs per version."""
    explore: float = 0.8
    call: float = 0.05
    """CPU time of one call at base; head gets ten times as much before it counts as hanging."""


@dataclass(frozen=True, slots=True)
class Target:
    """A function that both versions have, under one name, and what is known about its inputs at each."""

    id: str
    base: Spec
    head: Spec
    given: tuple[Call, ...] = ()
    """Calls observed at run time, or drawn beforehand."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An input on which the versions differ."""

    call: Call
    how: str


@dataclass(slots=True)
class Result:
    """What the comparison of one function showed."""

    id: str
    calls: tuple[Call, ...] = ()
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    unstable: int = 0
    """Inputs on which base does not agree with itself."""
    broken: dict[str, str] = field(default_factory=dict)
    """By side: why it could not be loaded, or what ended the run."""
    lines: dict[str, frozenset[int]] = field(default_factory=dict)
    """Lines of the module reached, by side."""
    usable: tuple[Call, ...] = ()
    """Inputs on which base is stable: the evidence for later stages."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs a set of functions on both versions through `launch`."""

    launch: Launch
    roots: tuple[str, ...]
    budget: Budget = Budget()

    async def run(self, targets: Sequence[Target]) -> list[Result]:
        """Compare all targets. Never raises for what the product does."""
        results = {t.id: Result(t.id) for t in targets}
        sides: tuple[Side, ...] = ("base", "head")
        for side in sides:
            await self._explore(side, targets, results)
        for target in targets:  # what was found unfit comes last: it may hang, and three that hang end the rest
            results[target.id].calls = _distinct(results[target.id].calls, target.given)
        alive = [t for t in targets if not results[t.id].broken]
        await self._observe(alive, results)
        return [results[t.id] for t in targets]

    async def _explore(self, side: Side, targets: Sequence[Target], results: Mapping[str, Result]) -> None:
        tasks = []
        for target in targets:
            known = [encode_call(c) for c in _distinct(results[target.id].calls, target.given)]
            spec = (target.base if side == "base" else target.head).to_dict()
            tasks.append({"id": target.id, "spec": spec, "calls": known, "limit": self.budget.inputs + len(known),
                          "seconds": self.budget.explore})  # fmt: skip
        rows, ended = await self._job(side, "explore", tasks, self.budget.call, seed=SEED + (side == "head"))
        for row in rows:
            result = results[row["f"]]
            if "broken" in row:
                result.broken[side] = row["broken"]
                continue
            result.calls = _distinct(result.calls, [decode_call(c) for c in row["calls"]])
            result.lines[side] = frozenset(row["lines"])
        for target in targets:
            if side not in results[target.id].lines and side not in results[target.id].broken:
                results[target.id].broken[side] = ended or "gave no answer"

    async def _observe(self, targets: Sequence[Target], results: Mapping[str, Result]) -> None:
        plan: tuple[tuple[Side, int, float], ...] = (("base", 0, 4.0), ("head", 0, 10.0), ("base", 1, 4.0))
        waiting = []
        for side, seed, factor in plan:
            tasks = [{"id": t.id, "spec": (t.base if side == "base" else t.head).to_dict(),
                      "calls": [encode_call(c) for c in results[t.id].calls]} for t in targets]  # fmt: skip
            waiting.append(self._all(side, tasks, self.budget.call * factor, seed))
        runs = await asyncio.gather(*waiting)
        for target in targets:
            settle(results[target.id], *(run.get(target.id, {}) for run in runs))

    async def _all(
        self, side: Side, tasks: list[dict[str, Any]], call_seconds: float, seed: int
    ) -> dict[str, dict[int, dict[str, Any]]]:
        """Observations by function and input. A run that was ended from outside goes on after the input that did it."""
        found: dict[str, dict[int, dict[str, Any]]] = {t["id"]: {} for t in tasks}
        for _ in range(4):
            rows, ended = await self._job(side, "observe", tasks, call_seconds, seed=seed)
            begun: tuple[str, int] | None = None
            for row in rows:
                if "begin" in row:
                    begun = (row["f"], row["begin"])
                elif "o" in row:
                    found[row["f"]][row["i"]] = row["o"]
                    begun = None
            if not ended or begun is None:
                break
            found[begun[0]][begun[1]] = {"h": True, "ended": ended}
            tasks = [t for t in tasks if t["id"] != begun[0]]
        return found

    async def _job(
        self, side: Side, do: str, tasks: list[dict[str, Any]], call_seconds: float, *, seed: int
    ) -> tuple[list[dict[str, Any]], str]:
        job = {"do": do, "roots": list(self.roots), "seed": seed, "tasks": tasks, "call_seconds": call_seconds}
        cpu = 10 + len(tasks) * (self.budget.explore + 4)
        limits = Limits(seconds=3 * cpu, cpu_seconds=cpu, memory_mb=1024, output_kb=65_536)
        env = {"PYTHONHASHSEED": str(seed % 1000), "PYTHONDONTWRITEBYTECODE": "1"}
        done = await self.launch(side, json.dumps(job).encode(), env, limits)
        rows = []
        for line in done.out.splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
        last = done.err.decode(errors="replace").strip().splitlines()[-1:]
        ended = "" if done.ok else (done.limit or " ".join(last) or f"ended with code {done.code}")
        return rows, ended


def _distinct(*calls: Sequence[Call]) -> tuple[Call, ...]:
    return tuple({repr(encode_call(c)): c for some in calls for c in some}.values())


Observations = Mapping[int, Mapping[str, Any]]


def settle(result: Result, base: Observations, head: Observations, again: Observations) -> None:
    """Write into the result what three runs over its calls showed, the smallest differing input first."""
    usable = []
    for index, call in enumerate(result.calls):
        one, two = base.get(index), again.get(index)
        if one is None or two is None or not comparable(one) or "h" in two:
            continue
        if difference(one, two) is not None:
            result.unstable += 1
            continue
        seen = head.get(index)
        if seen is None or "skipped" in seen:
            continue
        result.compared += 1
        usable.append(call)
        how = difference(one, seen)
        if how is not None:
            result.differences.append(Difference(call, how))
    result.usable = tuple(usable)
    result.differences.sort(key=lambda d: len(repr(encode_call(d.call))))
