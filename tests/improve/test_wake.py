"""When the loop looks: at its interval, at once when something changed outside, never without a moment between."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.case import Ask, Close, Merge, Observe, Page, Revert, Settle, Step, Update, Wait
from bot.core.errors import Denied
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve import engine as module
from bot.improve import hearing, pacing
from bot.improve.engine import Engine
from bot.sdk.testing import DictRecords
from tests.extensions.doubles import HandSwitch
from tests.policy.builders import CHARTER, HEAD, MAIN, MERGED, merged, proposal

HOUR = 3600.0


class Looks:
    """An engine whose rounds are counted and do nothing. `watched`: merges whose health is not settled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, calm: float, watched: int, interval: float = HOUR) -> None:
        self.rounds = 0
        self.changed = asyncio.Event()
        ctx: Any = SimpleNamespace(
            clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), elapsed=None, calm=calm, say=lambda *_told: None,
            crash_point=lambda _name: None, records=DictRecords(), switch=HandSwitch(),
        )  # fmt: skip
        seen = SimpleNamespace(charter=SimpleNamespace(health=SimpleNamespace(interval=timedelta(seconds=interval))))
        shop: Any = SimpleNamespace(authors=())
        self.engine = Engine(ctx, shop)

        async def reconcile() -> Any:
            self.rounds += 1
            self.changed.set()
            return seen

        monkeypatch.setattr(self.engine, "reconcile", reconcile)
        monkeypatch.setattr(module, "_counts", lambda _seen: (0, watched))
        for place in (hearing, pacing):
            monkeypatch.setattr(place, "MOMENT", 0.001)

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

    async def rest(pause: float, _woken: asyncio.Event) -> None:
        asked.append(pause)
        await asyncio.sleep(0)
        if len(asked) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(looks.engine._ear, "rest", rest)
    with suppress(asyncio.CancelledError):
        await looks.engine.run()
    assert len(asked) == 2
    assert all(rests * 0.9 < pause <= rests for pause in asked)


async def test_what_a_look_takes_is_no_part_of_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, calm=0.0, watched=1, interval=5.0)
    now, asked = [100.0], list[float]()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    look, tooks = looks.engine.reconcile, iter([2.0, 60.0])

    async def slow() -> Any:
        now[0] += next(tooks)
        return await look()

    async def rest(pause: float, _woken: asyncio.Event) -> None:
        asked.append(pause)
        if len(asked) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(looks.engine, "reconcile", slow)
    monkeypatch.setattr(looks.engine._ear, "rest", rest)
    with suppress(asyncio.CancelledError):
        await looks.engine.run()
    assert asked == [3.0, pacing.MOMENT], "from look to look, and never without a moment between"


VERDICT = Verdict("health", Status.PASS, "so")


@pytest.mark.parametrize(
    ("step", "rings"),
    [
        (Merge(HEAD, VERDICT), True),
        (Update(HEAD, MAIN), True),
        (Revert(MERGED, VERDICT), True),
        (Settle(MERGED, VERDICT), True),
        (Close(VERDICT), True),
        (Wait(None, "for people"), False),
        (Observe(MERGED, None), False),
        (Page(VERDICT), False),
        (Ask(HEAD, Tier.CRITICAL), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_it_did_itself_is_followed_by_a_look_and_what_changes_nothing_by_none(
    monkeypatch: pytest.MonkeyPatch, step: Step, rings: bool
) -> None:
    looks, refused = Looks(monkeypatch, calm=HOUR, watched=0), [False]

    async def untouched(*_asked: Any) -> bool:
        return False

    async def looked(*_asked: Any) -> Any:
        return merged()

    async def decided(*_asked: Any) -> Step:
        return step

    async def act(*_asked: Any) -> None:
        if refused[0]:
            raise Denied("not now")

    for name, double in {"renewed": untouched, "noticed": untouched, "look": looked, "act": act}.items():
        monkeypatch.setattr(module, name, double)
    monkeypatch.setattr(module, "shared", looked)
    monkeypatch.setattr(module, "steered", decided)
    monkeypatch.setattr(module, "record_decision", lambda *_told: None)
    seen: Any = SimpleNamespace(charter=CHARTER)
    await looks.engine._one(seen, proposal())
    assert looks.engine._woken.is_set() == rings
    looks.engine._woken.clear()
    refused[0] = True
    await looks.engine._one(seen, proposal())
    assert not looks.engine._woken.is_set(), "what was refused is not tried again at once"


async def test_what_waits_for_a_time_is_looked_at_then(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, calm=HOUR, watched=0)
    ends = looks.engine._ctx.clock() + timedelta(seconds=7)

    async def untouched(*_asked: Any) -> bool:
        return False

    async def looked(*_asked: Any) -> Any:
        return merged()

    async def decided(*_asked: Any) -> Step:
        return Wait(ends, "a vote is open")

    async def rest(pause: float, _woken: asyncio.Event) -> None:
        rests.append(pause)
        raise asyncio.CancelledError

    rests: list[float] = []
    for name, double in {"renewed": untouched, "noticed": untouched, "look": looked, "act": looked}.items():
        monkeypatch.setattr(module, name, double)
    monkeypatch.setattr(module, "shared", looked)
    monkeypatch.setattr(module, "steered", decided)
    monkeypatch.setattr(looks.engine._ear, "rest", rest)
    await looks.engine._one(SimpleNamespace(charter=CHARTER), proposal())  # type: ignore[arg-type]  # a double
    with suppress(asyncio.CancelledError):
        await looks.engine.run()
    assert rests == [7.0]


async def test_a_merge_that_people_took_back_is_followed_by_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, calm=HOUR, watched=0)

    async def untouched(*_asked: Any) -> bool:
        return False

    async def done(*_asked: Any) -> bool:
        return True

    monkeypatch.setattr(module, "renewed", untouched)
    monkeypatch.setattr(module, "noticed", done)
    await looks.engine._one(SimpleNamespace(charter=CHARTER), proposal())  # type: ignore[arg-type]  # a double
    assert looks.engine._woken.is_set()
