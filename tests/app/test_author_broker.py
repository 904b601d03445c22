"""The process that holds the model's key: what it is given, how it is spoken to, and how it is ended."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import author_broker, broker_cmd
from bot.app import broker_words as words
from bot.app.author_broker import Broker, hand_over
from bot.app.settings import Settings
from bot.core.chat import Scope
from bot.core.errors import Denied, Unavailable
from bot.core.ids import ChannelId, UserId
from bot.core.model import Prompt, Reply, ToolSchema, Usage

SCOPE = Scope(UserId("author"), ChannelId("author"))
PROMPT = Prompt("system", "text")
EVERYTHING = {
    "PATH": "/usr/bin:/bin",
    "OPENAI_API_KEY": "sk-honey",
    "openai_base_url": "http://127.0.0.1:1",
    "ANTHROPIC_API_KEY": "sk-ant-honey",
    "LLAMA_API_KEY": "honey-llama",
    "AI_TIMEOUT": "5000",
    "DISCORD_BOT_TOKEN": "honey-discord",
    "GITHUB_TOKEN": "honey-forge",
    "DATABASE_URL": "postgresql://honey",
    "MEGAWATTS_HOME": "/somewhere",
    "PYTHONPATH": "/evil",
    "LD_PRELOAD": "/evil.so",
}


class Box:
    """A toolbox that answers with what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def schemas(self) -> Sequence[ToolSchema]:
        return [ToolSchema("read", "Reads.", {"type": "object"})]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        self.calls.append((name, arguments))
        return f"said {len(self.calls)}"


