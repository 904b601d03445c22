"""The worker as the bot sees it: started at first use, ended when idle, started again when it died."""

import asyncio
import os
import sys
from array import array
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.adapters.vectors import wire
from bot.core.errors import Misconfigured, Unavailable

IDLE = 300.0
"""Seconds without work after which the worker ends: it holds more memory than the bot itself."""
PATIENCE = 30.0
"""Seconds that one piece of work may take."""
_ROOT = Path(__file__).parents[3]
_PASSED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
"""Of the environment; the rest may hold secrets."""


class WorkerProcess:
    """One worker for embeddings, for vectors or for both. Its work is done one piece after another.

    The worker gets no setting and no secret: its environment holds what Python needs and no more.
    """

    def __init__(self, *, idle: float = IDLE, patience: float = PATIENCE, argv: Sequence[str] = ()) -> None:
        self._idle, self._patience = idle, patience
        self._argv = tuple(argv) or (sys.executable, "-m", "bot.adapters.vectors.worker")
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def pid(self) -> int | None:
        """Of the worker that runs now, if one does."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def call(self, head: Mapping[str, Any], numbers: Sequence[float] = ()) -> wire.Frame:
        """What the worker answers. Raises Unavailable (it died, took too long, or says so) or Misconfigured.

        A caller that stops waiting does not stop the work: else a slow start would never come to its end.
        """
        task = asyncio.get_running_loop().create_task(self._exchange(wire.pack(head, numbers)))
        self._keep(task)
        return _checked(await asyncio.shield(task))

    async def close(self) -> None:
        """End the worker and wait for it; the next call would start another."""
        async with self._turn:
            if self._ending is not None:
                self._ending.cancel()
            await self._end()

    async def _exchange(self, frame: bytes) -> wire.Frame:
        async with self._turn:
            if self._ending is not None:
                self._ending.cancel()
            try:
                async with asyncio.timeout(self._patience):
                    answer = await self._ask(frame)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                await self._kill()
                why = "took too long" if isinstance(error, TimeoutError) else "ended"
                raise Unavailable("memory worker", f"it {why}", retry_after=1) from error
            self._ending = asyncio.get_running_loop().call_later(self._idle, self._rest)
        return answer

    async def _ask(self, frame: bytes) -> wire.Frame:
        writer, reader = await self._running()
        writer.write(frame)
        await writer.drain()
        head, floats = wire.sizes(await reader.readexactly(wire.HEAD.size))
        return wire.parse(await reader.readexactly(head), await reader.readexactly(floats))

    async def _running(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.returncode is not None:
            env = {name: os.environ[name] for name in _PASSED if name in os.environ}
            process = self._process = await asyncio.create_subprocess_exec(
                *self._argv, cwd=_ROOT, env={**env, "OMP_NUM_THREADS": "1"}, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
                limit=wire.LARGEST,
            )  # fmt: skip
        if process.stdin is None or process.stdout is None:
            raise Unavailable("memory worker", "it has no pipes")
        return process.stdin, process.stdout

    def _rest(self) -> None:
        self._keep(asyncio.get_running_loop().create_task(self.close()))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        """Until it is done; a failure that nobody waits for any more is no error of the loop."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _end(self) -> None:
        """Closed input is the sign to leave: the folder is left in order."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _checked(answer: tuple[dict[str, Any], "array[float]"]) -> wire.Frame:
    head, numbers = answer
    if "misconfigured" in head:
        raise Misconfigured(str(head["misconfigured"]))
    if "unavailable" in head:
        raise Unavailable("memory worker", str(head["unavailable"]))
    return head, numbers
