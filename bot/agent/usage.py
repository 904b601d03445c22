"""What models were used for, by day, model, member and guild, for the `usage` command.

Table `usage`, key `DAY/MODEL/USER/GUILD/PROCESS`, row `{"day", "model", "provider", "user", "guild", "turns", "calls",
"cached", "failed", "input_tokens", "output_tokens", "usd", "seconds"}`: whoever reads sums the rows, since each process
writes its own. `model` is `provider:name`; `guild` is empty outside of guilds; `calls` are model calls, `failed` those
that did not answer, `cached` turns that needed none.
"""

import asyncio
from dataclasses import asdict, dataclass

from bot.core.chat import Scope
from bot.core.errors import MegawattsError
from bot.core.ports import Clock, Records
from bot.policy.budget import day_of, quoted

TABLE = "usage"
PAUSE = 2.0
"""Seconds between writes: what a process that dies loses of its statistics (never of its budgets)."""


@dataclass(slots=True)
class _Row:
    day: str
    model: str
    provider: str
    user: str
    guild: str
    turns: int = 0
    calls: int = 0
    cached: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0


class UsageBook:
    """Adds up in memory and writes now and then, outside the event loop."""

    def __init__(self, records: Records, clock: Clock, process: str) -> None:
        self._records, self._clock, self._process = records, clock, process
        self._rows: dict[str, _Row] = {}
        self._dirty: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    def add(self, scope: Scope, model: str, **counted: float) -> None:
        """Add to the row of today. Keywords are the names of its numbers."""
        day = day_of(self._clock())
        key = f"{day}/{quoted(model)}{quoted(scope.user)}{quoted(scope.guild)}{self._process}"
        row = self._rows.get(key)
        if row is None:
            self._rows = {old: one for old, one in self._rows.items() if one.day == day or old in self._dirty}
            row = self._rows[key] = _Row(day, model, model.partition(":")[0], scope.user, scope.guild)
        for name, value in counted.items():
            setattr(row, name, getattr(row, name) + value)
        self._dirty.add(key)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._due)

    def _due(self) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self.flush())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def flush(self) -> None:
        """Write what changed. Statistics that cannot be written are kept for the next time."""
        rows = [(key, asdict(self._rows[key])) for key in self._dirty]
        self._dirty.clear()
        try:
            await asyncio.to_thread(self._write, rows)
        except MegawattsError:
            self._dirty.update(key for key, _row in rows)

    def _write(self, rows: list[tuple[str, dict[str, object]]]) -> None:
        for key, row in rows:
            self._records.put(TABLE, key, row)

    async def close(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.gather(*self._writing)
        if self._dirty:
            await self.flush()
