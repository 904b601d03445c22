"""A model in a process of its own that lives only while it is used, and is called as a server of the loopback."""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.adapters.models.base import PydanticProvider
from bot.adapters.models.llama import Llama
from bot.agent.wire import Heard, ModelFault, Request, Response
from bot.policy.routing import Candidate

START = 60.0
"""Seconds that the start may take: the weights are read from disk."""
IDLE = 300.0
"""Seconds without a call after which the process is ended."""
MOST_TOKENS = 512
LONGEST = 3000
"""Characters of a text that fit beside an answer."""
_ROOT = Path(__file__).parents[3]


class OwnProcess(PydanticProvider):
    """`bot.agent.wire.Provider` over one model of the process `python -m module`.

    The process reads a key and the lines `given` from its input, answers a line with its address, or with what is at
    fault, speaks OpenAI's protocol there, and ends when its input does.
    """

    setting = "DEFAULT_AI_PROVIDER"
    local = True
    module = ""
    called = "the model"
    """In sentences about it."""

    def __init__(self, model: str, *, idle: float = IDLE, timeout: float = 60.0, start: float = START) -> None:
        """Times in seconds: without a call before it ends, of a call, of the start."""
        super().__init__("local", [model])
        self.model = model
        self.given: tuple[str, ...] = ()
        self._idle, self._timeout, self._start = idle, timeout, start
        self._process: asyncio.subprocess.Process | None = None
        self._server: Llama | None = None
        self._starting = asyncio.Lock()
        self._busy = 0
        self._end: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int | None:
        """The process id, while there is one."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def candidates(self) -> Sequence[Candidate]:
        """The one model."""
        return await self._offered([(self.model, "only")])

    async def prepare(self, model: str) -> None:
        """Start the process, if there is none."""
        self._busy += 1
        try:
            await (await self._started()).prepare(model)
        finally:
            self._busy -= 1
            self._rest()

    async def call(self, model: str, request: Request, heard: Heard) -> Response:
        """One call; the first one starts the process."""
        self._busy += 1
        try:
            server = await self._started()
            return await server.call(model, _short(request), heard)
        finally:
            self._busy -= 1
            self._rest()

    async def close(self) -> None:
        """End the process."""
        if self._end is not None:
            self._end.cancel()
        await asyncio.gather(*self._ending)
        async with self._starting:
            await self._stop()

    def environment(self) -> Mapping[str, str]:
        """Nothing but what Python needs to find the same packages: no key of ours is of use there."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    async def _started(self) -> Llama:
        async with self._starting:
            if self._end is not None:
                self._end.cancel()
            if self._server is not None and self.running is not None:
                return self._server
            await self._stop()
            key = secrets.token_hex(16)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module,
                cwd=_ROOT, env=self.environment(), start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                address = await self._address(key)
                self._server = Llama(address, [self.model], key=key, timeout=self._timeout, kind="openai")
            except BaseException:
                await self._stop()
                raise
            return self._server

    async def _address(self, key: str) -> str:
        """Give it its key, and take its address."""
        process = self._process
        assert process is not None  # noqa: S101  (just started, for the type checker)
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write("".join(f"{line}\n" for line in (key, *self.given)).encode())
            async with asyncio.timeout(self._start):
                await process.stdin.drain()
                answer = json.loads(await process.stdout.readline())
                return str(answer["address"])
        except (TimeoutError, OSError, ValueError, TypeError):
            raise ModelFault("down", f"{self.called} in its own process did not start", sent=False) from None
        except KeyError:  # it says what is at fault
            why = str(answer.get("fault", ""))
            raise ModelFault("down", f"{self.called} in its own process did not start: {why}", sent=False) from None

    def _rest(self) -> None:
        """Begin to wait for the end of its usefulness."""
        if self._busy:
            return
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._idle, self._retire)

    def _retire(self) -> None:
        task = asyncio.get_running_loop().create_task(self._stop_if_idle())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _stop_if_idle(self) -> None:
        async with self._starting:
            if not self._busy:
                await self._stop()

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None  # not before: who asks `running` meanwhile is told the truth


def _short(request: Request) -> Request:
    """What a small model can make use of: no frame, no history, no tools. It can do no harm with what it reads."""
    from bot.agent import calling  # noqa: PLC0415  (pydantic-ai, at the first call)

    system, text = request.brief
    messages = [calling.opening(system, text[-LONGEST:])] if text else request.messages
    return Request(messages, (), min(request.most_tokens, MOST_TOKENS), request.stream)
