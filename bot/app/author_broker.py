"""The author's model, asked through a process that alone holds its key: it thinks there, and its tools run here."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from itertools import count
from pathlib import Path
from typing import Any

from bot.app import broker_words as words
from bot.app.environment import from_files, secret_names
from bot.app.settings import Settings
from bot.core.chat import Scope, Sink
from bot.core.errors import Denied, Unavailable
from bot.core.model import Prompt, Reply, Toolbox, Usage
from bot.core.text import one_line

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "bot.app.broker_cmd")
SYSTEM = (
    "PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
)  # fmt: skip
"""What every process of this kind needs of its surroundings."""
PROVIDERS = ("default_ai_provider", "ai_timeout", "openai_", "anthropic_", "llama_")
"""Beginnings of the settings that concern models; no other setting reaches the process."""
DOOR = "the author's model"
TOTAL = 64_000_000
"""Bytes that one conversation may say."""


def hand_over(environment: MutableMapping[str, str]) -> dict[str, str]:
    """The environment of the process that asks models: provider settings, their keys, and nothing else.

    The keys are taken out of `environment`: whoever starts programs from there later has none to give away.
    """
    names = [one.name for one in fields(Settings) if one.name.startswith(PROVIDERS)]
    wanted = {*SYSTEM, *(name.upper() for name in names)}
    given = {name: value for name, value in environment.items() if name.upper() in wanted}
    given |= {name.upper(): value for name, value in from_files(Settings, environment).items() if name in names}
    keys = {name for name in secret_names(Settings) if name.lower().startswith(PROVIDERS)}
    for name in [name for name in environment if name.upper() in keys]:
        del environment[name]
    return given


@dataclass(slots=True)
class Broker:
    """`core.model.Thinker`: a new process for each turn, ended with it. `spent` hears each request's figures.

    A process that says anything but what was agreed, says nothing for `silence` seconds, or is not done within
    `deadline` seconds is killed; that is Unavailable, as is one that dies.
    """

    environment: Mapping[str, str] = field(repr=False)
    spent: Callable[[str, Usage], None]
    usd: float = 2.0
    """US dollars that one turn may cost; kept there too, before each request."""
    deadline: float = 1200.0
    silence: float = 300.0
    command: Sequence[str] = COMMAND
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        """One turn with tools until it is done. Raises Unavailable or Denied."""
        del scope, sink  # the author asks on nobody's behalf, and nobody watches it write
        with tempfile.TemporaryDirectory(prefix="megawatts-broker-", ignore_cleanup_errors=True) as folder:
            return await self._think(prompt, tools, folder)

    async def _think(self, prompt: Prompt, tools: Toolbox | None, folder: str) -> Reply:
        ours, theirs = socket.socketpair()
        with theirs:
            process = _start(self.command, {**self.environment, "HOME": folder, "TMPDIR": folder}, theirs)
        reader, writer = await asyncio.open_connection(sock=ours, limit=words.LONGEST)
        try:
            async with asyncio.timeout(self.deadline):
                return await _Talk(self, next(self._numbers), reader, writer, process).hold(prompt, tools)
        except TimeoutError:
            raise Unavailable(DOOR, f"it was not done within {self.deadline:.0f} s") from None
        except words.Broken as error:
            raise Unavailable(DOOR, f"its process broke the protocol: {error}") from None
        except ConnectionError:
            raise Unavailable(DOOR, f"its process ended with code {await _code(process)}") from None
        finally:
            await _end(process, writer)


class _Talk:
    """One conversation with one process."""

    def __init__(
        self,
        broker: Broker,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        process: "subprocess.Popen[bytes]",
    ) -> None:
        self._broker, self._id, self._process = broker, number, process
        self._reader, self._writer = reader, writer
        self._called: list[str] = []
        self._heard = 0

    async def hold(self, prompt: Prompt, tools: Toolbox | None) -> Reply:
        schemas = [words.schema_to(tool) for tool in (tools.schemas() if tools else ())]
        asked = {"prompt": words.prompt_to(prompt), "tools": schemas}
        await self._say("think", **asked, usd=self._broker.usd, seconds=self._broker.deadline)
        while True:
            row = await self._hear()
            if row["type"] == "reply":
                return words.reply_from(row, tuple(self._called))
            if row["type"] == "error":
                because = one_line(row["because"], 300)
                raise Denied(because) if row["denied"] else Unavailable(DOOR, because)
            if row["type"] == "spent":
                self._broker.spent(one_line(row["model"], 80), words.usage_from(row))
            elif tools is None:
                raise words.Broken("a call of a tool where there is none")
            else:
                self._called.append(one_line(row["name"], 60))
                said = await tools.call(row["name"], row["arguments"])
                await self._say("result", call=row["call"], text=said[: words.LONGEST // 8])

    async def _say(self, kind: str, **rows: Any) -> None:
        self._writer.write(words.encode(kind, id=self._id, **rows))
        await self._writer.drain()

    async def _hear(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._broker.silence):  # wait_for may lose a cancellation (python/cpython#86296)
                line = await self._reader.readline()
        except TimeoutError:
            raise Unavailable(DOOR, f"it said nothing for {self._broker.silence:.0f} s") from None
        except ValueError:
            raise words.Broken("a line is too long") from None
        self._heard += len(line)
        if not line:
            raise Unavailable(DOOR, f"its process ended with code {await _code(self._process)}")
        if self._heard > TOTAL:
            raise words.Broken("it says more than can be of use")
        row = words.decode(line, words.FROM_BROKER)
        if row["id"] != self._id:
            raise words.Broken("an answer to something that was not asked")
        return row


def _start(command: Sequence[str], environment: Mapping[str, str], its: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        list(command),
        cwd=ROOT,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=its.fileno(),
        stdout=its.fileno(),
        stderr=subprocess.DEVNULL,  # a traceback may hold what a request held
        start_new_session=True,
    )


async def _code(process: "subprocess.Popen[bytes]") -> int | None:
    """How the process ended, if it did; it closed its end, so that it is about to."""
    with suppress(subprocess.TimeoutExpired):
        return await asyncio.to_thread(process.wait, 2.0)
    return None


async def _end(process: "subprocess.Popen[bytes]", writer: asyncio.StreamWriter) -> None:
    """Kill the process and its children, and let go of the line, however that goes."""
    writer.transport.abort()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
