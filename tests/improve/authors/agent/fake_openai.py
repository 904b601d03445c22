"""An OpenAI on loopback that plays tool calls: the real client, kernel and processes talk to it."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Call = tuple[str, Mapping[str, Any]]


@dataclass
class FakeOpenAI:
    """Answers chat completions: the next call of the script each time, then words. Remembers what it was sent."""

    script: Sequence[Call]
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def said(self) -> list[str]:
        """What tools answered, in order, without the marks around it."""
        last = self.bodies[-1]["messages"] if self.bodies else []
        return [str(row["content"]) for row in last if row["role"] == "tool"]

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        done = sum(row["role"] == "tool" for row in body["messages"])
        message: dict[str, Any] = {"role": "assistant", "content": "Done."}
        reason = "tool_calls" if done < len(self.script) else "stop"
        if done < len(self.script):
            name, arguments = self.script[done]
            call = {"id": f"call{done}", "type": "function"}
            function = {"name": name, "arguments": json.dumps(arguments)}
            message = {"role": "assistant", "content": None, "tool_calls": [{**call, "function": function}]}
        return web.json_response({
            "id": "x", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        })  # fmt: skip


@asynccontextmanager
async def serving(script: Sequence[Call]) -> AsyncIterator[FakeOpenAI]:
    """The server, for as long as the block lasts."""
    fake = FakeOpenAI(script)
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/chat/completions", fake.complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()
