"""Own models: Ollama is told by its own API, others by OpenAI's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.adapters.models.llama import Llama
from bot.core.errors import Misconfigured, Unavailable
from bot.policy.routing import FREE
from tests.servers.aimock.peer import Peer

pytestmark = pytest.mark.integration

Answer = Callable[[str], tuple[int, str]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """A server that answers GET by path."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        status, body = answer(path)
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def compatible(path: str) -> tuple[int, str]:
    if path == "/v1/models":
        return 200, json.dumps({"object": "list", "data": [{"id": "qwen3", "object": "model"}, {"id": "b"}]})
    return 404, "{}"


def ollama(path: str) -> tuple[int, str]:
    if path == "/api/tags":
        return 200, json.dumps({"models": [{"model": "llama3.2:latest", "name": "llama3.2:latest"}]})
    return 404, "{}"


@asynccontextmanager
async def opened(endpoint: str, *models: str) -> AsyncIterator[Llama]:
    llama = Llama(endpoint, models)
    try:
        yield llama
    finally:
        await llama.close()


@pytest.mark.parametrize("suffix", ["", "/", "/v1"])
async def test_ollama_is_known_by_its_own_list(suffix: str) -> None:
    async with serving(ollama) as url, opened(url + suffix) as llama:
        assert await llama.kind() == "ollama"
        (one,) = await llama.candidates()
        assert (one.name, one.local, one.price, one.size) == ("llama:llama3.2:latest", True, FREE, "only")


async def test_anything_else_is_asked_for_openais_list_and_its_first_is_taken() -> None:
    async with serving(compatible) as url, opened(f"{url}/v1") as llama:
        assert await llama.kind() == "openai"
        assert [one.model for one in await llama.candidates()] == ["qwen3"]
        assert await llama.listed() == ["qwen3", "b"]


async def test_named_models_need_no_server_and_the_first_is_the_small_one() -> None:
    async with opened("http://127.0.0.1:1", "small", "big") as llama:
        found = [(one.model, one.size, one.local) for one in await llama.candidates()]
        assert found == [("small", "small", True), ("big", "large", True)]


async def test_a_server_that_is_away_is_told_by_its_setting() -> None:
    async with opened("http://ann:secret@127.0.0.1:1") as llama:
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1 \(LLAMA_API_ENDPOINT\)") as raised:
            await llama.candidates()
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize("answer", [(500, "{}"), (200, "<html>"), (401, "{}")])
async def test_a_server_that_answers_nonsense_is_away(answer: tuple[int, str]) -> None:
    async with serving(lambda _path: answer) as url, opened(url) as llama:
        with pytest.raises(Unavailable):
            await llama.candidates()


async def test_a_server_without_a_model_has_none() -> None:
    async with serving(lambda path: (200, '{"models": []}')) as url, opened(url) as llama:
        assert list(await llama.candidates()) == []


async def test_a_model_of_ollamas_cloud_is_not_at_home_and_neither_is_a_foreign_server() -> None:
    async with opened("http://127.0.0.1:11434", "gpt-oss:120b-cloud", "llama3.2") as llama:
        assert [one.local for one in await llama.candidates()] == [False, True]
        assert (await llama.candidates())[0].assumed
    async with opened("https://models.example.com", "llama3.2") as llama:
        assert [one.local for one in await llama.candidates()] == [False]


def test_an_address_that_is_none_is_refused_at_start() -> None:
    with pytest.raises(Misconfigured, match="LLAMA_API_ENDPOINT"):
        Llama("ollama:11434")


async def test_the_peer_is_taken_for_the_ollama_that_it_plays(peer: Peer) -> None:
    peer.says("hi", {"model": "llama3.2", "userMessage": "x"})
    async with opened(peer.url) as llama:
        assert await llama.kind() == "ollama"
        assert "llama3.2" in await llama.listed()
