import asyncio
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.adapters.web.endpoint import serve
from bot.adapters.web.requests import BODY
from bot.core.chat import Answer, Button, Card, Command, File, Message, Outcome, Pending, Press
from bot.core.errors import Misconfigured, Unavailable

SHA = "c" * 40


async def test_an_answer_names_the_revision_that_gave_it(endpoint) -> None:
    endpoint.conversation.says = Answer("id-1", "5", "dice", Outcome.ANSWERED, "de", "roll_dice")
    status, body, _ = await endpoint.chat(name="Ann")
    assert status == 200
    assert body == {
        "id": "id-1",
        "text": "5",
        "intent": "dice",
        "answered": True,
        "outcome": "answered",
        "language": "de",
        "revision": SHA,
        "tool": "roll_dice",
    }
    assert endpoint.conversation.heard == [Message("ann", "hall", "hello", "Ann")]


async def test_not_understood_is_not_answered(endpoint) -> None:
    endpoint.conversation.says = Answer("id-1", "?", "unknown", Outcome.UNANSWERED)
    status, body, _ = await endpoint.chat()
    assert (status, body["answered"]) == (200, False)
    assert "tool" not in body


async def test_over_the_limit(endpoint) -> None:
    endpoint.conversation.says = Answer("id-1", "wait", "none", Outcome.REJECTED, retry_after=2.3)
    status, body, headers = await endpoint.chat()
    assert (status, body["retry_after"], headers["Retry-After"]) == (429, 2.3, "3")


async def test_too_busy(endpoint) -> None:
    endpoint.conversation.says = Unavailable("the bot", "busy", retry_after=1.5)
    status, body, headers = await endpoint.chat()
    assert (status, headers["Retry-After"]) == (503, "2")
    assert body["error"].startswith("Too much")


async def test_draining_takes_no_new_messages_and_is_not_ready(endpoint) -> None:
    endpoint.state.draining = True
    assert (await endpoint.chat())[0] == 503
    assert (await endpoint.ask("GET", "/readyz"))[0] == 503
    assert (await endpoint.ask("GET", "/healthz"))[0] == 200
    assert endpoint.conversation.heard == []


@pytest.mark.parametrize("error", [RuntimeError("token=sk-secret"), Misconfigured("/home/me/secret.toml is wrong")])
async def test_what_breaks_inside_stays_inside(endpoint, error) -> None:
    endpoint.conversation.says = error
    status, body, _ = await endpoint.chat()
    assert (status, body) == (500, {"error": "Something went wrong on our side."})


async def test_an_answer_that_never_comes(endpoint) -> None:
    endpoint.state.reply_within = 0.01

    async def never(_message, _sink) -> None:
        await asyncio.Event().wait()

    endpoint.conversation.answer = never
    assert (await endpoint.chat())[0] == 504


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "must be JSON"),
        (b"{", "must be JSON"),
        (b"\xff\xfe", "must be JSON"),
        (b"[1]", "must be a JSON object"),
        (b'{"user": NaN}', "must be JSON"),
        (b"[" * 30_000, "nested too deeply"),
        ({"channel": "hall", "text": "x"}, "'user' is missing"),
        ({"user": "ann", "channel": "hall"}, "'text' is missing"),
        ({"user": "ann", "channel": "hall", "text": 5}, "'text' must be a text"),
        ({"user": "ann", "channel": "hall", "text": ["x"]}, "'text' must be a text"),
        ({"user": {"id": 1}, "channel": "hall", "text": "x"}, "'user' must be a text"),
        ({"user": "ann", "channel": "hall", "text": "x", "name": 7}, "'name' must be a text"),
        ({"user": "", "channel": "hall", "text": "x"}, "'user' must be 1 to 64"),
        ({"user": "a/../b", "channel": "hall", "text": "x"}, "'user' must be 1 to 64"),
        ({"user": "ann\n", "channel": "hall", "text": "x"}, "'user' must be 1 to 64"),
        ({"user": "ann", "channel": "h" * 65, "text": "x"}, "'channel' must be 1 to 64"),
    ],
)
async def test_bad_input_is_one_clear_sentence(endpoint, body, said: str) -> None:
    status, answer, _ = await endpoint.ask("POST", "/chat", body)
    assert status == 400
    assert said in answer["error"]
    assert answer["error"].count(". ") == 0
    assert endpoint.conversation.heard == []


