"""V-11: does the change cost more time or memory than it may, on the inputs that the behaviour stage found.

Constant factors count where the function is really used: on examples and generated inputs of ordinary size, beyond a
floor of FLOOR seconds a call, for below it a difference is style and not cost. On inputs made large by repetition only
another growth counts. Of functions that no made input can call, the tests that run them are measured: see _tests_cost.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.sandbox import Limits
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import NOT_APPLICABLE, Gate, not_applicable
from bot.improve.stages import _tests_cost
from bot.improve.stages._paired import LIMIT, bound, extra, io_reasons, known
from bot.improve.stages.behaviour_functions import launcher, prepare
from bot.improve.stages.tests import EVIDENCE_BASE, EVIDENCE_HEAD, evidence

GROWTH = 3.0
"""The same for inputs made large."""
FLOOR = 20e-6
"""Extra CPU seconds a call that matter."""
WALL_FLOOR = 1e-3
"""Extra waiting a call that matters, in seconds."""
MEMORY_FLOOR = 64 * 1024
LARGE_MEMORY_FLOOR = 1024 * 1024
LEAK_FLOOR = 2_000
"""Bytes still held after each pass that count as a leak, if base does not hold them."""
SECONDS = 4.0
MAX_CALLS = 24


class PerformanceStage:
    """Base and head in turns, with nothing beside them: functions in one process of the sandbox, then the tests."""

    id = "V-11"
    name = "performance"
    needs: tuple[str, ...] = ("behaviour", "tests")
    alone = True

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
        started = time.monotonic()
        left = gate.scratch / "behaviour" / "evidence.json"
        found = json.loads(left.read_text()) if left.is_file() else {"functions": []}
        tasks = [f for f in found["functions"] if f["calls"] and f["why"] == "changed"]
        children = await self._functions(gate, tasks, found["roots"]) if tasks else []
        why_not, facts = "", dict[str, Fact]()
        if not any(child.status is Status.FAIL for child in children):
            others = _tests_cost.rewritten(gate, {task["id"] for task in tasks})
            impacted = await self._impacted(gate, others, earlier, facts)
            if isinstance(impacted, Verdict):
                children.append(impacted)
            else:
                why_not = impacted
        if not children:
            return not_applicable(self.name, f"no changed function could be run on both versions, and {why_not}")
        whole = worst(self.name, children, seconds=time.monotonic() - started)
        facts["cpu"] = {c.name: f"{c.facts['cpu']}" for c in children if "cpu" in c.facts}
        parts = [f"{len(tasks)} functions"] * bool(tasks) + [_tests_cost.NAME] * (len(children) > len(tasks))
        because = f"{' and '.join(parts)} cost what they did" if whole.passed else whole.because
        return Verdict(self.name, whole.status, because, whole.children, whole.seconds, facts)

    async def _functions(self, gate: Gate, tasks: list[dict[str, Any]], roots: list[str]) -> list[Verdict]:
        """A verdict for each function that can be called with the behaviour stage's inputs."""
        for task in tasks:
            shown = task["spec"]["examples"]
            task["calls"] = (shown + [c for c in task["calls"] if c not in shown])[:MAX_CALLS]
            task["seconds"] = SECONDS / max(4, len(tasks))
        gate.progress(self.name, f"measures {len(tasks)} functions")
        rows, ended = await self._rows(gate, tasks, roots)
        return [judge(task["id"], rows.get(task["id"]), ended) for task in tasks]

    async def _impacted(
        self, gate: Gate, others: Sequence[_tests_cost.Function], earlier: Mapping[str, Verdict], facts: dict[str, Fact]
    ) -> Verdict | str:
        """The verdict on the tests of the functions that could not be called so, or why there is none."""
        if not others:
            return "none is left that tests could run"
        facts["unmeasured"] = [function.name for function in others]
        tests = earlier.get("tests")
        if tests is None or tests.status in {Status.FAIL, Status.ERROR} or NOT_APPLICABLE in tests.facts:
            return "there are no tests that held"
        head, base = evidence(gate, EVIDENCE_HEAD), evidence(gate, EVIDENCE_BASE)
        if head is None or base is None:
            return "V-7 left no readable record of its runs"
        choice = _tests_cost.choose(others, base, head)
        if not choice.tests:
            return f"no quick test that holds on both runs {', '.join(choice.blind[:3])}"
        gate.progress(self.name, f"measures {len(choice.tests)} impacted tests")
        found = await _tests_cost.measure(gate, choice, base, gate.scratch / self.name)
        if found is None:
            return "no impacted test holds on both when it runs again"
        facts["unmeasured"] = list(choice.blind)
        return found

    async def _rows(self, gate: Gate, tasks: list[dict[str, Any]], roots: list[str]) -> tuple[dict[str, Any], str]:
        job = {
            "functions": tasks,
            "base": [str(gate.base.path / root) for root in roots],
            "head": [str(gate.head.path / root) for root in roots],
        }
        probe = prepare(gate.scratch / self.name)
        launch = launcher({"head": gate.head}, probe, "timing", readable=(gate.base.path,))
        limits = Limits(seconds=40, cpu_seconds=40, memory_mb=2048, output_kb=16_384)
        done = await launch("head", json.dumps(job).encode(), {"PYTHONHASHSEED": "0"}, limits)
        rows = {}
        for line in done.out.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            rows[str(row["id"])] = row
        last = done.err.decode(errors="replace").strip().splitlines()[-1:]
        return rows, "" if done.ok else (done.limit or " ".join(last) or f"ended with code {done.code}")


