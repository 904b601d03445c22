"""Discord inside the bot process, over real sockets to a Discord on loopback."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord.backoff
    import discord.gateway
    import discord.http

from bot.app.discord_run import Running, shard_ids, start
from bot.app.environment import Secret
from bot.app.settings import Settings
from bot.core.errors import Misconfigured
from bot.sdk.testing import DictRecords
from tests.adapters.discord.doubles import Book, Pipeline
from tests.adapters.discord.house import spec
from tests.adapters.discord.server import CHANNEL, CONTENT, ME, TOKEN, Server, message, serving

pytestmark = pytest.mark.integration


class Discord:
    """The bot and the server."""

    def __init__(self, server: Server, running: Running, pipeline: Pipeline, records: DictRecords) -> None:
        self.server, self.running, self.pipeline, self.records = server, running, pipeline, records

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(90):
            while not condition():  # noqa: ASYNC110  (the other side is a process of its own)
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda _: 0.0)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    )


@asynccontextmanager
async def running(server: Server, **changes: Any) -> AsyncIterator[Discord]:
    settings = Settings(
        discord_bot_token=Secret(TOKEN),
        discord_client_id=str(ME),
        discord_api_base=server.api,
        discord_gateway_url=server.gateway,
        discord_shard_count=1,
    )
    pipeline, records = Pipeline(), DictRecords()
    made = await start(
        replace(settings, **changes),
        pipeline,
        records,
        (spec("status"),),
        Book(),
        seen=lambda **_: None,
        clock=lambda: datetime.now(UTC),
    )
    try:
        yield Discord(server, made, pipeline, records)
    finally:
        await made.close()


async def test_it_connects_tells_its_commands_answers_and_leaves() -> None:
    async with serving() as server, running(server) as discord_bot:
        assert not discord_bot.running.state()["ready"]
        await asyncio.wait_for(discord_bot.running.connected(), 20)
        state = discord_bot.running.state()
        assert state["ready"]
        assert state["shards"][0]["ready"]
        assert (state["guilds"], state["missing"], state["problem"]) == (1, [], "")
        assert state["intents"] == ["dm_messages", "guild_messages", "guilds", "message_content"]
        await discord_bot.until(lambda: server.of("PUT", "/commands"))
        await server.tell("MESSAGE_CREATE", message(1, f"<@{ME}> hello"))
        await discord_bot.until(lambda: server.of("POST", "/messages"))
        assert server.of("POST", "/messages")[0]["content"] == "Hello."
        assert server.of("POST", "/messages")[0]["allowed_mentions"]["parse"] == []
        assert "permissions=" in discord_bot.running.invite
        await discord_bot.running.close()
        assert not discord_bot.running.state()["ready"]
        assert server.socket is not None
        assert server.socket.closed


@pytest.mark.parametrize(("client", "told"), [(str(ME), 1), ("", 0)])
async def test_the_invite_link_is_told_where_the_application_is_known(client: str, told: int) -> None:
    with structlog.testing.capture_logs() as lines:
        async with serving() as server, running(server, discord_client_id=client) as discord_bot:
            links = [line["link"] for line in lines if line["event"] == "invite me with this link"]
            assert links == [discord_bot.running.invite] * told
    assert TOKEN not in str(lines)


async def test_a_refused_message_content_intent_is_said_and_done_without() -> None:
    async with serving() as server:
        server.refuses = CONTENT
        async with running(server) as discord_bot:
            await discord_bot.until(lambda: discord_bot.running.state()["ready"])
            assert [bool(one["intents"] & CONTENT) for one in server.identified] == [True, False]
            state = discord_bot.running.state()
            assert state["missing"] == ["message_content"]
            assert "Message Content" in state["problem"]
            assert "message_content" not in state["intents"]
            await server.tell("MESSAGE_CREATE", message(1, f"<@{ME}> hello"))
            await discord_bot.until(lambda: server.of("POST", "/messages"))
            assert discord_bot.pipeline.of("answer")[0].text == "hello"


async def test_a_wrong_token_is_one_sentence_and_no_end_of_the_process() -> None:
    async with serving() as server, running(server, discord_bot_token=Secret("bad-token")) as discord_bot:
        await discord_bot.until(lambda: discord_bot.running.state()["problem"])
        problem = discord_bot.running.state()["problem"]
        assert "DISCORD_BOT_TOKEN" in problem
        assert "bad-token" not in problem
        assert not discord_bot.running.state()["ready"]
        assert server.identified == []


async def test_after_a_drop_it_resumes_and_answers_what_came_twice_once() -> None:
    async with serving() as server, running(server) as discord_bot:
        await discord_bot.until(lambda: discord_bot.running.state()["ready"])
        await server.tell("MESSAGE_CREATE", message(1, f"<@{ME}> one"))
        await discord_bot.until(lambda: len(server.of("POST", "/messages")) == 1)
        await server.tell("MESSAGE_CREATE", message(1, f"<@{ME}> one"), lost=True)
        await server.tell("MESSAGE_CREATE", message(2, f"<@{ME}> two"), lost=True)
        await server.drop()
        await discord_bot.until(lambda: server.resumed)
        await discord_bot.until(lambda: len(server.of("POST", "/messages")) == 2)
        assert [one.text for one in discord_bot.pipeline.of("answer")] == ["one", "two"]
        assert len(server.identified) == 1


async def test_reminders_that_fell_due_are_delivered_where_they_were_set() -> None:
    from bot.core.chat import Pending
    from bot.core.ids import ChannelId, UserId

    async with serving() as server, running(server) as discord_bot:
        due = datetime(2026, 1, 1, tzinfo=UTC)
        row = {"id": "1", "user": "5000", "channel": str(CHANNEL), "text": "tea", "due": due.isoformat()}
        discord_bot.pipeline.due = [Pending("1", UserId("5000"), ChannelId(str(CHANNEL)), "tea", due)]
        discord_bot.records.put("reminders", "5000/x", row)
        await discord_bot.until(lambda: server.of("POST", "/messages"))
        [sent] = server.of("POST", "/messages")
        assert sent["content"] == "Reminder: <@5000> tea"
        assert sent["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize(("count", "ids", "expected"), [(None, "", ()), (4, "0, 2", (0, 2)), (2, "1,1", (1,))])
def test_shards_of_this_process(count: int | None, ids: str, expected: tuple[int, ...]) -> None:
    assert shard_ids(replace(Settings(), discord_shard_count=count, discord_shard_ids=ids)) == expected


@pytest.mark.parametrize(("count", "ids"), [(None, "0"), (2, "2"), (2, "x"), (2, "0,,1"), (2, "-1")])
def test_shards_that_cannot_be_are_refused(count: int | None, ids: str) -> None:
    with pytest.raises(Misconfigured, match="DISCORD_SHARD_IDS"):
        shard_ids(replace(Settings(), discord_shard_count=count, discord_shard_ids=ids))


@pytest.mark.parametrize(
    ("name", "value"), [("discord_api_base", "discord.example"), ("discord_gateway_url", "http://x")]
)
async def test_addresses_that_are_none_are_refused(name: str, value: str) -> None:
    settings = replace(Settings(), **{name: value})
    with pytest.raises(Misconfigured, match=name.upper()):
        await start(
            settings, Pipeline(), DictRecords(), (), Book(), seen=lambda **_: None, clock=lambda: datetime.now(UTC)
        )
