"""Each stage's verdict carries what the sandbox denied in its runs, and in no other's."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.sandbox import Finished
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate
from bot.improve.gate import Plan, run_gate
from bot.improve.witness import note, tell, with_evidence, witnessed
from bot.improve.workspace import Checkout
from bot.policy.sandbox_evidence import Denied, observed
from tests.improve.stages.static.builders import gate_of

RUN = Finished(0, b"", b"", 0.1)


class Box:
    """A sandbox that denies as often as the program's first word says."""

    name, notes = "box", ()

    async def run(self, argv: Any, **_: Any) -> Finished:
        return observed(RUN, {"network": int(argv[0])})


@dataclass
class Reaching:
    """A stage that runs programs, some in tasks and threads of its own."""

    name: str
    counts: tuple[int, ...]
    status: Status = Status.PASS
    id: str = "V-0"
    needs: tuple[str, ...] = ()
    alone: bool = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
        base: Any = gate.base
        work = Checkout(base.path, base.sha, base.tree, base.python, Box())
        await asyncio.gather(*(work.run([str(count)]) for count in self.counts))
        await asyncio.to_thread(tell, observed(RUN, {"file": self.counts[-1]}))
        return Verdict(self.name, self.status, "as told", facts={"own": 1})


async def test_a_verdict_tells_what_was_denied_meanwhile_and_judges_as_before(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"})
    stages = [Reaching("first", (1, 2)), Reaching("second", (0, 0)), Reaching("third", (5, 0), Status.FAIL)]
    verdict = await run_gate(gate, stages, plan=Plan(keep_going=True, at_once=3))
    first, second, third = verdict.children
    assert (first.status, first.facts["denied"], first.facts["own"]) == (Status.PASS, {"file": "2", "network": "3"}, 1)
    assert first.because == (
        "as told; the sandbox denied: wrote more than a file may hold 2 times, reached for the network 3 times"
    )
    assert (second.because, "denied" in second.facts) == ("as told", False)
    assert (third.status, third.facts["denied"]) == (Status.FAIL, {"network": "5"})


async def test_a_stage_that_breaks_still_tells(tmp_path: Path) -> None:
    class Broken(Reaching):
        async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
            await super().run(gate, earlier)
            raise ValueError("odd")

    gate = gate_of(tmp_path, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"})
    (found,) = (await run_gate(gate, [Broken("first", (4,))])).children
    assert found.status is Status.ERROR
    assert found.facts["denied"] == {"file": "4", "network": "4"}


def test_what_a_stage_saw_by_itself_counts_as_well() -> None:
    with witnessed() as rows:
        note("writes", 2)
        note("writes", 0)
    assert with_evidence(Verdict("x", Status.PASS, "y"), rows).because == (
        "y; the sandbox denied: wrote where it may not 2 times"
    )
    note("writes", 1)


def test_what_it_was_is_told_by_name_the_most_frequent_first() -> None:
    with witnessed() as rows:
        tell(observed(RUN, {"system calls": 3}, {"system calls": {"bpf": 1, "mount": 2}}, watched=True))
        tell(observed(RUN, {"system calls": 9}, {"system calls": {f"call{n}": 1 for n in range(9)}}, watched=True))
    verdict = with_evidence(Verdict("x", Status.PASS, "y"), rows)
    told = "mount 2, bpf 1, call0 1, call1 1, call2 1"
    assert verdict.because == f"y; the sandbox denied: made forbidden system calls 12 times ({told})"
    assert (verdict.facts["denied"], verdict.facts["denied_names"]) == ({"system calls": "12"}, {"system calls": told})
    assert rows[0] == Denied({"system calls": 3}, {"system calls": {"bpf": 1, "mount": 2}})


def test_outside_of_a_stage_nobody_asks() -> None:
    tell(observed(RUN, {"network": 1}))
    with witnessed() as rows:
        tell(RUN)
    assert rows == []
    verdict = Verdict("x", Status.PASS, "y")
    assert with_evidence(verdict, rows) is verdict
