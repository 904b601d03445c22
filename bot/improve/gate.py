"""Runs the stages over one change: as early as needs allow, as parallel as the machine allows, cached by content."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import NOT_APPLICABLE, Gate, Stage
from bot.improve.gate_cache import VerdictCache
from bot.improve.witness import with_evidence, witnessed

Watch = Callable[[str, Verdict | None], None]
"""Called with a stage's name when it starts (None) and when it is done; for people only."""


TURNS = {"tests": 0, "format": 0, "types": 2}
"""Which of the stages that can start does so first. The tests take longest and others wait for `format`: begun first,
the whole ends sooner. Types can take long and seldom refuse: begun last, they keep no quicker refusal waiting."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a gate is run. `seconds` bounds each stage.

    Once a stage has failed the change is refused: others are not started, and those that run are ended. `keep_going`
    runs them all, for a person who wants to know everything at once.
    """

    keep_going: bool = False
    at_once: int = max(2, os.cpu_count() or 1)
    seconds: float = 1800.0
    watch: Watch = field(default=lambda _name, _verdict: None)


async def run_gate(
    gate: Gate,
    stages: Sequence[Stage],
    only: Sequence[str] = (),
    cache: VerdictCache | None = None,
    plan: Plan | None = None,
) -> Verdict:
    """The verdict tree of these stages over this change.

    `only` names stages to run, with what they need. A stage without a subject is left out and listed in
    `facts.not_applicable`; one that should have run and could not is an ERROR; one that was not started because
    another had failed is INCONCLUSIVE. What the charter demands and nobody can run is an ERROR too.
    """
    started = time.monotonic()
    chosen = _with_needs(stages, only)
    missing = [] if only else [name for name in gate.charter.stages if name not in {s.name for s in chosen}]
    done = await _Run(gate, chosen, cache, plan or Plan()).all()
    for name in missing:
        done[name] = Verdict(name, Status.ERROR, "the charter demands this stage, and there is none of that name")
    idle = {name: str(v.facts[NOT_APPLICABLE]) for name, v in done.items() if NOT_APPLICABLE in v.facts}
    judged = [done[name] for name in [*(s.name for s in chosen), *missing] if name not in idle]
    facts: dict[str, Fact] = {
        "base": gate.base.sha,
        "head": gate.head.sha,
        "tree": gate.head.tree,
        "claim": gate.claim.value,
        "kind": gate.kind.value,
        "not_applicable": idle,
    }
    verdict = worst("gate", judged, seconds=time.monotonic() - started)
    return replace(verdict, facts=facts)


def _with_needs(stages: Sequence[Stage], only: Sequence[str]) -> tuple[Stage, ...]:
    """The stages asked for and all that they need, in the given order."""
    if not only:
        return tuple(stages)
    by_name = {stage.name: stage for stage in stages}
    wanted: set[str] = set()
    queue = [name for name in only if name in by_name]
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue += [need for need in by_name[name].needs if need in by_name]
    return tuple(stage for stage in stages if stage.name in wanted)


