"""V-10: does the change keep what the functions it touches do, and the public interface, and the bot's answers."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from bot.core.verdict import Status, Verdict, worst
from bot.improve.differential import replay
from bot.improve.differential.run import Budget, Comparison
from bot.improve.doors import Gate, Workspace, not_applicable
from bot.improve.stages import behaviour_functions as functions
from bot.improve.stages.behaviour_modules import Module, modules

EVIDENCE = "evidence.json"
SECONDS = 10.0
"""Search time for all functions together, per version."""
DATA = frozenset({".toml", ".yaml", ".yml", ".json", ".md", ".txt", ".j2", ".csv"})


class BehaviourStage:
    """Differential testing of the touched functions; interface breaks; recorded conversations."""

    id = "V-10"
    name = "behaviour"
    needs: tuple[str, ...] = ("format",)
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        started = time.monotonic()
        changed = modules(gate)
        talks = _feeds_the_bot(gate) and bool(replay.recorded(gate))
        if not changed and not talks:
            return not_applicable(self.name, "no product function touched")
        preserving = gate.preserving
        children = [_interface(m, preserving) for m in changed if m.breakages]
        children += await self._functions(gate, changed, preserving)
        if talks:
            gate.progress(self.name, "replays the recorded conversations")
            children.append(_conversations(await replay.differences(gate), preserving))
        seconds = time.monotonic() - started
        if not children:
            reason = "no product function touched: only comments, docs, annotations or new code"
            return Verdict(self.name, Status.PASS, reason, seconds=seconds)
        whole = worst(self.name, children, seconds=seconds)
        return Verdict(self.name, whole.status, _because(whole), whole.children, seconds, _facts(children))

    async def _functions(self, gate: Gate, changed: Sequence[Module], preserving: bool) -> list[Verdict]:
        plan = functions.targets(gate, changed)
        if not plan:
            return []
        folder = gate.scratch / self.name
        probe = functions.prepare(folder)
        gate.progress(self.name, f"compares {len(plan)} functions on both versions")
        sides: dict[str, Workspace] = {"base": gate.base, "head": gate.head}
        share = min(0.8, SECONDS / len(plan))
        budget = Budget(inputs=max(60, int(700 * share / 0.8)), explore=share)
        roots = tuple(str(root) for root in gate.profile.roots) or (".",)
        comparison = Comparison(functions.launcher(sides, probe), roots, budget)
        results = await comparison.run([p.target for p in plan])
        found = [functions.judge(p, r, preserving=preserving) for p, r in zip(plan, results, strict=True)]
        _leave(folder, functions.evidence(plan, results, roots))
        return found


def _interface(module: Module, preserving: bool) -> Verdict:
    status = Status.FAIL if preserving else Status.PENDING
    reason = f"the public interface changes: {module.breakages[0]}" + ("" if preserving else "; a person decides")
    return Verdict(f"interface of {module.name}", status, reason, facts={"breakages": list(module.breakages)})


def _conversations(lines: Sequence[str], preserving: bool) -> Verdict:
    if not lines:
        return Verdict("conversations", Status.PASS, "the bot answers the recorded conversations as before")
    status = Status.FAIL if preserving else Status.PENDING
    reason = f"the bot answers recorded conversations otherwise: {lines[0]}" + (
        "" if preserving else "; a person decides"
    )
    return Verdict("conversations", status, reason, facts={"differences": list(lines)})


def _feeds_the_bot(gate: Gate) -> bool:
    """Whether code or data of the product changed, in a house that records conversations."""
    paths = {p for c in gate.changes for p in c.paths}
    return gate.profile.own and any(_is_product(gate, p) for p in paths)


def _is_product(gate: Gate, path: PurePosixPath) -> bool:
    inside = any(path == p or p in path.parents for p in gate.profile.packages)
    return inside and path.suffix in DATA | {".py"} and not gate.profile.is_test(path)


def _because(whole: Verdict) -> str:
    if not whole.passed:
        return whole.because
    compared = sum(int(str(v.facts.get("inputs", 0))) for v in whole.children)
    return f"no difference on {compared} inputs of {len(whole.children)} functions"


def _facts(children: Sequence[Verdict]) -> dict[str, str | int | float | bool | list[str] | dict[str, str]]:
    shown: dict[str, list[str]] = {"differences": [], "uncovered": [], "breakages": []}
    for child in children:
        for key, into in shown.items():
            rows = child.facts.get(key)
            into.extend(rows if isinstance(rows, list) else [])
    compared = sum(int(str(child.facts.get("inputs", 0))) for child in children)
    return {"functions": len(children), "inputs": compared, **{k: v for k, v in shown.items() if v}}


def _leave(folder: Path, evidence: object) -> None:
    (folder / EVIDENCE).write_text(json.dumps(evidence))


STAGE = BehaviourStage()
