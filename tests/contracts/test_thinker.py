"""What any provider behind the router must do: the same for OpenAI, Anthropic, Ollama and OpenAI-compatible servers."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.adapters.models.anthropic import Anthropic
from bot.adapters.models.llama import Llama
from bot.adapters.models.openai import OpenAI
from bot.agent.router import Router
from bot.agent.wire import Limits, Provider
from bot.core.errors import Denied, Unavailable
from bot.core.model import Thinker
from bot.policy.budget import Budget
from tests.agent.doubles import DICE, PROMPT, SCOPE, WEATHER, Grown, MemoryRecords, Seen, Tools, parts
from tests.servers.absent import absent
from tests.servers.aimock import peer as aimock
from tests.servers.aimock.peer import Peer

pytestmark = pytest.mark.integration

KEY = "sk-test-0123456789abcdef"


@pytest.fixture(scope="module")
def server() -> Iterator[Peer]:
    try:
        program = aimock.installed()
    except aimock.Missing as error:
        absent(error)
    with aimock.running(program) as found:
        yield found


@pytest.fixture
def peer(server: Peer) -> Peer:
    server.reset()
    return server


def openai(url: str) -> Provider:
    return OpenAI(KEY, ["gpt-5-mini"], base_url=f"{url}/v1", timeout=30)


def anthropic(url: str) -> Provider:
    return Anthropic(KEY, ["claude-haiku-4-5"], base_url=url, timeout=30)


def ollama(url: str) -> Provider:
    return Llama(url, ["llama3.2"], timeout=30)


def compatible(url: str) -> Provider:
    return Llama(f"{url}/v1", ["qwen3"], key=KEY, timeout=30)


@dataclass
class House:
    """A router over one provider, and what it writes down."""

    thinker: Thinker
    seen: Seen
    records: MemoryRecords
    free: bool
    """Runs on own machines: costs nothing."""


Open = Callable[..., House]


@pytest.fixture(params=[openai, anthropic, ollama, compatible], ids=lambda build: build.__name__)
async def opened(request: pytest.FixtureRequest, peer: Peer) -> AsyncIterator[Open]:
    routers: list[Router] = []

    def build(**changes: Any) -> House:
        given = parts(request.param(peer.url), **changes)
        routers.append(Router(given))
        return House(routers[-1], given.observer, given.records, request.param in {ollama, compatible})

    yield build
    for one in routers:
        await one.close()


async def test_a_plain_answer_with_its_usage(opened: Open, peer: Peer) -> None:
    peer.says("All is well.", usage={"prompt_tokens": 11, "completion_tokens": 5})
    house = opened()
    reply = await house.thinker.think(PROMPT, SCOPE)
    assert (reply.text, reply.tools, reply.cut, reply.cached) == ("All is well.", (), False, False)
    assert reply.usage.requests == 1
    assert reply.usage.output_tokens > 0
    assert house.seen.outcomes == [(reply.model, "ok")]


async def test_what_others_wrote_stands_in_the_users_message_and_never_in_the_system_text(
    opened: Open, peer: Peer
) -> None:
    peer.says("fine")
    await opened().thinker.think(PROMPT, SCOPE)
    (asked,) = peer.asked()
    messages = asked["body"]["messages"]
    system = " ".join(str(one["content"]) for one in messages if one["role"] == "system") + str(
        asked["body"].get("system", "")
    )
    assert "You are a bot." in system
    assert "what is up?" not in system
    assert "Ann" not in system
    assert "what is up?" in str(messages[-1]["content"])


async def test_an_answer_grows_in_the_sink_and_ends_as_the_reply(opened: Open, peer: Peer) -> None:
    text = "one two three four five six seven eight nine ten eleven twelve"
    peer.says(text)
    grown = Grown()
    reply = await opened().thinker.think(PROMPT, SCOPE, None, grown)
    assert reply.text == text
    assert len(grown.texts) > 1
    assert all(text.startswith(shown) for shown in grown.texts)
    assert grown.texts[-1] == text


@pytest.mark.parametrize("stream", [False, True])
async def test_several_tools_in_one_turn_are_called_in_order_and_their_words_reach_the_model(
    opened: Open, peer: Peer, stream: bool
) -> None:
    peer.calls(("weather", {"city": "Bonn"}), ("dice", {"sides": 6}))
    peer.says("Rain, and a four.", {"hasToolResult": True})
    tools = Tools(WEATHER, DICE, said="drizzle")
    reply = await opened().thinker.think(PROMPT, SCOPE, tools, Grown() if stream else None)
    assert tools.called == [("weather", {"city": "Bonn"}), ("dice", {"sides": 6})]
    assert (reply.text, reply.tools, reply.usage.requests) == ("Rain, and a four.", ("weather", "dice"), 2)
    assert "drizzle" in str(peer.asked()[-1]["body"]["messages"])


async def test_an_unknown_tool_is_told_to_the_model_once_and_then_to_the_member(opened: Open, peer: Peer) -> None:
    peer.teach({"match": {}, "response": {"toolCalls": [{"name": "ban_everybody", "arguments": {}}]}})
    tools = Tools(WEATHER)
    reply = await opened().thinker.think(PROMPT, SCOPE, tools)
    assert tools.called == []
    assert "ban_everybody" in reply.text
    assert len(peer.asked()) == 2
    assert "There is no tool named" in str(peer.asked()[-1]["body"]["messages"])


async def test_a_model_that_never_stops_calling_tools_is_stopped(opened: Open, peer: Peer) -> None:
    peer.teach({"match": {}, "response": {"toolCalls": [{"name": "dice", "arguments": {"sides": 6}}]}})
    tools = Tools(DICE)
    reply = await opened(limits=Limits(timeout=5.0, rounds=4)).thinker.think(PROMPT, SCOPE, tools)
    assert len(peer.asked()) == len(tools.called) == 4
    assert "kept calling tools (dice)" in reply.text


async def test_a_stream_that_breaks_off_is_what_had_come_by_then(opened: Open, peer: Peer) -> None:
    text = "word " * 60
    peer.says(text, truncateAfterChunks=5, chunkSize=10, latency=30)
    grown = Grown()
    house = opened()
    reply = await house.thinker.think(PROMPT, SCOPE, None, grown)
    assert reply.cut
    assert 0 < len(reply.text) < len(text.strip())
    assert text.startswith(reply.text)
    assert len(peer.asked()) == 1, "nobody is asked again for what a member has seen"
    assert house.seen.outcomes[0][1] != "ok"


FAULTS: Sequence[tuple[str, Callable[[Peer], None], str, str]] = [
    ("429", lambda peer: peer.fails(429, retry_after=7), "limited", "asks to wait"),
    ("500", lambda peer: peer.fails(500), "down", "status 500"),
    ("401", lambda peer: peer.fails(401, message=f"Incorrect API key: {KEY}"), "refused", "refuses the key"),
    ("400", lambda peer: peer.fails(400), "rejected", "refuses the request"),
    ("404", lambda peer: peer.fails(404, code="model_not_found", message="no such model"), "retired", "does not know"),
    ("garbage", lambda peer: peer.chaos(malformedRate=1.0), "malformed", "cannot be read"),
    ("hung up", lambda peer: peer.chaos(disconnectRate=1.0), "down", "connection"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault[0] for fault in FAULTS])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_failure_is_one_clear_sentence(
    opened: Open, peer: Peer, fault: tuple[str, Callable[[Peer], None], str, str], stream: bool
) -> None:
    _name, prepare, outcome, words = fault
    prepare(peer)
    house = opened()
    with pytest.raises(Unavailable, match=words) as raised:
        await house.thinker.think(PROMPT, SCOPE, None, Grown() if stream else None)
    assert [told for _model, told in house.seen.outcomes] == [outcome]
    assert KEY not in str(raised.value)
    assert raised.value.retry_after == (7.0 if outcome == "limited" else None)
    assert len([one for one in peer.asked() if one["method"] == "POST"]) <= 1, "one call, not repeated by the client"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_silence_ends_at_the_timeout(opened: Open, peer: Peer, stream: bool) -> None:
    peer.chaos(latencyMs=20_000)
    house = opened(limits=Limits(timeout=0.4))
    with pytest.raises(Unavailable, match=r"did not finish within 0\.4 s"):
        await house.thinker.think(PROMPT, SCOPE, None, Grown() if stream else None)
    assert [told for _model, told in house.seen.outcomes] == ["silent"]


async def test_with_nothing_to_spend_only_what_is_free_answers(opened: Open, peer: Peer) -> None:
    peer.says("here")
    house = opened(budget=Budget(0.0, 0.0, 0.0))
    if house.free:
        assert (await house.thinker.think(PROMPT, SCOPE)).usage.cost == 0
        assert house.records.scan("budget") == []
        return
    with pytest.raises(Denied, match="Your budget for AI answers today"):
        await house.thinker.think(PROMPT, SCOPE)
    assert peer.asked() == []


async def test_what_is_paid_for_is_counted_by_the_price_list(opened: Open, peer: Peer) -> None:
    peer.says("here", {"userMessage": "what is up?"})
    house = opened()
    reply = await house.thinker.think(PROMPT, SCOPE)
    assert (reply.usage.cost == 0) == house.free
    assert house.seen.models[0][3] == reply.usage.cost


async def test_no_key_is_shown_by_what_holds_it(opened: Open, peer: Peer) -> None:
    peer.says("fine")
    house = opened()
    await house.thinker.think(PROMPT, SCOPE)
    for provider in house.thinker._providers.values():  # type: ignore[attr-defined]
        assert KEY not in repr(provider)
        assert KEY not in repr(vars(provider))
