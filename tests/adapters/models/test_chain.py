"""The chain over real protocols: OpenAI, Anthropic and Ollama behind one router, against the peer."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.models.anthropic import Anthropic
from bot.adapters.models.llama import Llama
from bot.adapters.models.openai import OpenAI
from bot.agent.router import Router
from bot.agent.wire import Limits
from bot.core.errors import Unavailable
from bot.policy.routing import Rules
from tests.agent.doubles import DICE, PROMPT, SCOPE, WEATHER, Grown, MemoryCache, Seen, Tools, parts
from tests.servers.aimock.peer import Peer

pytestmark = pytest.mark.integration

KEY = "sk-test-0123456789abcdef"
GPT, CLAUDE, LLAMA = {"model": "gpt-5-mini"}, {"model": "claude-haiku-4-5"}, {"model": "llama3.2"}
Open = Callable[..., tuple[Router, Seen]]


@pytest.fixture
async def opened(peer: Peer) -> AsyncIterator[Open]:
    """A router that asks OpenAI first, then Anthropic or Ollama."""
    routers: list[Router] = []

    def build(*, llama: bool = False, **changes: Any) -> tuple[Router, Seen]:
        cloud = [
            OpenAI(KEY, ["gpt-5-mini"], base_url=f"{peer.url}/v1"),
            Anthropic(KEY, ["claude-haiku-4-5"], base_url=peer.url),
        ]
        own = [Llama(peer.url, ["llama3.2"])] if llama else []
        given = parts(*cloud, *own, **{"rules": Rules("openai"), **changes})
        routers.append(Router(given))
        return routers[-1], given.observer

    yield build
    for one in routers:
        await one.close()


def asked(peer: Peer) -> list[str]:
    return [one["body"]["model"] for one in peer.asked() if one["method"] == "POST"]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_another_provider_takes_over_in_the_middle_of_a_turn_and_no_tool_is_called_twice(
    opened: Open, peer: Peer, stream: bool
) -> None:
    tool_calls = [
        {"name": "weather", "arguments": {"city": "Bonn"}, "id": "call_1"},
        {"name": "dice", "arguments": {"sides": 6}, "id": "call_2"},
    ]
    peer.teach({"match": {**GPT, "hasToolResult": False}, "response": {"toolCalls": tool_calls}})
    peer.fails(500, {**GPT, "hasToolResult": True})
    peer.says("Rain, and a four.", {**CLAUDE, "hasToolResult": True})
    router, seen = opened()
    tools = Tools(WEATHER, DICE, said="drizzle")
    reply = await router.think(PROMPT, SCOPE, tools, Grown() if stream else None)
    assert (reply.text, reply.model) == ("Rain, and a four.", "anthropic:claude-haiku-4-5")
    assert [name for name, _arguments in tools.called] == ["weather", "dice"]
    assert asked(peer) == ["gpt-5-mini", "gpt-5-mini", "claude-haiku-4-5"]
    assert [outcome for _model, outcome in seen.outcomes] == ["ok", "down", "ok"]
    assert str(peer.asked()[-1]["body"]).count("drizzle") == 2


async def test_a_late_provider_gets_a_rival_whose_answer_counts(opened: Open, peer: Peer) -> None:
    slow = {"ttft": 3000, "tps": 50}
    peer.teach({"match": GPT, "response": {"content": "too late"}, "streamingProfile": slow})
    peer.says("in time", CLAUDE)
    router, seen = opened(limits=Limits(timeout=10.0, unknown_late=0.05))
    warm = replace(PROMPT, text="are you there, peer?")
    for provider in router._providers.values():
        (one,) = await provider.candidates()
        await provider.prepare(one.model)
    grown = Grown()
    reply = await router.think(warm, SCOPE, None, grown)
    assert (reply.text, reply.model) == ("in time", "anthropic:claude-haiku-4-5")
    assert ("openai:gpt-5-mini", "cancelled") in seen.outcomes
    assert all("too late" not in text for text in grown.texts)
    assert reply.usage.requests == 2
    assert seen.models[0][3] > 0, "the loser is paid as well"


async def test_private_text_reaches_the_own_server_only(opened: Open, peer: Peer) -> None:
    peer.fails(500, LLAMA)
    peer.says("from the cloud")
    router, _seen = opened(llama=True, rules=Rules("openai", private_local_only=True))
    with pytest.raises(Unavailable):
        await router.think(PROMPT, replace(SCOPE, private=True))
    assert asked(peer) == ["llama3.2"]
    assert (await router.think(PROMPT, SCOPE)).text == "from the cloud"


async def test_a_provider_that_asks_to_wait_is_left_alone_until_then(opened: Open, peer: Peer) -> None:
    peer.fails(429, GPT, retry_after=30)
    peer.says("here", CLAUDE)
    now = [0.0]
    router, _seen = opened(timer=lambda: now[0])
    await router.think(PROMPT, SCOPE)
    await router.think(PROMPT, SCOPE)
    assert asked(peer) == ["gpt-5-mini", "claude-haiku-4-5", "claude-haiku-4-5"]
    now[0] = 31.0
    await router.think(PROMPT, SCOPE)
    assert asked(peer)[3:] == ["gpt-5-mini", "claude-haiku-4-5"]


async def test_a_retired_name_is_told_to_whoever_runs_the_bot_and_the_member_gets_an_answer(
    opened: Open, peer: Peer, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    peer.fails(404, GPT, code="model_not_found", message=f"The model `gpt-5-mini` does not exist, key {KEY}")
    peer.says("here", CLAUDE)
    router, _seen = opened()
    with caplog.at_level(logging.DEBUG):
        assert (await router.think(PROMPT, SCOPE)).text == "here"
        assert (await router.think(PROMPT, SCOPE)).text == "here"
    assert asked(peer).count("gpt-5-mini") == 1, "a name that is gone is not asked for again at once"
    told = capsys.readouterr().out + caplog.text
    assert "does not know the model gpt-5-mini" in told
    assert KEY not in told


async def test_an_answer_from_memory_asks_nobody(opened: Open, peer: Peer) -> None:
    peer.says("42")
    router, _seen = opened(cache=MemoryCache())
    await router.think(PROMPT, SCOPE)
    again = await router.think(PROMPT, SCOPE)
    assert (again.text, again.cached) == ("42", True)
    assert len(asked(peer)) == 1


async def test_every_request_says_how_much_may_be_written_and_is_sent_to_where_the_settings_say(
    opened: Open, peer: Peer
) -> None:
    peer.fails(500, GPT)
    peer.says("here", CLAUDE)
    router, _seen = opened(limits=Limits(timeout=5.0, most_tokens=777))
    await router.think(PROMPT, SCOPE)
    one, other = (row for row in peer.asked() if row["method"] == "POST")
    assert (one["path"], other["path"]) == ("/v1/chat/completions", "/v1/messages")
    assert 777 in {one["body"].get("max_completion_tokens"), one["body"].get("max_tokens")}
    assert other["body"]["max_tokens"] == 777
