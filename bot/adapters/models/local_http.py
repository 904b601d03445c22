"""One model as a server on the loopback that speaks OpenAI's chat completions, with the standard library alone.

https://platform.openai.com/docs/api-reference/chat
"""

import hmac
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

Messages = Sequence[Mapping[str, str]]
LONGEST = 1 << 20
"""Bytes of one request."""
MOST = 512
"""Tokens of an answer, where a request does not say."""


class Writer(Protocol):
    """Who writes the answers. `count`: tokens of a text."""

    def write(self, messages: Messages, most: int) -> Iterator[str]: ...
    def count(self, text: str) -> int: ...


class ChatServer(ThreadingHTTPServer):
    """Answers only who knows the key, one at a time: two at once would each take twice as long."""

    daemon_threads = True

    def __init__(self, name: str, key: str, writer: Writer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.key, self.writer = name, key, writer
        self.turn = threading.Lock()

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_args: object) -> None:
        """A client that went away is no news, and a traceback could hold what a member wrote."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        known = f"Bearer {self.server.key}"
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), known.encode()):
            return self._refuse(401, "the key is not known here")
        if self.path != "/v1/chat/completions":
            return self._refuse(404, "only /v1/chat/completions is served here")
        try:
            messages, most, stream = _asked(self.rfile.read(_length(self.headers.get("Content-Length", ""))))
        except ValueError as error:
            return self._refuse(400, str(error))
        with self.server.turn:
            return self._stream(messages, most) if stream else self._whole(messages, most)

    def log_message(self, *_args: object) -> None:
        """Nothing: its output is for the address alone."""

    def _whole(self, messages: Messages, most: int) -> None:
        try:
            text = "".join(self.server.writer.write(messages, most))
        except Exception as error:  # noqa: BLE001  (whatever a model's code raises)
            return self._refuse(500, f"the model failed: {type(error).__name__}")
        message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return self._send(200, {**self._head("chat.completion"), "choices": [message], **self._usage(messages, text)})

    def _stream(self, messages: Messages, most: int) -> None:
        """Server-sent events; one that breaks off ends without its last line."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        text, pieces = "", self.server.writer.write(messages, most)
        try:
            for piece in pieces:
                text += piece
                self._event([{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}])
        finally:
            if close := getattr(pieces, "close", None):
                close()
        self._event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        self._event([], self._usage(messages, text))
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _event(self, choices: list[dict[str, Any]], more: Mapping[str, Any] | None = None) -> None:
        row = {**self._head("chat.completion.chunk"), "choices": choices, **(more or {})}
        self.wfile.write(f"data: {json.dumps(row)}\n\n".encode())
        self.wfile.flush()

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "answer", "object": kind, "created": 0, "model": self.server.name}

    def _usage(self, messages: Messages, text: str) -> dict[str, Any]:
        asked = sum(self.server.writer.count(one["content"]) for one in messages)
        said = self.server.writer.count(text)
        return {"usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}}

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True  # what was not read of the request must not be taken for the next one
        self._send(status, {"error": {"message": why, "type": "invalid_request_error"}})

    def _send(self, status: int, row: Mapping[str, Any]) -> None:
        body = json.dumps(row).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _length(header: str) -> int:
    if not header.isdecimal() or int(header) > LONGEST:
        raise ValueError(f"a request says its length, at most {LONGEST} bytes")
    return int(header)


def _asked(body: bytes) -> tuple[Messages, int, bool]:
    """Messages, tokens at most, whether to stream. ValueError for what is no request."""
    row = json.loads(body)
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list) or not row["messages"]:
        raise ValueError("a request has messages")
    messages = [{"role": str(one["role"]), "content": _text(one["content"])} for one in row["messages"] if _is(one)]
    if len(messages) != len(row["messages"]):
        raise ValueError("a message has a role and a text")
    most = row.get("max_completion_tokens") or row.get("max_tokens") or MOST
    if not isinstance(most, int) or most < 1:
        raise ValueError("the tokens of an answer are a number above 0")
    return messages, most, row.get("stream") is True


def _is(message: object) -> bool:
    return isinstance(message, dict) and "role" in message and isinstance(message.get("content"), str | list)


def _text(content: str | list[Any]) -> str:
    """A text, or the texts among its parts."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and part.get("type") == "text")