async def test_a_body_has_a_limit(endpoint) -> None:
    assert (await endpoint.chat(text="x" * BODY))[0] == 413
    assert (await endpoint.chat(text="x" * 6000))[0] == 200


async def test_what_comes_with_an_answer_is_told_and_what_does_not_is_left_out(endpoint) -> None:
    endpoint.conversation.says = Answer(
        "id-1",
        "Really?",
        "purge",
        Outcome.ANSWERED,
        buttons=(Button("confirm/1", "Yes", "danger"), Button("feedback/id-1/fix", "Fix", asks="What is wrong?")),
        card=Card("Purge", "3 messages", (("channel", "#hall"),)),
        files=(File("a.txt", b"abc"),),
        private=True,
        model="openai:gpt",
    )
    _, body, _ = await endpoint.chat()
    assert body["buttons"] == [
        {"id": "confirm/1", "label": "Yes", "style": "danger"},
        {"id": "feedback/id-1/fix", "label": "Fix", "style": "plain", "asks": "What is wrong?"},
    ]
    fields = [{"name": "channel", "value": "#hall"}]
    assert body["card"] == {"title": "Purge", "text": "3 messages", "fields": fields, "link": ""}
    assert body["files"] == [{"name": "a.txt", "base64": "YWJj"}]
    assert (body["private"], body["model"]) == (True, "openai:gpt")
    assert "tool" not in body


async def test_a_command_with_its_arguments(endpoint) -> None:
    body = {"user": "ann", "channel": "hall", "command": "memory forget", "arguments": {"topic": "tea", "all": False}}
    assert (await endpoint.ask("POST", "/command", body))[1]["text"] == "hi"
    wanted = Command("memory forget", {"topic": "tea", "all": False}, "ann", "hall")
    assert endpoint.conversation.heard == [wanted]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"command": "Memory"}, "one to three words"),
        ({"command": "a b c d"}, "one to three words"),
        ({"command": "a;b"}, "one to three words"),
        ({"command": None}, "must be a text"),
        ({"arguments": []}, "must be an object"),
        ({"arguments": {"x": {"deep": 1}}}, "must be an object"),
    ],
)
async def test_commands_that_cannot_be_used(endpoint, change, said: str) -> None:
    body = {"user": "ann", "channel": "hall", "command": "help", **change}
    status, answer, _ = await endpoint.ask("POST", "/command", body)
    assert (status, said in answer["error"]) == (400, True)
    assert endpoint.conversation.heard == []


async def test_a_pressed_button(endpoint) -> None:
    body = {"user": "ann", "channel": "hall", "button": "vote/3/abc/for", "text": "why not"}
    assert (await endpoint.ask("POST", "/press", body))[0] == 200
    assert endpoint.conversation.heard == [Press("vote/3/abc/for", "ann", "hall", text="why not")]


