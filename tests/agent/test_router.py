"""The router as a whole, over providers that do as they are told."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.agent.router import LISTED, Parts, Router
from bot.agent.usage import TABLE as USAGE
from bot.agent.wire import Heard, Limits, ModelFault, Request, Response
from bot.core.errors import Denied, Unavailable
from bot.core.ids import UserId
from bot.core.model import Prompt
from bot.policy.budget import Budget
from bot.policy.routing import Candidate, Rules
from tests.agent.doubles import (
    NOON,
    PAID,
    PROMPT,
    SCOPE,
    Grown,
    MemoryCache,
    MemoryRecords,
    Scripted,
    Seen,
    Tools,
    hanging,
    parts,
    router,
    said,
    streamed,
)

pytestmark = pytest.mark.integration  # the kernel imports pydantic-ai

DOWN = ModelFault("down", "a answers with status 500")
PRIVATE = replace(SCOPE, private=True)


async def test_the_chain_falls_back_and_the_reply_says_who_answered() -> None:
    one, other = Scripted("a", DOWN), Scripted("b", said("here"))
    seen = Seen()
    reply = await router(one, other, observer=seen).think(PROMPT, SCOPE)
    assert (reply.text, reply.model, reply.usage.requests) == ("here", "b:m", 2)
    assert seen.outcomes == [("a:m", "down"), ("b:m", "ok")]


async def test_after_some_failures_a_provider_is_not_asked_any_more() -> None:
    one, other = Scripted("a", DOWN), Scripted("b", said())
    house = router(one, other, rules=Rules("a"))
    for _ in range(6):
        await house.think(PROMPT, SCOPE)
    assert len(one.requests) == 3
    assert len(other.requests) == 6


async def test_all_limited_says_when_to_come_back_and_is_not_asked_before() -> None:
    one = Scripted("a", ModelFault("limited", "a asks to wait", retry_after=30.0))
    house = router(one, timer=lambda: 0.0)
    with pytest.raises(Unavailable) as first:
        await house.think(PROMPT, SCOPE)
    with pytest.raises(Unavailable, match="left alone for 30 s more") as second:
        await house.think(PROMPT, SCOPE)
    assert (first.value.retry_after, second.value.retry_after) == (30.0, 30.0)
    assert len(one.requests) == 1


async def test_a_retired_name_is_told_and_its_sibling_answers() -> None:
    gone = ModelFault("retired", "a does not know the model old, which is retired; its successor is new")
    house = router(Scripted("a", gone, model="old"))
    for _ in range(2):
        with pytest.raises(Unavailable, match="its successor is new"):
            await house.think(PROMPT, SCOPE)
    both = router(Scripted("a", gone, model="old"), Scripted("b", said("here")))
    assert (await both.think(PROMPT, SCOPE)).text == "here"


async def test_a_second_provider_is_asked_when_the_first_is_late() -> None:
    slow, fast = Scripted("a", hanging()), Scripted("b", said("fast"), price=PAID)
    house = router(slow, fast, limits=Limits(timeout=5.0, unknown_late=0.01))
    assert (await house.think(PROMPT, SCOPE)).text == "fast"
    assert len(slow.requests) == 1


async def test_private_text_goes_to_own_machines_only_if_that_is_set() -> None:
    cloud, home = Scripted("a", said("cloud")), Scripted("b", DOWN, local=True)
    house = router(cloud, home, rules=Rules(private_local_only=True))
    with pytest.raises(Unavailable):
        await house.think(PROMPT, PRIVATE)
    assert cloud.requests == [], "not even when the own one is down"
    assert (await house.think(PROMPT, SCOPE)).text == "cloud"
    with pytest.raises(Denied, match="LLAMA_API_ENDPOINT"):
        await router(cloud, rules=Rules(private_local_only=True)).think(PROMPT, PRIVATE)


async def test_a_spent_budget_is_a_sentence_for_that_member_and_nobody_else() -> None:
    cloud, records = Scripted("a", said(read=100_000, wrote=0), price=PAID), MemoryRecords()
    house = router(cloud, records=records, budget=Budget(0.12, 9.0, 9.0))
    await house.think(PROMPT, SCOPE)
    with pytest.raises(Denied, match="Your budget for AI answers today"):
        await house.think(PROMPT, SCOPE)
    before = len(cloud.requests)
    await house.think(PROMPT, replace(SCOPE, user=UserId("9")))
    assert len(cloud.requests) == before + 1
    again = router(cloud, records=records, budget=Budget(0.12, 9.0, 9.0))
    with pytest.raises(Denied):
        await again.think(PROMPT, SCOPE)
    tomorrow = router(
        cloud, records=records, budget=Budget(0.12, 9.0, 9.0), clock=lambda: NOON + timedelta(hours=12)
    )  # fmt: skip
    assert (await tomorrow.think(PROMPT, SCOPE)).text


async def test_with_the_budget_spent_a_free_model_still_answers() -> None:
    cloud, home = Scripted("a", said("cloud"), price=PAID), Scripted("b", said("home"), local=True)
    house = router(cloud, home, budget=Budget(0.0, 0.0, 0.0), rules=Rules("a"))
    assert (await house.think(PROMPT, SCOPE)).text == "home"
    assert cloud.requests == []


async def test_the_same_question_is_answered_from_memory_and_counted_as_such() -> None:
    one, records, seen = Scripted("a", said("42"), price=PAID), MemoryRecords(), Seen()
    house = router(one, cache=MemoryCache(), records=records, observer=seen)
    first, second = await house.think(PROMPT, SCOPE), await house.think(PROMPT, SCOPE)
    assert (first.cached, second.cached, second.text, second.usage.cost) == (False, True, "42", 0.0)
    assert len(one.requests) == 1
    assert seen.outcomes[-1] == ("a:m", "cached")
    await house.close()
    ((_key, row),) = records.scan(USAGE)
    assert (row["turns"], row["calls"], row["cached"]) == (2, 1, 1)


async def test_what_was_broken_off_or_is_about_the_member_is_asked_for_again() -> None:
    one = Scripted("a", streamed("half", then=DOWN), said("whole"))
    house = router(one, cache=MemoryCache())
    assert (await house.think(PROMPT, SCOPE, None, Grown())).cut
    assert not (await house.think(PROMPT, SCOPE)).cached
    personal = replace(PROMPT, facts=("likes tea",))
    await house.think(personal, SCOPE)
    await house.think(personal, SCOPE)
    assert len(one.requests) == 4


async def test_a_cache_that_fails_is_no_cache() -> None:
    class Away(MemoryCache):
        async def get(self, key: str) -> Any:
            raise Unavailable("cache")

        async def set(self, key: str, value: Any, ttl: float, tags: Sequence[str] = ()) -> None:
            raise Unavailable("cache")

    house = router(Scripted("a", said("42")), cache=Away())
    assert (await house.think(PROMPT, SCOPE)).text == "42"


async def test_the_mark_of_the_turn_is_never_shown() -> None:
    async def parrot(request: Request, heard: Heard) -> Response:
        mark = str(request.messages[0].parts[1].content).split("turn is ")[1][:16]
        await heard(f"[{mark} message]\nhel")
        await heard(f"[{mark} message]\nhello [/{mark}]")
        return said(f"[{mark} message]\nhello [/{mark}]")

    grown = Grown()
    reply = await router(Scripted("a", parrot)).think(PROMPT, SCOPE, None, grown)
    assert grown.texts == ["hel", "hello"]
    assert reply.text == "hello"


async def test_a_hard_question_goes_to_the_large_model() -> None:
    small, large = Scripted("a", said("small"), size="small"), Scripted("b", said("large"), size="large")
    house = router(small, large)
    assert (await house.think(PROMPT, SCOPE)).text == "small"
    hard = replace(PROMPT, text="Compare both designs and explain step by step why one is faster.")
    assert (await house.think(hard, SCOPE)).text == "large"


async def test_route_tells_what_think_would_do_and_asks_nobody() -> None:
    one = Scripted("a", said(), price=PAID)
    route = await router(one).route(PROMPT, SCOPE)
    assert [candidate.name for candidate in route.chain] == ["a:m"]
    assert one.requests == []


async def test_a_server_that_cannot_say_what_it_has_is_left_out_and_looked_for_again() -> None:
    class Shy(Scripted):
        there, looked = False, 0

        async def candidates(self) -> Sequence[Candidate]:
            self.looked += 1
            if not self.there:
                raise Unavailable("the model server")
            return await super().candidates()

    now = [0.0]
    shy = Shy("a", said("shy"), price=PAID)
    house = router(shy, Scripted("b", said("other")), timer=lambda: now[0], rules=Rules("a"))
    assert (await house.think(PROMPT, SCOPE)).text == "other"
    await house.think(PROMPT, SCOPE)
    assert shy.looked == 1, "not at every turn"
    shy.there, now[0] = True, LISTED
    assert (await house.think(PROMPT, SCOPE)).text == "shy"
    with pytest.raises(Unavailable, match="no model is there"):
        await router(Shy("a", said())).think(PROMPT, SCOPE)


async def test_a_text_that_fits_nowhere_is_refused_before_anybody_is_asked() -> None:
    one = Scripted("a", said(), context=1000)
    with pytest.raises(Denied, match="too long for every model"):
        await router(one).think(replace(PROMPT, text="x" * 10_000), SCOPE)
    assert one.requests == []


async def test_closing_writes_the_accounts_and_lets_the_providers_go() -> None:
    one, records = Scripted("a", said(read=1000, wrote=0), price=PAID), MemoryRecords()
    house = router(one, records=records)
    await house.think(PROMPT, SCOPE)
    await house.close()
    assert one.closed
    money = [row["usd"] for _key, row in records.scan("budget")]
    assert money == pytest.approx([PAID.of(1000, 0)] * 3), "nothing is left claimed ahead"


async def test_many_at_once_do_not_spend_more_than_there_is() -> None:
    one = Scripted("a", said(read=10_000, wrote=0), price=PAID)
    house = Router(parts(one, budget=Budget(0.1, 0.1, 0.1)))

    async def turn() -> bool:
        try:
            return bool(await house.think(PROMPT, SCOPE))
        except Denied:
            return False

    answered = sum(await asyncio.gather(*(turn() for _ in range(20))))
    assert 1 <= answered <= 10
    assert isinstance(parts(), Parts)


async def test_an_unknown_tool_never_reaches_the_toolbox() -> None:
    from bot.agent.wire import Call

    tools = Tools()
    call = replace(said(""), calls=(Call("1", "ban", {}),))
    reply = await router(Scripted("a", call)).think(Prompt("s", "ban all"), SCOPE, tools)
    assert tools.called == []
    assert reply.tools == ()
    assert "no tool named 'ban'" in reply.text
