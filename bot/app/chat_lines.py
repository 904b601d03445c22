"""Somebody to talk to: the pipeline in this process, or a bot at an address."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.errors import Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bot.app.bot_wiring import Assembled
    from bot.core.chat import Sink

CHANNEL = "terminal"
_PATIENCE = 120.0
"""Seconds that an answer may take; the bot's own limit is shorter."""


class Line(Protocol):
    """Answers are the JSON objects of the local endpoint, wherever they come from."""

    async def say(self, user: str, text: str, sink: "Sink | None" = None) -> dict[str, Any]: ...
    async def press(self, user: str, button: str, text: str = "") -> dict[str, Any]: ...
    async def due(self, user: str) -> list[str]: ...


class Local:
    """The pipeline in this process."""

    def __init__(self, assembled: "Assembled") -> None:
        self._service = assembled.service

    async def say(self, user: str, text: str, sink: "Sink | None" = None) -> dict[str, Any]:
        """One answer to one line."""
        from bot.adapters.web.answers import body_of_answer  # noqa: PLC0415
        from bot.core.chat import Message  # noqa: PLC0415
        from bot.core.ids import ChannelId, UserId  # noqa: PLC0415

        answer = await self._service.answer(Message(UserId(user), ChannelId(CHANNEL), text, user), sink)
        return body_of_answer(answer, "")

    async def press(self, user: str, button: str, text: str = "") -> dict[str, Any]:
        """What a button leads to."""
        from bot.adapters.web.answers import body_of_answer  # noqa: PLC0415
        from bot.core.chat import Press  # noqa: PLC0415
        from bot.core.ids import ChannelId, UserId  # noqa: PLC0415

        press = Press(button, UserId(user), ChannelId(CHANNEL), name=user, text=text)
        return body_of_answer(await self._service.press(press), "")

    async def due(self, user: str) -> list[str]:
        """What the bot owes this member now."""
        from bot.core.ids import UserId  # noqa: PLC0415

        return [one.text for one in await self._service.pending(UserId(user))]


class Remote:
    """A bot at an address."""

    def __init__(self, session: "ClientSession", url: str) -> None:
        self._session, self._url = session, url.rstrip("/")

    async def say(self, user: str, text: str, sink: "Sink | None" = None) -> dict[str, Any]:
        """One answer to one line; it grows into the sink on the way."""
        import aiohttp  # noqa: PLC0415

        body = {"user": user, "channel": CHANNEL, "name": user, "text": text, "stream": sink is not None}
        if sink is None:
            return await self._ask("POST", "/chat", json=body)
        last: dict[str, Any] = {}
        try:
            async with self._session.post(self._url + "/chat", json=body) as answer:
                async for raw in answer.content:
                    last = dict(json.loads(raw))
                    if "grow" in last:
                        await sink.grow(str(last["grow"]))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._lost(error) from error
        return dict(last.get("answer", last))

    async def press(self, user: str, button: str, text: str = "") -> dict[str, Any]:
        """What a button leads to."""
        body = {"user": user, "channel": CHANNEL, "name": user, "button": button, "text": text}
        return await self._ask("POST", "/press", json=body)

    async def due(self, user: str) -> list[str]:
        """What the bot owes this member now."""
        found = await self._ask("GET", "/outbox", params={"user": user})
        return [str(one["text"]) for one in found.get("messages", [])]

    async def _ask(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        import aiohttp  # noqa: PLC0415

        try:
            async with self._session.request(method, self._url + path, **rest) as answer:
                return dict(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> Unavailable:
        return Unavailable(f"the bot at {self._url}", f"{type(error).__name__}; is it running there?")


@asynccontextmanager
async def remote(url: str) -> AsyncIterator[Line]:
    """A bot at an address, such as http://127.0.0.1:8080."""
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as session:
        yield Remote(session, url)


@asynccontextmanager
async def local(home: Path | None, status: Mapping[str, str], user: str) -> AsyncIterator[Line]:
    """The pipeline over a home folder, with whatever models, memory and stores the settings name."""
    from bot.app import logs, settings  # noqa: PLC0415

    given = settings.load()
    logs.set_up("error", process="chat")  # first: it imports structlog leanly
    from bot.app.bot_house import open_house  # noqa: PLC0415
    from bot.app.home import Home  # noqa: PLC0415

    async with open_house(given, Home.find(home).create(), status=lambda: status, operator=user) as house:
        yield Local(house.assembled)
