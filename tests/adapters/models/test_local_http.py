"""A model as a server of the loopback: for who knows the key, whole or piece by piece, and nothing else."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bot.adapters.models.local_http import LONGEST, MOST, ChatServer

pytestmark = pytest.mark.integration
KEY = "key-of-this-run"
ASK = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello to us."}]}


class Echo:
    """Writes the last message's words, `most` of them at most; notes what it was asked and who left."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Mapping[str, str]], int]] = []
        self.fails = False

    def write(self, messages: Sequence[Mapping[str, str]], most: int) -> Iterator[str]:
        self.asked.append((messages, most))
        for word in messages[-1]["content"].split()[:most]:
            yield f"{word} "
        if self.fails:
            raise MemoryError("secret words of a member")

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(echo: Echo) -> Iterator[ChatServer]:
    made = ChatServer("tiny", KEY, echo)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def post(
    server: ChatServer, row: object, *, key: str = KEY, path: str = "/v1/chat/completions", **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        body = row if isinstance(row, bytes) else json.dumps(row).encode()
        connection.request("POST", path, body, {"Authorization": f"Bearer {key}", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_whole_answer_with_its_tokens(server: ChatServer, echo: Echo) -> None:
    status, body = post(server, {**ASK, "max_tokens": 2})
    row = json.loads(body)
    assert (status, row["object"], row["model"]) == (200, "chat.completion", "tiny")
    assert row["choices"][0]["message"] == {"role": "assistant", "content": "Say hello "}
    assert row["usage"] == {"prompt_tokens": 6, "completion_tokens": 2, "total_tokens": 8}
    assert echo.asked == [(ASK["messages"], 2)]


def test_a_stream_grows_and_says_that_it_is_whole(server: ChatServer) -> None:
    status, body = post(server, {**ASK, "stream": True})
    events = [line.removeprefix("data: ") for line in body.split("\n\n") if line]
    assert (status, events[-1]) == (200, "[DONE]")
    rows: list[dict[str, Any]] = [json.loads(one) for one in events[:-1]]
    said = [row["choices"][0]["delta"].get("content", "") for row in rows if row["choices"]]
    assert said == ["Say ", "hello ", "to ", "us. ", ""]
    assert [row["choices"][0]["finish_reason"] for row in rows if row["choices"]][-1] == "stop"
    assert rows[-1]["usage"]["completion_tokens"] == 4


def test_a_stream_that_breaks_off_is_not_taken_for_whole(server: ChatServer, echo: Echo) -> None:
    echo.fails = True
    _status, body = post(server, {**ASK, "stream": True})
    assert "Say " in body
    assert "[DONE]" not in body
    assert "secret words" not in body


def test_a_failure_says_its_kind_and_nothing_of_the_text(server: ChatServer, echo: Echo) -> None:
    echo.fails = True
    assert post(server, ASK) == (
        500, '{"error": {"message": "the model failed: MemoryError", "type": "invalid_request_error"}}',
    )  # fmt: skip
    echo.fails = False
    assert post(server, ASK)[0] == 200


@pytest.mark.parametrize("key", ["", "other", KEY + "x", "ü"])
def test_who_does_not_know_the_key_gets_nothing(server: ChatServer, echo: Echo, key: str) -> None:
    assert post(server, ASK, key=key)[0] == 401
    assert echo.asked == []


@pytest.mark.parametrize(
    "row",
    [
        b"{", b"[]", b"{}", {"messages": []}, {"messages": ["hi"]}, {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": None}]}, {**ASK, "max_tokens": "many"}, {**ASK, "max_tokens": -1},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(server: ChatServer, echo: Echo, row: object) -> None:
    assert post(server, row)[0] == 400
    assert echo.asked == []


def test_a_request_without_end_is_not_read(server: ChatServer, echo: Echo) -> None:
    assert post(server, b"", **{"Content-Length": str(LONGEST + 1)})[0] == 400
    assert post(server, b"", **{"Content-Length": "-1"})[0] == 400
    assert post(server, ASK, path="/v1/files")[0] == 404
    assert echo.asked == []


def test_texts_in_parts_are_joined_and_pictures_left_out(server: ChatServer, echo: Echo) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "two"}]
    assert post(server, {"messages": [{"role": "user", "content": parts}]})[0] == 200
    assert echo.asked == [([{"role": "user", "content": "one\ntwo"}], MOST)]