class _Run:
    """One pass over the stages: a small scheduler over their needs."""

    def __init__(self, gate: Gate, stages: Sequence[Stage], cache: VerdictCache | None, plan: Plan) -> None:
        self._gate, self._cache, self._plan = gate, cache, plan
        self._waiting = list(stages)
        self._running: dict[asyncio.Task[Verdict], Stage] = {}
        self._done: dict[str, Verdict] = {}

    async def all(self) -> dict[str, Verdict]:
        try:
            while self._waiting or self._running:
                self._start()
                if self._failed():
                    await self._end()
                if self._running:
                    ended, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                    self._collect(ended)
        finally:
            await self._cancel()
        return self._done

    async def _cancel(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _failed(self) -> str | None:
        """The stage whose refusal ends the run."""
        if self._plan.keep_going:
            return None
        return next((name for name, v in self._done.items() if v.status is Status.FAIL), None)

    async def _end(self) -> None:
        """End what runs; a stage that is done by then keeps its verdict."""
        failed = self._failed()
        await self._cancel()
        for task, stage in list(self._running.items()):
            del self._running[task]
            ended = Verdict(stage.name, Status.INCONCLUSIVE, f"ended: {failed} failed")
            self._finish(stage, ended if task.cancelled() else task.result())

    def _start(self) -> None:
        """Start all that can start; end what never can."""
        failed = self._failed()
        if failed is not None:
            self._give_up([(s, Status.INCONCLUSIVE, f"not run: {failed} failed") for s in self._waiting])
            return
        self._give_up([(s, Status.ERROR, why) for s in self._waiting if (why := self._impossible(s))])
        ready = [s for s in self._waiting if all(need in self._done for need in s.needs)]
        for stage in sorted(ready, key=lambda s: (s.alone, TURNS.get(s.name, 1))):
            if not self._room(stage):
                break
            self._waiting.remove(stage)
            self._plan.watch(stage.name, None)
            self._running[asyncio.create_task(self._one(stage), name=stage.name)] = stage

    def _impossible(self, stage: Stage) -> str:
        known = {*self._done, *(s.name for s in self._waiting), *(s.name for s in self._running.values())}
        absent = sorted(set(stage.needs) - known)
        if absent:
            return f"needs {', '.join(absent)}, which is not among the stages"
        stuck = not self._running and not any(all(n in self._done for n in s.needs) for s in self._waiting)
        return "waits for a stage that waits for it" if stuck else ""

    def _room(self, stage: Stage) -> bool:
        if stage.alone or any(other.alone for other in self._running.values()):
            return not self._running
        return len(self._running) < self._plan.at_once

    def _give_up(self, reasons: Iterable[tuple[Stage, Status, str]]) -> None:
        for stage, status, why in list(reasons):
            self._waiting.remove(stage)
            self._finish(stage, Verdict(stage.name, status, why))

    def _collect(self, ended: Iterable[asyncio.Task[Verdict]]) -> None:
        for task in ended:
            self._finish(self._running.pop(task), task.result())

    def _finish(self, stage: Stage, verdict: Verdict) -> None:
        self._done[stage.name] = replace(verdict, name=stage.name, facts={"id": stage.id, **verdict.facts})
        self._plan.watch(stage.name, self._done[stage.name])

    async def _one(self, stage: Stage) -> Verdict:
        """One stage's verdict, from the cache if it has one; an exception is an ERROR with one sentence."""
        started = time.monotonic()
        evidence = self._gate.scratch / stage.name
        key = self._cache.key(self._gate, _variant(stage)) if self._cache else ""
        if self._cache and (known := self._cache.get(key, evidence)):
            return replace(known, facts={**known.facts, "cached": True})
        evidence.mkdir(parents=True, exist_ok=True)
        earlier: Mapping[str, Verdict] = {need: self._done[need] for need in stage.needs}
        with witnessed() as denied:
            verdict = await self._asked(stage, earlier)
        verdict = replace(with_evidence(verdict, denied), seconds=time.monotonic() - started)
        if self._cache:
            self._cache.put(key, verdict, evidence)
        return verdict

    async def _asked(self, stage: Stage, earlier: Mapping[str, Verdict]) -> Verdict:
        try:
            return await asyncio.wait_for(self._ask(stage, earlier), self._plan.seconds)
        except TimeoutError:
            return Verdict(stage.name, Status.ERROR, f"did not end within {self._plan.seconds:.0f} s")
        except Exception as error:  # noqa: BLE001  (a stage that breaks must be an ERROR of the gate, never its end)
            return Verdict(stage.name, Status.ERROR, _sentence(error))

    async def _ask(self, stage: Stage, earlier: Mapping[str, Verdict]) -> Verdict:
        try:
            return await stage.run(self._gate, earlier)
        except SystemError:
            # CPython keeps the depth of `ast.parse` in one place for all threads: two that parse at the same moment
            # make it say "AST constructor recursion depth mismatch". That says nothing of the change: ask again.
            return await stage.run(self._gate, earlier)


def _variant(stage: Stage) -> str:
    """A stage's name with how it was set up: one that was told to look at less has given another answer."""
    settings = sorted(getattr(stage, "__dict__", {}).items())
    return f"{stage.name} {settings}" if settings else stage.name


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return f"could not run: {type(error).__name__}" + (f": {text}" if text else "")