def judge(name: str, row: Mapping[str, Any] | None, ended: str = "") -> Verdict:
    """The verdict on one function's measurements."""
    if row is None or "broken" in row:
        reason = ended or str((row or {}).get("broken", "gave no answer"))
        return Verdict(name, Status.INCONCLUSIVE, f"could not be measured: {reason}")
    natural, large = row["natural"], row.get("large")
    low, middle = bound(natural["cpu"])
    facts: dict[str, Fact] = {"cpu": round(middle, 3), "cpu_lower": round(low, 3), "turns": len(natural["cpu"])}
    reasons = []
    if low > LIMIT and extra(natural["cpu"]) > FLOOR:
        reasons.append(f"takes {middle:.2f} times the CPU time (at least {low:.2f})")
    waits, _ = bound(natural["wall"])
    if waits > LIMIT and extra(natural["wall"]) > WALL_FLOOR:
        reasons.append(f"takes at least {waits:.2f} times as long by the clock")
    reasons += _memory(natural["peak"], LIMIT, MEMORY_FLOOR, "")
    moved, operations = natural.get("moved", ()), natural.get("operations", ())
    facts["io"] = f"{moved[0][1]:.0f} bytes a call" if known(moved) else "not known: the kernel does not say"
    reasons += io_reasons(moved, operations)
    if large:
        least, _ = bound(large["cpu"])
        facts["large_cpu"] = round(least, 3)
        if least > GROWTH and extra(large["cpu"]) > FLOOR:
            reasons.append(f"grows faster: at least {least:.1f} times the CPU time on large inputs")
        reasons += _memory(large["peak"], GROWTH, LARGE_MEMORY_FLOOR, " on large inputs")
    before, after = row["leak"]
    if min(after) - max(before) > LEAK_FLOOR:
        reasons.append(f"keeps {min(after)} bytes after each pass that it should free")
    if row["race"]:
        reasons.append("gives other results when four threads call it at once")
    if reasons:
        return Verdict(name, Status.FAIL, "; ".join(reasons), facts=facts)
    return Verdict(name, Status.PASS, f"{middle:.2f} times the CPU time (at least {low:.2f})", facts=facts)


def _memory(peaks: Sequence[int], limit: float, floor: int, where: str) -> list[str]:
    base, head = peaks
    if head > base * limit and head - base > floor:
        return [f"peaks at {head // 1024} KiB of memory{where}; was {base // 1024} KiB"]
    return []


STAGE = PerformanceStage()
