"""One request over a chain of models."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.agent import race
from bot.agent.wire import Heard, ModelFault, Response
from bot.policy.routing import Candidate
from tests.agent.doubles import Grown

A, B, C = (Candidate(name, "m") for name in "abc")
A2 = Candidate("a", "other")
DOWN = ModelFault("down", "down")
Play = Callable[[Heard], Awaitable[Response]]


class Cast:
    """Plays each candidate as told, and remembers who was asked and who was stopped."""

    def __init__(self, **scenes: Play) -> None:
        self.scenes = scenes
        self.asked: list[str] = []
        self.stopped: list[str] = []
        self._second = asyncio.Event()

    async def both(self) -> None:
        """Until two have been asked."""
        await self._second.wait()

    async def __call__(self, candidate: Candidate, heard: Heard) -> Response:
        self.asked.append(candidate.name)
        if len(self.asked) == 2:
            self._second.set()
        try:
            return await self.scenes[candidate.provider](heard)
        except asyncio.CancelledError:
            self.stopped.append(candidate.name)
            raise


def answers(text: str, *grown: str) -> Play:
    async def play(heard: Heard) -> Response:
        for one in grown:
            await heard(one)
        return Response(text)

    return play


def fails(*grown: str, fault: ModelFault = DOWN) -> Play:
    async def play(heard: Heard) -> Response:
        for one in grown:
            await heard(one)
        raise fault

    return play


def waits(until: asyncio.Event | None = None, then: Play | None = None) -> Play:
    async def play(heard: Heard) -> Response:
        await (until or asyncio.Event()).wait()
        assert then is not None
        return await then(heard)

    return play


async def run(cast: Cast, *chain: Candidate, late: float | None = None, sink: Any = None) -> tuple[Candidate, Response]:
    return await race.run(chain, cast, None if late is None else lambda _one: late, sink)


async def test_the_first_answers_and_nobody_else_is_asked() -> None:
    cast = Cast(a=answers("yes"), b=answers("no"))
    assert await run(cast, A, B) == (A, Response("yes"))
    assert cast.asked == ["a:m"]


async def test_who_fails_is_followed_by_the_next() -> None:
    cast = Cast(a=fails(), b=fails(), c=answers("yes"))
    assert (await run(cast, A, B, C))[0] == C
    assert cast.asked == ["a:m", "b:m", "c:m"]


async def test_when_all_fail_every_reason_is_told_in_order() -> None:
    other = ModelFault("limited", "wait", retry_after=3.0)
    cast = Cast(a=fails(), b=fails(fault=other))
    with pytest.raises(race.NobodyAnswered) as raised:
        await run(cast, A, B)
    assert raised.value.faults == [(A, DOWN), (B, other)]


async def test_an_empty_chain_is_answered_by_nobody() -> None:
    with pytest.raises(race.NobodyAnswered):
        await run(Cast())


async def test_after_the_first_text_nobody_else_is_asked() -> None:
    cast, grown = Cast(a=fails("one", "one two"), b=answers("no")), Grown()
    assert await run(cast, A, B, sink=grown) == (A, Response("one two", cut=True))
    assert cast.asked == ["a:m"]
    assert grown.texts == ["one", "one two"]


async def test_a_tool_call_that_began_is_no_text_and_the_next_may_answer() -> None:
    cast, grown = Cast(a=fails(""), b=answers("yes", "yes")), Grown()
    assert (await run(cast, A, B, sink=grown))[0] == B
    assert grown.texts == ["yes"]


async def test_who_is_late_gets_a_rival_and_the_loser_is_stopped() -> None:
    cast = Cast(a=waits(), b=answers("fast"))
    assert (await run(cast, A, B, late=0.0))[0] == B
    assert cast.asked == ["a:m", "b:m"]
    assert cast.stopped == ["a:m"]


async def test_the_rival_is_of_another_provider_and_only_one() -> None:
    slow = asyncio.Event()
    cast = Cast(a=waits(slow, answers("at last")), b=waits(), c=answers("never asked"))
    asking = asyncio.create_task(run(cast, A, A2, B, C, late=0.0))
    await cast.both()
    slow.set()
    assert (await asking)[0] == A
    assert cast.asked == ["a:m", "b:m"]
    assert cast.stopped == ["b:m"]


async def test_without_another_provider_there_is_no_rival() -> None:
    slow = asyncio.Event()
    cast = Cast(a=waits(slow, answers("at last")))
    asking = asyncio.create_task(run(cast, A, A2, late=0.0))
    for _ in range(20):
        await asyncio.sleep(0)
    slow.set()
    await asking
    assert cast.asked == ["a:m"]


async def test_who_speaks_first_stops_the_other_and_only_one_is_shown() -> None:
    slow = asyncio.Event()
    cast, grown = Cast(a=waits(slow, answers("too late", "too late")), b=answers("first", "fi", "first")), Grown()
    assert (await run(cast, A, B, late=0.0, sink=grown))[1] == Response("first")
    assert cast.stopped == ["a:m"]
    assert grown.texts == ["fi", "first"]


async def test_who_began_to_speak_is_not_overtaken() -> None:
    rest = asyncio.Event()

    async def slowly(heard: Heard) -> Response:
        await heard("I am")
        await rest.wait()
        return Response("I am here")

    cast = Cast(a=slowly, b=answers("no"))
    asking = asyncio.create_task(run(cast, A, B, late=0.0, sink=Grown()))
    for _ in range(20):
        await asyncio.sleep(0)
    rest.set()
    assert (await asking)[1] == Response("I am here")
    assert cast.asked in (["a:m"], ["a:m", "b:m"])
    assert "a:m" not in cast.stopped


async def test_when_the_first_fails_the_rival_is_waited_for() -> None:
    both, other = asyncio.Event(), asyncio.Event()
    cast = Cast(a=waits(both, fails()), b=waits(other, answers("yes")))
    asking = asyncio.create_task(run(cast, A, B, late=0.0))
    await cast.both()
    both.set()
    await asyncio.sleep(0)
    other.set()
    assert (await asking)[0] == B


async def test_who_is_cancelled_stops_all_and_waits_for_them() -> None:
    cast = Cast(a=waits(), b=waits())
    asking = asyncio.create_task(run(cast, A, B, late=0.0))
    await cast.both()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert sorted(cast.stopped) == ["a:m", "b:m"]
    assert len(asyncio.all_tasks()) == 1


async def test_an_error_that_is_no_fault_is_not_swallowed() -> None:
    async def broken(_heard: Heard) -> Response:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="of ours"):
        await run(Cast(a=broken, b=answers("no")), A, B)