@pytest.mark.parametrize("change", [{"button": ""}, {"button": "x" * 101}, {"button": 5}, {"text": 5}, {"user": ""}])
async def test_buttons_that_cannot_be_pressed(endpoint, change) -> None:
    body = {"user": "ann", "channel": "hall", "button": "vote/3/abc/for", **change}
    assert (await endpoint.ask("POST", "/press", body))[0] == 400
    assert endpoint.conversation.heard == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("says", "last"),
    [
        (None, {"text": "hi"}),
        (Unavailable("the bot", "busy"), "Too much is going on; please try again in a moment."),
        (RuntimeError("token=sk-secret"), "Something went wrong on our side."),
        ("never", "The answer took too long; please try again."),
    ],
)
async def test_an_answer_in_the_making(endpoint, says, last) -> None:
    import aiohttp

    if says == "never":
        endpoint.state.reply_within = 0.01
        endpoint.conversation.answer = lambda _message, _sink: asyncio.Event().wait()
    elif says is not None:
        endpoint.conversation.says = says
    runner, port = await serve(endpoint.state, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session:
            body = {"user": "ann", "channel": "hall", "text": "hello", "stream": True}
            async with session.post(f"http://127.0.0.1:{port}/chat", json=body) as answer:
                rows = [json.loads(line) async for line in answer.content]
    finally:
        await runner.cleanup()
    *grown, end = rows
    assert [row["grow"] for row in grown] == (["h", "hi"] if says is None else [])
    if isinstance(last, dict):
        assert end["answer"]["text"] == last["text"]
    else:
        assert end == {"error": last}


async def test_feedback(endpoint) -> None:
    body = {"id": "abc1", "user": "ann", "value": "up"}
    assert (await endpoint.ask("POST", "/feedback", body))[:2] == (200, {"recorded": True})
    assert endpoint.conversation.heard == [("abc1", "ann", "up")]
    endpoint.conversation.known = False
    assert (await endpoint.ask("POST", "/feedback", body))[0] == 404


@pytest.mark.parametrize("change", [{"value": "great"}, {"id": "../x"}, {"id": ""}, {"user": ""}, {"value": 1}])
async def test_feedback_that_cannot_be_used(endpoint, change) -> None:
    body = {"id": "abc1", "user": "ann", "value": "up", **change}
    assert (await endpoint.ask("POST", "/feedback", body))[0] == 400
    assert endpoint.conversation.heard == []


async def test_the_outbox_of_one_member(endpoint) -> None:
    due = datetime(2026, 3, 1, tzinfo=UTC)
    endpoint.conversation.due = [Pending("1", "ann", "hall", "stretch", due)]
    status, body, _ = await endpoint.ask("GET", "/outbox?user=ann")
    assert status == 200
    assert body == {"messages": [{"id": "1", "channel": "hall", "text": "stretch", "due": due.isoformat()}]}
    assert (await endpoint.ask("GET", "/outbox"))[0] == 400


async def test_health_ready_and_metrics(endpoint) -> None:
    assert (await endpoint.ask("GET", "/health"))[:2] == (200, {"status": "ok"})
    assert (await endpoint.ask("GET", "/readyz"))[:2] == (200, {"status": "ready", "revision": SHA})
    status, page, headers = await endpoint.ask("GET", "/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert f'megawatts_build_info{{revision="{SHA}",version="1.2.3"}} 1.0' in page
    endpoint.ready = False
    assert (await endpoint.ask("GET", "/readyz"))[0] == 503


async def test_other_addresses_and_methods(endpoint) -> None:
    assert (await endpoint.ask("GET", "/nope"))[:2] == (404, {"error": "Not Found"})
    status, _, headers = await endpoint.ask("GET", "/chat")
    assert (status, headers["Allow"]) == (405, "POST")


async def test_no_answer_is_cached_or_tells_what_serves(endpoint) -> None:
    for path in ("/healthz", "/nope", "/metrics"):
        headers = (await endpoint.ask("GET", path))[2]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "megawatts"


@pytest.mark.integration
async def test_over_a_real_socket_on_loopback_only(endpoint, unused_tcp_port: int) -> None:
    import aiohttp

    runner, port = await serve(endpoint.state, "127.0.0.1", 0)
    try:
        assert port > 0
        assert all(address[0] == "127.0.0.1" for address in runner.addresses)
        async with aiohttp.ClientSession() as session:
            body = {"user": "ann", "channel": "hall", "text": "hello"}
            async with session.post(f"http://127.0.0.1:{port}/chat", json=body) as answer:
                assert answer.status == 200
                assert (await answer.json())["text"] == "hi"
        with pytest.raises(OSError):
            await serve(endpoint.state, "127.0.0.1", port)
    finally:
        await runner.cleanup()
    assert isinstance(runner, web.AppRunner)
