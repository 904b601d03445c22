"""One request over a chain of models: fallback, a second one when the first is late, and never two answers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.agent.wire import Heard, ModelFault, Response
from bot.core.chat import Sink
from bot.policy.routing import Candidate

Attempt = Callable[[Candidate, Heard], Awaitable[Response]]
"""One call of one model with all that it is accounted for. Raises ModelFault."""
Late = Callable[[Candidate], float]
"""Seconds after which a second provider is asked."""


class NobodyAnswered(Exception):  # noqa: N818  (reads as a word of the domain)
    """All failed; why, in the order of asking."""

    def __init__(self, faults: Sequence[tuple[Candidate, ModelFault]]) -> None:
        super().__init__("no model answered")
        self.faults = faults


@dataclass(slots=True)
class _Race:
    """What the runners of one race share."""

    waiting: deque[Candidate]
    attempt: Attempt
    sink: Sink | None
    running: dict[asyncio.Task[Response], Candidate] = field(default_factory=dict)
    faults: list[tuple[Candidate, ModelFault]] = field(default_factory=list)
    leader: Candidate | None = None
    """The first that said something; the others were stopped."""
    shown: str = ""
    """What the member has seen: from here on nobody else may answer."""
    hedged: bool = False

    def start(self, candidate: Candidate) -> None:
        self.waiting.remove(candidate)
        self.running[asyncio.ensure_future(self._run(candidate))] = candidate

    async def _run(self, candidate: Candidate) -> Response:
        async def heard(text: str) -> None:
            if self.leader is None:
                self.lead(candidate)
            if self.leader is candidate and text and self.sink is not None:
                self.shown = text
                await self.sink.grow(text)

        return await self.attempt(candidate, heard)

    def lead(self, candidate: Candidate) -> None:
        """This one answers: stop the others."""
        self.leader = candidate
        for task, other in self.running.items():
            if other is not candidate:
                task.cancel()

    def second(self) -> Candidate | None:
        """Who is asked when the first is late: the next of another provider, for the same one is late as well."""
        first = next(iter(self.running.values()))
        return next((one for one in self.waiting if one.provider != first.provider), None)

    def finished(self, task: asyncio.Task[Response]) -> Response | None:
        """The answer of a runner that is done, if it has one."""
        candidate = self.running.pop(task)
        if task.cancelled():
            return None
        try:
            return task.result()
        except ModelFault as fault:
            self.faults.append((candidate, fault))
            if self.leader is candidate:
                self.leader = None
                if self.shown:
                    return Response(self.shown, cut=True)
            return None


async def run(
    chain: Sequence[Candidate], attempt: Attempt, late: Late | None = None, sink: Sink | None = None
) -> tuple[Candidate, Response]:
    """The first answer of the chain. Once text was shown nobody else is asked: if it breaks then, what came is the
    answer, marked `cut`. `late` None: nobody is asked twice. Raises NobodyAnswered."""
    race = _Race(deque(chain), attempt, sink)
    try:
        while race.running or race.waiting:
            if not race.running:
                race.start(race.waiting[0])
            if found := await _step(race, late):
                return found
        raise NobodyAnswered(race.faults)
    finally:
        await _stop(race)


async def _step(race: _Race, late: Late | None) -> tuple[Candidate, Response] | None:
    """Wait until a runner is done, or until it is time for a second one."""
    second = None if late is None or race.hedged or race.leader is not None else race.second()
    patience = late(next(iter(race.running.values()))) if late is not None and second is not None else None
    done, _ = await asyncio.wait(race.running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    if not done and second is not None and race.leader is None:
        race.hedged = True
        race.start(second)
    for task in done:
        candidate = race.running[task]
        response = race.finished(task)
        if response is not None:
            return candidate, response
    return None


async def _stop(race: _Race) -> None:
    """End all who still run, and wait for their accounts to be settled."""
    for task in race.running:
        task.cancel()
    if race.running:
        await asyncio.gather(*race.running, return_exceptions=True)
