"""`megawatts chat`: talk to the bot in the terminal."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from bot.core.errors import Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bot.app.bot_wiring import Assembled

_LEAVE = frozenset({"exit", "quit", ":q"})
_CHANNEL = "terminal"


class Line(Protocol):
    """Somebody to talk to: the pipeline in this process, or a bot at an address."""

    async def say(self, user: str, text: str) -> dict[str, Any]: ...
    async def due(self, user: str) -> list[str]: ...


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chat")(chat)


def chat(
    once: Annotated[str, typer.Option(help="Say this, print one answer, and end.")] = "",
    user: Annotated[str, typer.Option(help="Who you are; default: your login.")] = "",
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    url: Annotated[str, typer.Option(help="Talk to the bot at this address, such as http://127.0.0.1:8080.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print each answer as a JSON object.")] = False,
) -> None:
    """Talk to the bot; the same pipeline that answers members. Example: megawatts chat --once "roll 2d6"

    Without --once it reads line by line until the end of input or "exit".
    """
    asyncio.run(_talk(once, user or _login(), home, url, as_json))


def _login() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # no login name, as in a bare container
        return "you"


async def _talk(once: str, user: str, home: Path | None, url: str, as_json: bool) -> None:
    async with _remote(url) if url else _local(home) as line:
        if once:
            _show(await line.say(user, once), as_json)
            return
        prompt = sys.stdin.isatty() and not as_json
        while (text := await asyncio.to_thread(_read, prompt)) is not None:
            if text.casefold() in _LEAVE:
                return
            if text:
                _show(await line.say(user, text), as_json)
            for reminder in await line.due(user):
                _show({"text": f"⏰ {reminder}", "due": True}, as_json)


def _read(prompt: bool) -> str | None:
    """One line, or None at the end of input."""
    if prompt:
        sys.stdout.write("> ")
        sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None


def _show(answer: dict[str, Any], as_json: bool) -> None:
    sys.stdout.write((json.dumps(answer, ensure_ascii=False) if as_json else str(answer["text"])) + "\n")
    sys.stdout.flush()


class _Local:
    """The pipeline in this process."""

    def __init__(self, assembled: "Assembled") -> None:
        self._assembled = assembled

    async def say(self, user: str, text: str) -> dict[str, Any]:
        from bot.core.chat import Message, Outcome  # noqa: PLC0415
        from bot.core.ids import ChannelId, UserId  # noqa: PLC0415

        answer = await self._assembled.service.answer(Message(UserId(user), ChannelId(_CHANNEL), text, user))
        answered = answer.outcome is Outcome.ANSWERED
        return {
            "id": answer.id,
            "text": answer.text,
            "intent": answer.intent,
            "answered": answered,
            "tool": answer.tool,
        }

    async def due(self, user: str) -> list[str]:
        from bot.core.ids import UserId  # noqa: PLC0415

        return [one.text for one in await self._assembled.service.pending(UserId(user))]


@asynccontextmanager
async def _local(home: Path | None) -> AsyncIterator[Line]:
    from bot.app import logs, settings  # noqa: PLC0415

    given = settings.load()
    logs.set_up("error", process="chat")  # first: it imports structlog leanly
    from bot.adapters.store.records import SqliteRecords  # noqa: PLC0415
    from bot.app.bot_wiring import World, assemble, home_quorum, product_version  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415

    records = SqliteRecords(Home.find(home).create().records)
    world = World(
        records=records,
        status=lambda: {"version": product_version()},
        rate_limits=given.rate_limit_enabled,
        window=given.conversation_memory_size,
        longest=given.response_max_length,
        multilingual=given.multilingual_support,
        quorum=home_quorum(),
    )
    assembled = assemble(world)
    try:
        yield _Local(assembled)
    finally:
        assembled.memory.flush()
        records.close()


class _Remote:
    """A bot at an address."""

    def __init__(self, session: "ClientSession", url: str) -> None:
        self._session, self._url = session, url.rstrip("/")

    async def say(self, user: str, text: str) -> dict[str, Any]:
        body = {"user": user, "channel": _CHANNEL, "name": user, "text": text}
        found = await self._ask("POST", "/chat", json=body)
        return {**found, "text": found.get("text") or found.get("error") or "(no answer)"}

    async def due(self, user: str) -> list[str]:
        found = await self._ask("GET", "/outbox", params={"user": user})
        return [str(one["text"]) for one in found.get("messages", [])]

    async def _ask(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        import aiohttp  # noqa: PLC0415

        try:
            async with self._session.request(method, self._url + path, **rest) as answer:
                return dict(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(f"the bot at {self._url}", f"{type(error).__name__}; is it running there?") from error


@asynccontextmanager
async def _remote(url: str) -> AsyncIterator[Line]:
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield _Remote(session, url)
