"""One model call with all that belongs to it, however it ends."""

import asyncio
from typing import Any

import pytest

from bot.agent.attempt import Accounts, Attempts, Spent, refusal, tokens
from bot.agent.health import Health
from bot.agent.ledger import Ledger
from bot.agent.race import NobodyAnswered
from bot.agent.usage import TABLE, UsageBook
from bot.agent.wire import Heard, Limits, ModelFault, Request, Response, Trouble
from bot.core.errors import Denied, Unavailable
from bot.policy.budget import Budget
from bot.policy.routing import Candidate, Price
from tests.agent.doubles import (
    NOON,
    PAID,
    SCOPE,
    WEATHER,
    Grown,
    MemoryRecords,
    Scripted,
    Seen,
    hanging,
    said,
    streamed,
)

REQUEST = Request([], (WEATHER,), most_tokens=1000)
STREAM = Request([], (), most_tokens=1000, stream=True)


class House:
    """A turn over scripted providers; money is plenty unless told otherwise."""

    def __init__(self, *providers: Scripted, budget: Budget | None = None, limits: Limits | None = None) -> None:
        self.records, self.seen, self.spent = MemoryRecords(), Seen(), Spent()
        self.providers = providers
        self.ledger = Ledger(self.records, budget or Budget(1.0, 1.0, 1.0), lambda: NOON, "p1")
        self.usage = UsageBook(self.records, lambda: NOON, "p1")
        self.health = Health(lambda: 0.0)
        accounts = Accounts(
            {one.name: one for one in providers}, self.health, self.ledger, self.usage, self.seen, lambda: 0.0
        )
        self.attempts = Attempts(accounts, limits or Limits(timeout=5.0), SCOPE, self.spent)

    async def ask(self, request: Request = REQUEST, sink: Any = None) -> Response:
        chain: list[Candidate] = []
        for provider in self.providers:
            chain += await provider.candidates()
        return await self.attempts.ask(chain, request, sink)

    async def left(self) -> float:
        return await self.ledger.left(SCOPE)

    async def counted(self, what: str) -> float:
        await self.usage.flush()
        return sum(row[what] for _key, row in self.records.scan(TABLE))


async def test_an_answer_is_paid_counted_and_measured() -> None:
    house = House(Scripted("a", said(read=1000, wrote=100), price=PAID))
    assert (await house.ask()).text == "hello"
    cost = PAID.of(1000, 100)
    assert await house.left() == pytest.approx(1.0 - cost)
    assert (house.spent.model, house.spent.requests, house.spent.cost) == ("a:m", 1, pytest.approx(cost))
    assert house.seen.models == [("a:m", "ok", {"input": 1000, "output": 100}, pytest.approx(cost))]
    assert (await house.counted("calls"), await house.counted("failed")) == (1, 0)
    await house.usage.close()


async def test_where_the_provider_counts_nothing_it_is_guessed_and_never_free() -> None:
    house = House(Scripted("a", said("x" * 400, 0, 0), price=PAID))
    await house.ask()
    assert house.spent.output_tokens == 133
    assert await house.left() < 1.0
    await house.usage.close()


@pytest.mark.parametrize("trouble", ["limited", "retired", "refused", "rejected", "too-long"])
async def test_what_a_provider_refuses_costs_nothing(trouble: Trouble) -> None:
    house = House(Scripted("a", ModelFault(trouble, "no"), price=PAID), Scripted("b", said()))
    await house.ask()
    assert await house.left() == 1.0
    assert house.seen.outcomes == [("a:m", trouble), ("b:m", "ok")]
    assert await house.counted("failed") == 1
    await house.usage.close()


async def test_a_timeout_counts_what_was_sent() -> None:
    house = House(
        Scripted("a", hanging(), price=Price(1e6, 1.0)), limits=Limits(timeout=0.01), budget=Budget(99.0, 99.0, 99.0)
    )
    request = Request([type("M", (), {"parts": [type("P", (), {"content": "x" * 40})]})], (), 0)
    with pytest.raises(Unavailable, match=r"a:m did not finish within 0\.01 s \(AI_TIMEOUT\)"):
        await house.ask(request)
    assert house.spent.input_tokens == 17
    assert house.spent.cost == pytest.approx(17.0)
    await house.usage.close()


@pytest.mark.slow
async def test_a_loser_of_a_race_is_counted() -> None:
    async def slow(_request: Request, heard: Heard) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    house = House(Scripted("a", slow, price=PAID), Scripted("b", said()), limits=Limits(unknown_late=0.0))
    for _ in range(8):
        house.health.answered((await house.providers[0].candidates())[0], 0.0, stream=False)
    assert (await house.ask()).text == "hello"
    assert ("a:m", "cancelled") in house.seen.outcomes
    assert house.spent.requests == 2
    await house.usage.close()


async def test_what_the_first_one_must_load_is_loaded_before_the_race_begins() -> None:
    happened: list[str] = []

    class Heavy(Scripted):
        async def prepare(self, model: str) -> None:
            happened.append(f"{self.name} loaded")

    async def answer(_request: Request, _heard: Heard) -> Response:
        happened.append("asked")
        return said()

    house = House(Heavy("a", answer), Heavy("b", said()))
    seen = house.ledger.reserve

    async def reserve(*given: Any) -> Any:
        happened.append("race")
        return await seen(*given)

    house.ledger.reserve = reserve  # type: ignore[method-assign]
    await house.ask()
    assert happened == ["a loaded", "race", "a loaded", "asked"], "a rival loads nothing before it is asked"
    await house.usage.close()