def test_the_process_is_given_provider_settings_and_nothing_else() -> None:
    environment = dict(EVERYTHING)
    given = hand_over(environment)
    assert set(given) == {
        "PATH", "OPENAI_API_KEY", "openai_base_url", "ANTHROPIC_API_KEY", "LLAMA_API_KEY", "AI_TIMEOUT"
    }  # fmt: skip
    assert set(EVERYTHING) - set(environment) == {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_KEY"}


def test_a_broker_never_shows_its_environment() -> None:
    assert "honey" not in repr(Broker(hand_over(dict(EVERYTHING)), lambda _model, _usage: None))


class Plays:
    """A Thinker for the other end: calls two tools, spends, and answers."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def think(self, prompt: Prompt, scope: Scope, tools: Any = None, sink: Any = None) -> Reply:
        if self.error is not None:
            raise self.error
        heard = [await tools.call("read", {"path": "a"}), await tools.call("read", {"path": "b"})]
        return Reply(f"{prompt.text}: {heard}", "some:model", Usage(10, 2, 2, 0.5), 1.0)


async def both_ends(thinker: Any, box: Box | None, **broker: Any) -> tuple[Any, list[tuple[str, Usage]]]:
    """One turn with both ends in this process, over a real socket."""
    ours, theirs = socket.socketpair()
    spent: list[tuple[str, Usage]] = []

    @asynccontextmanager
    async def opened(line: broker_cmd.Line, usd: float) -> AsyncIterator[Any]:
        broker_cmd.Told(line).modelled("some:model", "answered", 1.0, {"input": 10, "output": 2}, usd / 4)
        yield thinker

    line = broker_cmd.Line(*await asyncio.open_connection(sock=theirs, limit=words.LONGEST))
    serving = asyncio.ensure_future(broker_cmd.serve(line, opened))
    reader, writer = await asyncio.open_connection(sock=ours, limit=words.LONGEST)
    parent = Broker({}, lambda model, usage: spent.append((model, usage)), **broker)
    try:
        talk = author_broker._Talk(parent, 7, reader, writer, None)  # type: ignore[arg-type]  # no process here
        return await talk.hold(PROMPT, box), spent
    finally:
        writer.close()
        await serving
        line.writer.close()


async def test_it_thinks_there_and_its_tools_run_here() -> None:
    box = Box()
    reply, spent = await both_ends(Plays(), box)
    assert box.calls == [("read", {"path": "a"}), ("read", {"path": "b"})]
    assert reply.text == "text: ['said 1', 'said 2']"
    assert reply.tools == ("read", "read")
    assert reply.usage == Usage(10, 2, 2, 0.5)
    assert spent == [("some:model", Usage(10, 2, 1, 0.5))], "told while it happens, not at the end"


@pytest.mark.parametrize(
    ("raised", "expected", "text"),
    [
        (Denied("the day's money is spent"), Denied, "the day's money is spent"),
        (Unavailable("openai", "429"), Unavailable, "openai is unavailable: 429"),
        (RuntimeError("Authorization: Bearer sk-honey"), Unavailable, "RuntimeError"),
    ],
)
async def test_what_it_raises_is_raised_here_without_what_a_request_held(
    raised: Exception, expected: type[Exception], text: str
) -> None:
    with pytest.raises(expected, match=text) as error:
        await both_ends(Plays(raised), Box())
    assert "honey" not in str(error.value)


async def test_a_tool_call_where_there_are_no_tools_breaks_the_protocol() -> None:
    with pytest.raises(words.Broken, match="no"):
        await both_ends(Plays(), None)


async def test_arguments_that_are_no_json_are_refused_there() -> None:
    class Odd(Plays):
        async def think(self, prompt: Prompt, scope: Scope, tools: Any = None, sink: Any = None) -> Reply:
            said = [await tools.call("read", {"path": object()}), await tools.call("read", {"path": "x" * 2_000_000})]
            return Reply(str(said), "some:model")

    box = Box()
    reply, _ = await both_ends(Odd(), box)
    assert reply.text.count("refused") == 2
    assert box.calls == []


CHILD = """
import json, os, socket, sys, time
line = socket.socket(fileno=0).makefile("rwb", buffering=0)
first = json.loads(line.readline())
def say(**row):
    line.write(json.dumps({"id": first["id"], **row}).encode() + b"\\n")
"""
CALL = 'say(type="call", call=1, name="read", arguments={"path": "a"})\n'
WRONG = {
    "dies at once": ("sys.exit(3)", "code 3"),
    "dies in the middle of a line": ('line.write(b\'{"type": "re\'); os._exit(4)', "cut off"),
    "is killed": ("os.kill(os.getpid(), 9)", "code -9"),
    "says no JSON": ('line.write(b"hello\\n"); time.sleep(60)', "no JSON"),
    "says one line without end": ('[line.write(b"x" * 65536) for _ in range(40)]; time.sleep(60)', "too long"),
    "answers another request": (
        'first["id"] = 99; say(type="error", denied=True, because="x"); time.sleep(60)',
        "asked",
    ),
    "calls without a name": ('say(type="call", call=1, name=None, arguments={}); time.sleep(60)', "wrong type"),
    "says nothing": ("time.sleep(60)", "said nothing for"),
    "closes its end and stays": ("line.close(); os.close(0); os.close(1); time.sleep(60)", "ended with code"),
    "says nothing after a tool": (CALL + "line.readline(); time.sleep(60)", "said nothing for"),
    "spends for ever": (
        'while True: say(type="spent", model="m", input_tokens=1, output_tokens=1, cost=0.1); time.sleep(0.01)',
        "not done within",
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize("how", WRONG)
async def test_a_process_that_misbehaves_is_ended_and_is_no_model(how: str, monkeypatch: Any, tmp_path: Path) -> None:
    code, because = WRONG[how]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    started = watch(monkeypatch)
    command = [sys.executable, "-I", "-S", "-c", CHILD + code]
    broker = Broker({}, lambda _model, _usage: None, command=command, silence=1.0, deadline=2.0)
    with pytest.raises(Unavailable, match=because):
        await broker.think(PROMPT, SCOPE, Box())
    (process,) = started
    assert process.poll() is not None, "nothing of it runs on"
    assert list(tmp_path.iterdir()) == [], "and nothing of it lies about"


@pytest.mark.integration
async def test_a_caller_that_gives_up_ends_the_process_and_its_children(monkeypatch: Any) -> None:
    started = watch(monkeypatch)
    code = "import subprocess\nsubprocess.Popen(['sleep', '60'])\n" + CALL + "time.sleep(60)"
    broker = Broker(
        {"PATH": "/usr/bin:/bin"}, lambda *_: None, command=[sys.executable, "-I", "-S", "-c", CHILD + code]
    )
    called = asyncio.Event()

    class Waits(Box):
        async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
            called.set()
            await asyncio.Event().wait()
            return ""

    task = asyncio.ensure_future(broker.think(PROMPT, SCOPE, Waits()))
    await called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (process,) = started
    assert process.poll() == -9
    while members(process.pid):  # noqa: ASYNC110  (the kernel takes a moment to end the others of the group)
        await asyncio.sleep(0.01)


@pytest.mark.integration
async def test_the_real_process_starts_with_nothing_but_its_environment() -> None:
    """No provider is configured, so that it says so; on the way it has read its request and its settings."""
    spent: list[Any] = []
    broker = Broker({"PATH": os.environ["PATH"]}, lambda *row: spent.append(row), deadline=60)
    with pytest.raises(Unavailable, match="no model that can write code is configured"):
        await broker.think(PROMPT, SCOPE, Box())
    assert spent == []


def test_only_the_largest_model_of_each_provider_writes() -> None:
    chosen = broker_cmd.largest(Settings(openai_model="small, large", anthropic_model="one", llama_model=""))
    assert (chosen.openai_model, chosen.anthropic_model, chosen.llama_model) == ("large", "one", "")


def watch(monkeypatch: Any) -> list[Any]:
    started: list[Any] = []
    start = author_broker._start

    def starts(*told: Any) -> Any:
        started.append(start(*told))
        return started[-1]

    monkeypatch.setattr(author_broker, "_start", starts)
    return started


def members(group: int) -> list[int]:
    """Living processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.name))
    return found
