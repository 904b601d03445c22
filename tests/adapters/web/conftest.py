"""The endpoint without sockets: requests go straight to the application."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.adapters.web.endpoint import State, build
from bot.adapters.web.metrics import Metrics
from bot.adapters.web.requests import BODY
from bot.core.chat import Answer, Command, Message, Outcome, Pending, Press, Sink

SHA = "c" * 40


class Payload:
    """A request body that comes in pieces."""

    def __init__(self, raw: bytes) -> None:
        self._pieces = [raw[i : i + 1000] for i in range(0, len(raw), 1000)]

    def set_read_chunk_size(self, size: int) -> None:
        """Pieces stay as they are."""

    async def readany(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


class Conversation:
    """Says what the test tells it to."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.says: Answer | Exception = Answer("id-1", "hi", "greeting", Outcome.ANSWERED)
        self.due: list[Pending] = []
        self.known = True

    async def answer(self, message: Message | Command | Press, sink: Sink | None = None) -> Answer:
        self.heard.append(message)
        if isinstance(self.says, Exception):
            raise self.says
        for end in range(1, len(self.says.text) + 1) if sink else ():
            await sink.grow(self.says.text[:end])
        return self.says

    command = press = answer

    async def feedback(self, *heard: str) -> bool:
        self.heard.append(heard)
        return self.known

    async def pending(self, user: str) -> list[Pending]:
        self.heard.append(user)
        return self.due


class Endpoint:
    def __init__(self) -> None:
        self.conversation = Conversation()
        self.ready = True
        self.state = State(
            conversation=self.conversation,
            metrics=Metrics(SHA, "1.2.3"),
            revision=SHA,
            health=lambda: {"status": "ok"},
            ready=lambda: self.ready,
        )
        self.app = build(self.state)
        self.app.freeze()

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any, Mapping[str, str]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = make_mocked_request(method, path, payload=Payload(raw), app=self.app, client_max_size=BODY)
        answer = await self.app._handle(request)
        assert isinstance(answer, web.Response)
        text = bytes(answer.body or b"").decode()  # type: ignore[arg-type]
        return answer.status, json.loads(text) if "json" in answer.content_type else text, answer.headers

    async def chat(self, **body: Any) -> tuple[int, Any, Mapping[str, str]]:
        return await self.ask("POST", "/chat", {"user": "ann", "channel": "hall", "text": "hello", **body})


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()
