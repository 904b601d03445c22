"""The processes of the demo: started as a user would start them, watched by the events that they print."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app.settings import without
from bot.core.errors import Unavailable

Match = Callable[[Mapping[str, Any]], bool]


@dataclass(slots=True)
class Journal:
    """Every event of every process, in the order in which they came, and a way to wait for one."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    watchers: list[Callable[[Mapping[str, Any]], None]] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, row: dict[str, Any]) -> None:
        row["t"] = time.monotonic()
        self.rows.append(row)
        for watcher in self.watchers:
            watcher(row)
        async with self._arrived:
            self._arrived.notify_all()

    def find(self, event: str, match: Match = lambda _row: True, since: float = 0.0) -> dict[str, Any] | None:
        """The first such event at or after `since` (monotonic seconds)."""
        return next((r for r in self.rows if r["event"] == event and r["t"] >= since and match(r)), None)

    async def wait(
        self, event: str, match: Match = lambda _row: True, *, since: float = 0.0, within: float
    ) -> dict[str, Any]:
        """Wait for such an event. Raises TimeoutError naming what did not come."""
        deadline = time.monotonic() + within
        while True:
            found = self.find(event, match, since)
            if found is not None:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"`{event}` was not seen within {within:.0f} s")
            async with self._arrived:
                try:
                    await asyncio.wait_for(self._arrived.wait(), min(left, 1.0))
                except TimeoutError:
                    continue


class Process:
    """One `megawatts ...` process whose stdout is a stream of events and whose stderr is kept in a file."""

    def __init__(self, name: str, argv: list[str], log: Path, journal: Journal, cwd: Path) -> None:
        self.name, self._argv, self._log, self._journal, self._cwd = name, argv, log, journal, cwd
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *self._argv,
                cwd=self._cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**without(os.environ), "PYTHONDONTWRITEBYTECODE": "1"},
                limit=4 * 1024 * 1024,
            )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  (asked for with PIPE above)
        async for line in process.stdout:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and "event" in row:
                await self._journal.add(row)
        code = await process.wait()
        await self._journal.add({"event": "ended", "process": self.name, "code": code, "log": self.tail()})

    def tail(self, size: int = 1500) -> str:
        """The end of what it wrote to stderr."""
        return self._log.read_bytes()[-size:].decode(errors="replace").strip() if self._log.exists() else ""

    def check(self) -> None:
        """Raise Unavailable with the end of its log if it is not running."""
        if self._process is None or self._process.returncode is not None:
            raise Unavailable(f"the {self.name}", self.tail() or "it ended without a word")

    async def stop(self, within: float = 10.0) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader
