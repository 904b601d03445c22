"""The process that holds the model's key, and nothing else of the house: `python -m bot.app.broker_cmd`.

It reads one request from its standard input, thinks, and sends every tool call back: files and programs are out of its
reach, as the key is out of theirs.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import broker_words as words
from bot.app.settings import Settings, load
from bot.core.chat import Outcome, Scope, Voice
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.ids import ChannelId, UserId
from bot.core.model import Thinker, ToolSchema

SCOPE = Scope(user=UserId("author"), channel=ChannelId("author"))
ROUNDS, CALLS, MOST_TOKENS = 60, 120, 8192
"""Of one turn: model calls, tool calls, tokens of one answer. The controller's budget is what really bounds it."""


@dataclass(slots=True)
class Line:
    """The line to the controller; one message at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    id: int = 0
    waiting: dict[int, "asyncio.Future[str]"] = field(default_factory=dict)

    def say(self, kind: str, /, **rows: Any) -> None:
        """Send a message; the transport keeps it until it can go."""
        self.writer.write(words.encode(kind, id=self.id, **rows))

    async def hear(self) -> None:
        """Hand results to those who wait for them, until the controller is gone or breaks the protocol."""
        while line := await self.reader.readline():
            row = words.decode(line, {"result": words.TO_BROKER["result"]})
            future = self.waiting.pop(row["call"], None)
            if future is None or row["id"] != self.id:
                raise words.Broken("a result of no call")
            if not future.done():
                future.set_result(row["text"])


class Remote:
    """`core.model.Toolbox` whose tools are in the controller's process."""

    def __init__(self, line: Line, tools: Sequence[ToolSchema]) -> None:
        self._line, self._tools = line, tools
        self._number = 0

    def schemas(self) -> Sequence[ToolSchema]:
        """As the controller described them."""
        return self._tools

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the tool said there."""
        self._number += 1
        number = self._number
        future = self._line.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._line.say("call", call=number, name=str(name)[:100], arguments=dict(arguments))
        except (ValueError, TypeError, RecursionError):
            self._line.waiting.pop(number)
            return "refused: the arguments are too long, or no JSON"
        said: str = await future
        return said


class Told:
    """`core.chat.Observer` that tells the controller what each model call took."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """Nobody is answered here."""

    def tool_called(self, tool: str, outcome: str) -> None:
        """The controller calls them and knows."""

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        """Nobody votes here."""

    def stepped(self, step: str, seconds: float) -> None:
        """Nothing is timed here."""

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """One model call's figures."""
        del outcome, seconds
        read, wrote = max(0, int(tokens.get("input", 0))), max(0, int(tokens.get("output", 0)))
        self._line.say("spent", model=model[:100], input_tokens=read, output_tokens=wrote, cost=max(0.0, float(cost)))


def largest(settings: Settings) -> Settings:
    """The same providers with their largest model only: writing code is no task for a small one."""

    def last(names: str) -> str:
        return names.rpartition(",")[2].strip()

    return replace(
        settings,
        openai_model=last(settings.openai_model),
        anthropic_model=last(settings.anthropic_model),
        llama_model=last(settings.llama_model),
    )


async def serve(line: Line, open_thinker: Any) -> None:
    """Answer one request. `open_thinker(line, usd)` is an async context manager that gives the Thinker."""
    row = words.decode(await line.reader.readline(), {"think": words.TO_BROKER["think"]})
    line.id = row["id"]
    prompt, tools = words.prompt_from(row["prompt"]), [words.schema_from(one) for one in row["tools"]]
    hearing = asyncio.ensure_future(line.hear())
    thinking = asyncio.ensure_future(_answer(line, open_thinker, row["usd"], prompt, Remote(line, tools)))
    await asyncio.wait({hearing, thinking}, return_when=asyncio.FIRST_COMPLETED)
    if thinking.done():
        with suppress(ConnectionError):
            await line.writer.drain()
    for task in (hearing, thinking):
        task.cancel()
    await asyncio.gather(hearing, thinking, return_exceptions=True)


async def _answer(line: Line, open_thinker: Any, usd: float, prompt: Any, tools: Remote) -> None:
    try:
        async with open_thinker(line, usd) as thinker:
            reply = await thinker.think(prompt, SCOPE, tools)
    except Denied as error:
        line.say("error", denied=True, because=str(error)[:1000])
    except MegawattsError as error:
        line.say("error", denied=False, because=str(error)[:1000])
    except Exception as error:  # noqa: BLE001  (its text may hold what a request held; its type tells enough)
        line.say("error", denied=False, because=f"the model's process broke: {type(error).__name__}")
    else:
        usage = reply.usage
        line.say(
            "reply",
            text=reply.text[:20_000],
            model=reply.model[:100],
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            requests=usage.requests,
            cost=float(usage.cost),
            seconds=float(reply.seconds),
            cut=reply.cut,
        )


class Opened:
    """The real models: a router with a budget of its own, and accounts that vanish with the process."""

    def __init__(self, line: Line, usd: float) -> None:
        self._line, self._usd = line, usd

    async def __aenter__(self) -> Thinker:
        from bot.adapters.store.records import SqliteRecords  # noqa: PLC0415  (heavy parts, after the request is read)
        from bot.agent.router import Parts, Router  # noqa: PLC0415
        from bot.agent.wire import Limits  # noqa: PLC0415
        from bot.app.models import providers  # noqa: PLC0415
        from bot.policy.budget import Budget  # noqa: PLC0415
        from bot.policy.routing import Rules  # noqa: PLC0415

        settings = largest(load())
        found = [one for one in providers(settings) if one.name != "local"]
        if not found:
            raise Misconfigured("no model that can write code is configured: set OPENAI_API_KEY or the like")
        self._records = SqliteRecords(Path(tempfile.mkdtemp()) / "accounts.db")  # below TMPDIR, which the parent clears
        parts = Parts(
            providers=found,
            records=self._records,
            observer=Told(self._line),
            clock=lambda: datetime.now(UTC),
            rules=Rules(settings.default_ai_provider),
            budget=Budget(self._usd, self._usd, self._usd),
            limits=Limits(timeout=settings.ai_timeout / 1000, rounds=ROUNDS, calls=CALLS, most_tokens=MOST_TOKENS),
        )
        self._router = Router(parts)
        return self._router

    async def __aexit__(self, *_: object) -> None:
        await self._router.close()
        self._records.close()


async def connect() -> Line:
    """The line on standard input. What libraries print goes nowhere: it would break the protocol."""
    its = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    return Line(*await asyncio.open_connection(sock=its, limit=words.LONGEST))


async def main() -> None:
    """Answer one request and end."""
    line = await connect()
    try:
        await serve(line, Opened)
    finally:
        line.writer.close()
        with suppress(ConnectionError):
            await line.writer.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
