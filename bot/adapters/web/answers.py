"""Answers as JSON, whole or while they are written."""

import base64
import json
import math
from typing import Any

from aiohttp import web

from bot.core.chat import Answer, Button, Card, File, Outcome


def body_of_answer(answer: Answer, revision: str) -> dict[str, Any]:
    """The JSON object of an answer; what is empty is left out."""
    body: dict[str, Any] = {
        "id": answer.id,
        "text": answer.text,
        "intent": answer.intent,
        "answered": answer.outcome is Outcome.ANSWERED,
        "outcome": answer.outcome.value,
        "language": answer.language,
        "revision": revision,
    }
    more: dict[str, Any] = {
        "tool": answer.tool,
        "model": answer.model,
        "buttons": [_button(one) for one in answer.buttons],
        "card": _card(answer.card) if answer.card else None,
        "files": [_file(one) for one in answer.files],
        "private": answer.private,
    }
    body |= {key: value for key, value in more.items() if value}
    if answer.outcome is Outcome.REJECTED and answer.retry_after:
        body["retry_after"] = answer.retry_after
    return body


def respond(answer: Answer, revision: str) -> web.Response:
    """One answer; 429 with Retry-After over a rate limit."""
    body = body_of_answer(answer, revision)
    if "retry_after" not in body:
        return web.json_response(body)
    seconds = str(math.ceil(answer.retry_after))
    return web.json_response(body, status=429, headers={"Retry-After": seconds})


class StreamSink:
    """`core.chat.Sink` over a response of JSON lines: `{"grow": text so far}` and at last `{"answer": {...}}`."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
        self._broken = False

    async def open(self) -> None:
        """Send the head of the response."""
        await self._response.prepare(self._request)

    async def grow(self, text: str) -> None:
        """The whole answer so far. That a reader went away is no reason to stop: the answer is remembered."""
        await self._line({"grow": text})

    async def end(self, last: dict[str, Any]) -> web.StreamResponse:
        """The last line; the response is complete."""
        await self._line(last)
        if not self._broken:
            await self._response.write_eof()
        return self._response

    async def _line(self, row: dict[str, Any]) -> None:
        if self._broken:
            return
        try:
            await self._response.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
        except (ConnectionError, RuntimeError):
            self._broken = True


def _button(button: Button) -> dict[str, str]:
    row = {"id": button.id, "label": button.label, "style": button.style}
    return {**row, "asks": button.asks} if button.asks else row


def _card(card: Card) -> dict[str, Any]:
    fields = [{"name": name, "value": value} for name, value in card.fields]
    return {"title": card.title, "text": card.text, "fields": fields, "link": card.link}


def _file(file: File) -> dict[str, str]:
    return {"name": file.name, "base64": base64.b64encode(file.content).decode()}
