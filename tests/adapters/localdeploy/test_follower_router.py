"""A bot that dies while it answers: the member hears to try again, and nothing is sent twice."""

import asyncio

import aiohttp
import pytest

from bot.adapters.localdeploy.router import Router
from bot.adapters.localdeploy.state import Instance, State
from bot.core.ids import Sha

pytestmark = pytest.mark.integration


async def ask(port: int) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}/chat"
    async with aiohttp.ClientSession() as session, session.post(url, json={"user": "ada", "text": "hi"}) as answer:
        return answer.status, str((await answer.json())["error"])


async def test_a_bot_that_dies_while_answering_is_said_to_be_tried_again() -> None:
    heard: list[bytes] = []

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(64))
        writer.transport.abort()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    router = Router(lambda: State(current=Instance(Sha("a" * 40), 1, port, 0.0)))
    try:
        status, said = await ask(await router.start())
    finally:
        await router.stop()
        server.close()
    assert status == 502
    assert "try again" in said
    assert len(heard) == 1, "a message is not sent twice: the bot may have acted on it"


async def test_without_a_bot_it_says_to_try_again() -> None:
    router = Router(State)
    try:
        status, said = await ask(await router.start())
    finally:
        await router.stop()
    assert status == 503
    assert "try again" in said