async def test_what_cannot_be_loaded_is_a_fault_of_that_model_alone() -> None:
    class Broken(Scripted):
        async def prepare(self, model: str) -> None:
            raise ModelFault("down", "it did not start", sent=False)

    house = House(Broken("a", said()), Scripted("b", said("other")))
    assert (await house.ask()).text == "other"
    assert house.seen.outcomes == [("a:m", "down"), ("b:m", "ok")]
    await house.usage.close()


async def test_a_caller_who_goes_away_leaves_no_money_held_and_no_probe_taken() -> None:
    started = asyncio.Event()
    house = House(Scripted("a", hanging(started), price=PAID))
    asking = asyncio.create_task(house.ask())
    await started.wait()
    assert await house.left() < 1.0
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await house.left() > 0.999, "what was sent is paid, what was set aside for an answer is not"
    assert house.seen.outcomes == [("a:m", "cancelled")]
    await house.usage.close()


async def test_a_budget_that_does_not_cover_it_passes_over_to_a_free_model() -> None:
    dear, free = Scripted("a", said("dear"), price=Price(1e6, 1e6)), Scripted("b", said("free"))
    house = House(dear, free)
    assert (await house.ask()).text == "free"
    assert dear.requests == []
    assert await house.left() == 1.0
    await house.usage.close()


async def test_a_spent_budget_is_a_no_with_its_sentence() -> None:
    house = House(Scripted("a", said(), price=PAID), budget=Budget(0.0, 1.0, 1.0))
    with pytest.raises(Denied, match="Your budget for AI answers today"):
        await house.ask()
    assert house.seen.outcomes == []
    await house.usage.close()


async def test_records_that_fail_let_nobody_spend() -> None:
    house = House(provider := Scripted("a", said(), price=PAID))

    def full(*_: Any) -> None:
        raise Unavailable("records", "the disk is full")

    house.records.put = full  # type: ignore[method-assign]
    with pytest.raises(Denied, match="the budget cannot be looked up"):
        await house.ask()
    assert provider.requests == []
    await house.usage.close()


async def test_a_model_without_tools_is_not_offered_any() -> None:
    deaf = Scripted("a", said(), tools=False)
    house = House(deaf)
    await house.ask()
    assert deaf.requests[0].tools == ()
    await house.usage.close()


async def test_a_broken_stream_is_what_was_shown_and_counts_against_the_provider() -> None:
    provider = Scripted("a", streamed("one", "one two", then=ModelFault("down", "broke")), price=PAID)
    house, grown = House(provider, Scripted("b", said())), Grown()
    response = await house.ask(STREAM, grown)
    assert (response.text, response.cut) == ("one two", True)
    assert house.seen.outcomes == [("a:m", "down")]
    assert house.spent.model == "a:m"
    assert house.spent.output_tokens == 2
    await house.usage.close()


async def test_a_stream_that_falls_silent_is_what_was_shown() -> None:
    async def stalls(_request: Request, heard: Heard) -> Response:
        await heard("one")
        await asyncio.Event().wait()
        raise AssertionError

    house, grown = House(Scripted("a", stalls), Scripted("b", said()), limits=Limits(timeout=0.01)), Grown()
    response = await house.ask(STREAM, grown)
    assert (response.text, response.cut) == ("one", True)
    assert house.seen.outcomes == [("a:m", "silent")]
    await house.usage.close()


async def test_a_provider_in_probation_is_asked_by_one_at_a_time() -> None:
    provider = Scripted("a", said())
    house = House(provider, Scripted("b", said("other")))
    house.health.failed((await provider.candidates())[0], ModelFault("limited", "wait", retry_after=60.0))
    assert (await house.ask()).text == "other"
    assert provider.requests == []
    await house.usage.close()


def nobody(*faults: ModelFault) -> NobodyAnswered:
    return NobodyAnswered([(Candidate("a", str(number)), fault) for number, fault in enumerate(faults)])


def test_what_all_answered_is_one_sentence_with_the_shortest_wait() -> None:
    one = ModelFault("limited", "openai asks to wait", retry_after=30.0)
    other = ModelFault("limited", "anthropic asks to wait", retry_after=9.0)
    error = refusal(nobody(one, other, other))
    assert str(error) == "every AI model is unavailable: openai asks to wait; anthropic asks to wait"
    assert isinstance(error, Unavailable)
    assert error.retry_after == 9.0


def test_only_if_all_say_so_is_it_a_no() -> None:
    assert isinstance(refusal(nobody(ModelFault("too-long", "x"))), Denied)
    assert isinstance(refusal(nobody(ModelFault("spent", "x"), ModelFault("spent", "x"))), Denied)
    assert isinstance(refusal(nobody(ModelFault("spent", "x"), ModelFault("down", "y"))), Unavailable)
    assert isinstance(refusal(nobody()), Unavailable)


def test_a_guess_of_tokens_is_rather_too_high() -> None:
    assert tokens("") > 0
    assert tokens("word " * 100) >= 125
    assert tokens("\u4f60\u597d" * 50) >= 100
    assert tokens("a" * 300) < tokens("\u00e4" * 300)
