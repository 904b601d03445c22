"""OpenAI's moderation endpoint over its own client, against a server that speaks its protocol."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.models.moderation import MODEL, OpenAIModeration
from bot.chat.moderator import RuleModerator
from bot.core.chat import Scope
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import ChannelId, GuildId, UserId

pytestmark = pytest.mark.integration
KEY = "sk-abcdefgh12345678ijklmnop"
NAMES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
HALL = Scope(UserId("ann"), ChannelId("hall"), GuildId("1"), "all")


def verdict(**scores: float) -> dict[str, Any]:
    given = {name.replace("_", "/"): score for name, score in scores.items()}
    given = {name.replace("selfharm", "self-harm"): score for name, score in given.items()}
    result = {
        "flagged": bool(given),
        "categories": {name: name in given for name in NAMES},
        "category_scores": {name: given.get(name, 0.0) for name in NAMES},
        "category_applied_input_types": {name: ["text"] for name in NAMES},
    }
    return {"id": "modr-1", "model": MODEL, "results": [result]}


@dataclass
class Fake:
    """Answers as a test says."""

    says: Callable[[], Any] = verdict
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers["Authorization"])
        said = self.says()
        if asyncio.iscoroutine(said):
            said = await said
        return said if isinstance(said, web.StreamResponse) else web.json_response(said)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
async def opinion(fake: Fake) -> AsyncIterator[OpenAIModeration]:
    app = web.Application()
    app.router.add_post("/v1/moderations", fake.answer)
    async with TestServer(app) as server:
        made = OpenAIModeration(KEY, base_url=f"{server.make_url('/v1')}", timeout=0.5)
        await made("warm")  # the client library is loaded by then
        fake.asked.clear()
        yield made
        await made.close()


async def test_the_gravest_category_is_named(opinion: OpenAIModeration, fake: Fake) -> None:
    assert await opinion("what a nice day") == ""
    fake.says = lambda: verdict(harassment=0.6, hate_threatening=0.9)
    assert await opinion("...") == "hate/threatening"
    assert fake.asked[0] == {"input": "what a nice day", "model": MODEL}
    assert fake.keys[0] == f"Bearer {KEY}"


async def test_secrets_do_not_leave_with_the_text(opinion: OpenAIModeration, fake: Fake) -> None:
    await opinion(f"my key is {KEY}, mail me at ann@x.example")
    assert KEY not in str(fake.asked)
    assert "ann@x" not in str(fake.asked)


async def test_who_speaks_of_their_distress_is_not_turned_away(opinion: OpenAIModeration, fake: Fake) -> None:
    fake.says = lambda: verdict(selfharm=0.9, selfharm_intent=0.95)
    assert await opinion("I cannot go on") == ""
    fake.says = lambda: verdict(selfharm=0.9, selfharm_instructions=0.5)
    assert await opinion("how to ...") == "self-harm/instructions"


@pytest.mark.parametrize(
    "says",
    [
        lambda: web.Response(status=429),
        lambda: web.Response(status=401, text=f'{{"error": {{"message": "bad key {KEY}"}}}}'),
        lambda: web.Response(status=500),
        lambda: {"id": "x", "model": "y", "results": []},
        lambda: {"nothing": "at all"},
        lambda: web.Response(text="<html>", content_type="application/json"),
        lambda: asyncio.sleep(2, verdict()),
    ],
)
async def test_whatever_breaks_is_unavailable_and_repeats_nothing(
    opinion: OpenAIModeration, fake: Fake, says: Callable[[], Any]
) -> None:
    fake.says = says
    with pytest.raises(Unavailable) as caught:
        await opinion("a text of a member")
    assert KEY not in str(caught.value)
    assert "a text of" not in str(caught.value)
    assert len(fake.asked) == 1, "asked once, and not again"


async def test_out_of_reach_members_speak_by_the_rules_and_models_without_links(
    opinion: OpenAIModeration, fake: Fake
) -> None:
    moderator = RuleModerator(opinion=opinion)
    fake.says = lambda: web.Response(status=500)
    assert (await moderator.incoming("hello there", HALL)).allowed
    assert not (await moderator.incoming("kys", HALL)).allowed
    judged = await moderator.outgoing("see https://example.org/x", HALL, by_model=True)
    assert "https://example.org/x" not in judged.text
    fake.says = lambda: verdict(harassment=0.9)
    assert (await moderator.incoming("hello there", HALL)).rule == "model"
    assert not (await moderator.outgoing("a reply", HALL, by_model=True)).allowed


async def test_where_private_words_stay_here_it_is_not_asked_about_them(opinion: OpenAIModeration, fake: Fake) -> None:
    fake.says = lambda: verdict(harassment=0.9)
    moderator = RuleModerator(opinion=opinion, private=False)
    alone = Scope(UserId("ann"), ChannelId("dm"), private=True)
    assert (await moderator.incoming("hello", alone)).allowed
    assert (await moderator.outgoing("hello", alone, by_model=True)).allowed
    assert fake.asked == []
    assert not (await moderator.incoming("hello", HALL)).allowed


async def test_without_a_server_it_is_unavailable() -> None:
    made = OpenAIModeration(KEY, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(Unavailable):
        await made("hello")
    await made.close()


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(Misconfigured, match="OPENAI_BASE_URL"):
        OpenAIModeration(KEY, base_url="openai")
