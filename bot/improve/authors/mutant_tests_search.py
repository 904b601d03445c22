"""Searches an input on which a function and a wrong version of it differ, and makes it small."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from bot.core.sandbox import Limits
from bot.improve.doors import Profile, Workspace
from bot.improve.inputs.search import candidates, shrink
from bot.improve.inputs.spec import Spec, spec_of
from bot.improve.inputs.values import Call, Make
from bot.improve.mutation.mutant import Mutant
from bot.improve.testing.run import INSIDE

TRIED = 400
ROUNDS = 4
SMALLER = 150


@dataclass(frozen=True, slots=True)
class Target:
    """The function under test: where it is and how it is called."""

    work: Workspace
    profile: Profile
    path: PurePosixPath
    name: str

    @property
    def module(self) -> str:
        """Dotted name by which tests import the file."""
        roots = sorted((r for r in self.profile.roots if r in self.path.parents), key=lambda r: -len(r.parts))
        inner = self.path.relative_to(roots[0]) if roots else self.path
        parts = inner.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def text(self) -> str:
        return (self.work.path / self.path).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Witness:
    """A call that tells a mutant from the original, and what the original makes of it."""

    mutant: Mutant
    call: Call
    source: str
    """The value as Python source; empty if it raises."""
    raises: str = ""
    kind: str = ""
    """Name of the value's type."""
    needs: tuple[tuple[str, str], ...] = ()
    """(module, name) of what the source names."""
    others: tuple[str, ...] = field(default=())
    """Ids of further mutants that the same call tells."""


def spec_for(target: Target) -> Spec:
    """What is known of the inputs: types, literals of the source, and calls in the existing tests."""
    tests = [text for text in _test_sources(target) if target.name in text]
    return spec_of(target.text(), target.name, module=target.module, tests=tests)


def _test_sources(target: Target) -> list[str]:
    found: list[str] = []
    for place in target.profile.tests:
        root = target.work.path / place
        files = [root] if root.is_file() else sorted(root.rglob("*.py"))
        found += [f.read_text(encoding="utf-8", errors="replace") for f in files if f.is_file() and not f.is_symlink()]
    return found


async def witnesses(target: Target, mutants: Sequence[Mutant]) -> list[Witness]:
    """One small witness for each mutant that has one, in the mutants' order; a call that tells several comes once."""
    spec = spec_for(target)
    if spec.how != "function":
        return []
    calls = _plain(candidates(spec, TRIED))
    answer = await _ask(target, calls, mutants)
    telling = [(mutant, best) for mutant in mutants if (best := _best(answer, mutant, calls)) is not None]
    found: list[Witness] = []
    told: set[str] = set()
    for small in await asyncio.gather(*(_smaller(target, mutant, best) for mutant, best in telling)):
        if small.mutant.id not in told:
            told.update(small.others)
            found.append(small)
    return found


def _plain(calls: Sequence[Call]) -> list[Call]:
    """Calls that can be written as one expression of moderate length."""
    return [
        c for c in calls if len(c.source("f")) <= 160 and not any(map(_stepped, (*c.args, *dict(c.kwargs).values())))
    ]


def _stepped(value: object) -> bool:
    if isinstance(value, Make):
        return bool(value.steps) or any(map(_stepped, (*value.args, *dict(value.kwargs).values())))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_stepped, value))
    return isinstance(value, dict) and any(map(_stepped, (*value, *value.values())))


async def _ask(target: Target, calls: Sequence[Call], mutants: Sequence[Mutant]) -> Mapping[str, Any]:
    """What the sandbox says: `original` by call, and by mutant the numbers of the calls that tell it."""
    rows = [
        {"id": m.id, "file": str(target.work.path / m.path), "start": m.start, "end": m.end, "text": m.text}
        for m in mutants
    ]
    job = {
        "roots": [str(target.work.path / root) for root in target.profile.roots] or [str(target.work.path)],
        "module": target.module,
        "calls": [call.source(target.name) for call in calls],
        "mutants": rows,
    }
    finished = await target.work.run(
        ["{python}", "-s", "-B", str(INSIDE / "launch.py"), "differ"],
        readable=[INSIDE],
        stdin=json.dumps(job).encode() + b"\n",
        limits=Limits(seconds=60, output_kb=16_384),
    )
    try:
        answer = json.loads(finished.out)
    except ValueError:
        return {"original": [], "mutants": {}}
    return answer if isinstance(answer, dict) else {"original": [], "mutants": {}}


def _best(answer: Mapping[str, Any], mutant: Mutant, calls: Sequence[Call]) -> Witness | None:
    """The shortest telling call; one that gives a value before one that raises."""
    rows = [
        (("raises" in seen, len(calls[n].source("f")) + len(seen.get("source", "")), n), n, seen)
        for n in answer["mutants"].get(mutant.id, [])
        if (seen := answer["original"][n]) and ("source" in seen or "raises" in seen)
    ]
    if not rows:
        return None
    _, number, seen = min(rows)
    others = tuple(str(name) for name, told in answer["mutants"].items() if number in told)
    needs = tuple((str(module), str(name)) for module, name in seen["needs"])
    return Witness(
        mutant, calls[number], seen.get("source", ""), seen.get("raises", ""), seen.get("type", ""), needs, others
    )


async def _smaller(target: Target, mutant: Mutant, best: Witness) -> Witness:
    """A few rounds of simpler calls, each tried at once."""
    for _ in range(ROUNDS):
        tried: list[Call] = []
        shrink(best.call, lambda call, into=tried: into.append(call) is not None, tries=SMALLER)  # type: ignore[misc]
        calls = _plain(tried)
        if not calls:
            return best
        again = _best(await _ask(target, calls, [mutant]), mutant, calls)
        if again is None or (again.raises and not best.raises):
            return best
        kept = tuple(dict.fromkeys((mutant.id, *again.others)))
        if _size(again) >= _size(best):
            return best
        best = Witness(mutant, again.call, again.source, again.raises, again.kind, again.needs, kept)
    return best


def _size(witness: Witness) -> int:
    return len(witness.call.source("f")) + len(witness.source)
