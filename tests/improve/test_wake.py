"""When the loop looks: at its interval, at once when something changed outside, never without a moment between."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.improve import engine as module
from bot.improve.engine import Engine

HOUR = 3600.0


class Looks:
    """An engine whose rounds are counted and do nothing. `watched`: merges whose health is not settled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, calm: float, watched: int, interval: float = HOUR) -> None:
        self.rounds = 0
        self.changed = asyncio.Event()
        ctx: Any = SimpleNamespace(
            clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), elapsed=None, calm=calm, say=lambda *_told: None
        )
        seen = SimpleNamespace(charter=SimpleNamespace(health=SimpleNamespace(interval=timedelta(seconds=interval))))
        shop: Any = SimpleNamespace(authors=())
        self.engine = Engine(ctx, shop)

        async def reconcile() -> Any:
            self.rounds += 1
            self.changed.set()
            return seen

        monkeypatch.setattr(self.engine, "reconcile", reconcile)
        monkeypatch.setattr(module, "_counts", lambda _seen: (0, watched))
        monkeypatch.setattr(module, "MOMENT", 0.001)

    async def after(self, rounds: int) -> None:
        while self.rounds < rounds:
            await asyncio.wait_for(self.changed.wait(), 10)
            self.changed.clear()


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_woken_it_looks_again_and_does_not_wait_for_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, calm=0.0, watched=1)
    task = asyncio.create_task(looks.engine.run())
    await looks.after(1)
    looks.engine.wake()
    await looks.after(2)
    await asyncio.sleep(0.02)
    assert looks.rounds == 2, "one ring is one look"
    await ended(task)


async def test_work_beside_the_loop_wakes_it_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, calm=HOUR, watched=0)
    task = asyncio.create_task(looks.engine.run())
    await looks.after(1)
    looks.engine._start("validate x", asyncio.sleep(0))
    await looks.after(2)
    await ended(task)


@pytest.mark.parametrize(("watched", "rests"), [(0, HOUR), (1, 0.002)])
async def test_only_while_nothing_is_watched_it_rests_for_long(
    monkeypatch: pytest.MonkeyPatch, watched: int, rests: float
) -> None:
    looks = Looks(monkeypatch, calm=HOUR, watched=watched, interval=0.002)
    asked: list[float] = []

    async def rest(pause: float) -> None:
        asked.append(pause)
        await asyncio.sleep(0)
        if len(asked) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(looks.engine, "_rest", rest)
    with suppress(asyncio.CancelledError):
        await looks.engine.run()
    assert asked == [rests, rests]
