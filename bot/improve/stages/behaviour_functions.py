"""What V-10 compares, how it is run, and what the outcome means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.sandbox import Finished, Limits
from bot.core.verdict import Fact, Status, Verdict
from bot.improve.differential import bundle
from bot.improve.differential.plan import Touched, callers
from bot.improve.differential.run import Launch, Result, Side, Target
from bot.improve.differential.subject import SURFACE
from bot.improve.doors import Gate, Workspace
from bot.improve.inputs.spec import Spec, spec_of
from bot.improve.inputs.strategies import typed
from bot.improve.inputs.values import Call, encode_call
from bot.improve.stages._source import text
from bot.improve.stages.behaviour_modules import Module

MAX_FUNCTIONS = 40
MAX_TESTS = 60
MAX_KEPT = 200
ENOUGH = 3
"""Inputs that must have been compared before silence counts as evidence."""
SHOWN = 5
TYPED, MAX_TYPED = 25, 8
"""Calls that hypothesis draws for one function, and for how many functions: it is slow."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A function to compare, and what the change did to it."""

    target: Target
    touched: Touched


def targets(gate: Gate, changed: Sequence[Module]) -> list[Planned]:
    """The touched functions with all that is known about their inputs, at most MAX_FUNCTIONS of them."""
    found: list[Planned] = []
    tests = _tests(gate)
    for module in changed:
        for touched in module.plan.touched:
            short = touched.name.rpartition(".")[2]
            owner = touched.name.rpartition(".")[0] or short
            texts = [t for t in tests if short in t or owner in t][:MAX_TESTS]
            specs = [
                spec_of(source, touched.name, module=module.name, tests=texts, also=[other])
                for source, other in ((module.base, module.head), (module.head, module.base))
            ]
            given = tuple(typed(specs[0], TYPED)) if len(found) < MAX_TYPED else ()
            found.append(Planned(Target(f"{module.name}.{touched.name}", specs[0], specs[1], given), touched))
        if module.plan.surface:
            spec = Spec(module.name, SURFACE, examples=(Call(),))
            found.append(
                Planned(Target(f"{module.name} as data", spec, spec), Touched(SURFACE, "changed outside functions"))
            )
    return sorted(found, key=lambda p: p.touched.why != "changed")[:MAX_FUNCTIONS]


def _tests(gate: Gate) -> list[str]:
    """Sources of the base's tests: they show how functions are called."""
    found = []
    for folder in gate.profile.tests:
        for path in sorted((gate.base.path / folder).rglob("*.py")) or [gate.base.path / folder]:
            source = text(gate.base, PurePosixPath(path.relative_to(gate.base.path)))
            if source:
                found.append(source)
    return found


def prepare(folder: Path) -> Path:
    """Write the probe where the sandbox may read it."""
    folder.mkdir(parents=True, exist_ok=True)
    return bundle.write(folder)


def launcher(
    sides: Mapping[str, Workspace], probe: Path, program: str = "probe", readable: Sequence[Path] = ()
) -> Launch:
    """Starts the probe in the sandbox of a checkout."""

    async def launch(side: Side, job: bytes, env: Mapping[str, str], limits: Limits) -> Finished:
        argv = ["{python}", "-B", str(probe / f"{program}.py")]
        return await sides[side].run(argv, readable=[probe, *readable], env=env, stdin=job, limits=limits)

    return launch


def judge(planned: Planned, result: Result, *, preserving: bool) -> Verdict:
    """The verdict on one function. Without evidence it is never a pass."""
    uncovered, reached = _coverage(planned.touched, result)
    name = planned.target.id
    facts: dict[str, Fact] = {"inputs": result.compared, "why": planned.touched.why}
    if uncovered:
        facts["uncovered"] = uncovered
    if result.unstable:
        facts["unstable"] = result.unstable
    if result.differences:
        shown = [f"{d.call.source(name)} {d.how}" for d in result.differences[:SHOWN]]
        facts |= {"differences": shown, "differing": len(result.differences)}
        status, ending = (Status.FAIL, "") if preserving else (Status.PENDING, "; a person decides")
        return Verdict(name, status, f"behaves otherwise: {shown[0]}{ending}", facts=facts)
    if "head" in result.broken and "base" not in result.broken:
        return Verdict(name, Status.FAIL, f"cannot be run any more: {result.broken['head']}", facts=facts)
    lack = _lack(result, reached, bool(planned.target.base.params))
    if lack:
        status, ending = (Status.INCONCLUSIVE, "") if preserving else (Status.PENDING, "; a person decides")
        return Verdict(name, status, f"could not be compared: {lack}{ending}", facts=facts)
    return Verdict(name, Status.PASS, f"no difference on {result.compared} inputs", facts=facts)


def _lack(result: Result, reached: bool, asks: bool) -> str:
    if result.broken:
        return next(iter(result.broken.values()))
    if result.unstable > result.compared:
        return f"it is not deterministic ({result.unstable} inputs gave two answers at base)"
    if result.compared < (ENOUGH if asks else 1):
        return f"only {result.compared} usable inputs were found"
    return "" if reached else "no input reached the changed lines"


def _coverage(touched: Touched, result: Result) -> tuple[list[str], bool]:
    """Changed statements that nothing reached, by side; and whether any changed statement was reached."""
    uncovered: list[str] = []
    reached = not any(touched.spans.values())
    for side, spans in touched.spans.items():
        lines = result.lines.get(side, frozenset())
        for first, last in spans:
            if lines.isdisjoint(range(first, last + 1)):
                uncovered.append(f"{touched.name} line {first} at {side}")
            else:
                reached = True
    return uncovered, reached


def evidence(plan: Sequence[Planned], results: Sequence[Result], roots: Sequence[str]) -> dict[str, Any]:
    """What later stages need: the functions, the inputs on which both versions agree, and the lines that these ran."""
    rows = [
        {
            "id": p.target.id, "spec": p.target.base.to_dict(), "head": p.target.head.to_dict(), "why": p.touched.why,
            "lines": {side: sorted(lines) for side, lines in r.lines.items()},
            "calls": [encode_call(c) for c in r.usable[:: max(1, len(r.usable) // MAX_KEPT)]][:MAX_KEPT],
        }
        for p, r in zip(plan, results, strict=True)
    ]  # fmt: skip
    return {"roots": list(roots), "functions": rows}


__all__ = ["Planned", "callers", "evidence", "judge", "launcher", "prepare", "targets"]
