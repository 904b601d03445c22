"""The runner: order by needs, alone means alone, errors are caught, what failed stops the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.core.charter import Charter
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate, not_applicable
from bot.improve.gate import Plan, run_gate
from tests.improve.stages.static.builders import gate_of


@dataclass
class Fake:
    """A stage that says what it is told, and notes who ran beside it."""

    name: str
    status: Status = Status.PASS
    needs: tuple[str, ...] = ()
    alone: bool = False
    id: str = "V-0"
    act: Callable[[Gate], Awaitable[Verdict | None]] | None = None
    log: list[str] = field(default_factory=list)

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
        assert set(earlier) == set(self.needs)
        self.log.append(f"+{self.name}")
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            found = await self.act(gate) if self.act else None
            return found or Verdict(self.name, self.status, f"{self.name} says so")
        finally:
            self.log.append(f"-{self.name}")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return gate_of(tmp_path, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"})


async def test_all_pass_and_the_verdict_names_what_was_judged(gate: Gate) -> None:
    verdict = await run_gate(gate, [Fake("one"), Fake("two")])
    assert verdict.status is Status.PASS
    assert [child.name for child in verdict.children] == ["one", "two"]
    assert (verdict.name, verdict.facts["base"], verdict.facts["head"]) == ("gate", gate.base.sha, gate.head.sha)
    assert verdict.facts["tree"] == gate.head.tree
    assert verdict.facts["not_applicable"] == {}


async def test_a_stage_starts_as_soon_as_what_it_needs_is_done_and_never_before(gate: Gate) -> None:
    log: list[str] = []
    stages = [Fake("late", needs=("early",), log=log), Fake("early", log=log), Fake("beside", log=log)]
    verdict = await run_gate(gate, stages, plan=Plan(at_once=2))
    assert log.index("-early") < log.index("+late")
    assert log.index("+beside") < log.index("-early")
    assert [child.name for child in verdict.children] == ["late", "early", "beside"]


async def test_what_takes_longest_begins_first_and_what_seldom_refuses_last(gate: Gate) -> None:
    log: list[str] = []
    names = ("scope", "types", "lint", "tests")
    verdict = await run_gate(gate, [Fake(name, log=log) for name in names], plan=Plan(at_once=1))
    assert [event[1:] for event in log if event[0] == "+"] == ["tests", "scope", "lint", "types"]
    assert tuple(child.name for child in verdict.children) == names


async def test_no_more_run_at_once_than_the_machine_can_take(gate: Gate) -> None:
    log: list[str] = []
    await run_gate(gate, [Fake(str(n), log=log) for n in range(6)], plan=Plan(at_once=2))
    running = [sum(1 if e[0] == "+" else -1 for e in log[: i + 1]) for i in range(len(log))]
    assert max(running) == 2


async def test_alone_means_nothing_beside_it(gate: Gate) -> None:
    log: list[str] = []
    await run_gate(gate, [Fake("measure", alone=True, log=log), *(Fake(str(n), log=log) for n in range(4))])
    at = log.index("+measure")
    assert log[at + 1] == "-measure"
    assert sum(1 if e[0] == "+" else -1 for e in log[:at]) == 0


async def test_a_failure_stops_what_has_not_started_and_says_so(gate: Gate) -> None:
    log: list[str] = []
    stages = [Fake("bad", Status.FAIL, log=log), Fake("after", needs=("bad",), log=log)]
    verdict = await run_gate(gate, stages)
    assert verdict.status is Status.FAIL
    after = verdict.find("after")
    assert after is not None
    assert (after.status, after.because) == (Status.INCONCLUSIVE, "not run: bad failed")
    assert "+after" not in log


async def test_a_failure_ends_what_runs_and_its_verdict_is_none(gate: Gate) -> None:
    ended: list[str] = []

    async def waits(_gate: Gate) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    verdict = await run_gate(gate, [Fake("endless", act=waits), Fake("bad", Status.FAIL)], plan=Plan(at_once=2))
    endless = verdict.find("endless")
    assert endless is not None
    assert (endless.status, endless.because) == (Status.INCONCLUSIVE, "ended: bad failed")
    assert verdict.status is Status.FAIL
    assert ended == ["cleaned up"]


async def test_keep_going_runs_them_all(gate: Gate) -> None:
    stages = [Fake("bad", Status.FAIL), Fake("after", needs=("bad",))]
    verdict = await run_gate(gate, stages, plan=Plan(keep_going=True))
    after = verdict.find("after")
    assert after is not None
    assert after.passed
    assert verdict.status is Status.FAIL


async def test_the_interpreters_own_fault_is_asked_again_once_and_no_more(gate: Gate) -> None:
    faults = [SystemError("AST constructor recursion depth mismatch")]

    async def once(_gate: Gate) -> None:
        if faults:
            raise faults.pop()

    async def always(_gate: Gate) -> None:
        raise SystemError("AST constructor recursion depth mismatch")

    verdict = await run_gate(gate, [Fake("once", act=once), Fake("always", act=always)])
    assert [child.status for child in verdict.children] == [Status.PASS, Status.ERROR]


async def test_a_stage_that_breaks_is_an_error_and_never_a_pass(gate: Gate) -> None:
    async def breaks(_gate: Gate) -> None:
        raise RuntimeError("no such tool\nat all")

    verdict = await run_gate(gate, [Fake("broken", act=breaks), Fake("fine")])
    assert verdict.status is Status.ERROR
    broken = verdict.find("broken")
    assert broken is not None
    assert broken.because == "could not run: RuntimeError: no such tool at all"


async def test_a_stage_that_does_not_end_is_an_error(gate: Gate) -> None:
    async def waits(_gate: Gate) -> None:
        await asyncio.Event().wait()

    verdict = await run_gate(gate, [Fake("endless", act=waits)], plan=Plan(seconds=0.01))
    assert verdict.status is Status.ERROR


async def test_a_stage_without_a_subject_is_left_out_and_listed(gate: Gate) -> None:
    async def nothing(_gate: Gate) -> Verdict:
        return not_applicable("empty", "nothing here to judge")

    verdict = await run_gate(gate, [Fake("empty", act=nothing), Fake("fine")])
    assert [child.name for child in verdict.children] == ["fine"]
    assert verdict.facts["not_applicable"] == {"empty": "nothing here to judge"}
    alone = await run_gate(gate, [Fake("empty", act=nothing)])
    assert alone.status is Status.INCONCLUSIVE


async def test_only_runs_what_was_asked_for_and_what_that_needs(gate: Gate) -> None:
    stages = [Fake("one"), Fake("two", needs=("one",)), Fake("three")]
    verdict = await run_gate(gate, stages, only=["two"])
    assert [child.name for child in verdict.children] == ["one", "two"]


async def test_what_the_charter_demands_and_nobody_can_run_is_an_error(gate: Gate) -> None:
    strict = replace(gate, charter=Charter(wards=(), stages=("one", "lost")))
    verdict = await run_gate(strict, [Fake("one")])
    assert verdict.status is Status.ERROR
    assert verdict.children[-1].name == "lost"
    assert (await run_gate(strict, [Fake("one")], only=["one"])).passed


@pytest.mark.parametrize("needs", [("nobody",), ("other",)])
async def test_needs_that_can_never_be_met_are_errors_and_no_hang(gate: Gate, needs: tuple[str, ...]) -> None:
    stages = [Fake("one", needs=needs), *([Fake("other", needs=("one",))] if needs == ("other",) else [])]
    verdict = await run_gate(gate, stages)
    assert verdict.status is Status.ERROR


async def test_progress_tells_of_each_start_and_end(gate: Gate) -> None:
    seen: list[tuple[str, Status | None]] = []
    plan = Plan(watch=lambda name, verdict: seen.append((name, verdict.status if verdict else None)))
    await run_gate(gate, [Fake("one")], plan=plan)
    assert seen == [("one", None), ("one", Status.PASS)]


async def test_when_it_is_cancelled_nothing_goes_on_running(gate: Gate) -> None:
    log: list[str] = []
    started = asyncio.Event()

    async def waits(_gate: Gate) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_gate(gate, [Fake("endless", act=waits, log=log)]))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["+endless", "-endless"]
