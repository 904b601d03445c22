"""The cases of the gate benchmark: small repositories with one change each, known to be good or bad."""

import ast
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _gate_mutants, _gate_rewrites
from bot.core.ports import Sandbox
from bot.core.sandbox import Limits

MODULE = "solution.py"
TESTS = "test_solution.py"
SETS = ("bad", "mutant", "structural", "shallow")
BAD = frozenset({"bad", "mutant"})
LIMITS = Limits(seconds=20, cpu_seconds=15, memory_mb=512)


@dataclass(frozen=True, slots=True)
class Case:
    """One change. `group` is one of SETS; those in BAD must be refused, the others accepted."""

    id: str
    group: str
    base: str
    head: str
    tests: str


def rows(path: Path, limit: int) -> list[dict[str, Any]]:
    """The data set, one function a row."""
    return [json.loads(line) for line in path.read_text().splitlines()][: limit or None]


def visible(row: Mapping[str, Any]) -> str:
    """The docstring's examples as a pytest module; empty if there are none, or the data set's do not parse."""
    text = str(row["example_test"]).strip()
    if "assert" not in text:
        return ""
    lines = [line for line in text.splitlines() if not line.startswith("check(")]
    body = "\n".join(lines)
    try:
        ast.parse(body)
    except SyntaxError:
        return ""
    return f"from solution import *\n\n\n{body}\n\n\ndef test_examples():\n    check({row['entry_point']})\n"


async def passes(box: Sandbox, row: Mapping[str, Any], source: str) -> bool:
    """Whether a version passes the data set's own full tests, which no stage ever sees."""
    with tempfile.TemporaryDirectory(prefix="gate-check-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "whole.py").write_text(f"{source}\n{row['test']}\n")
        done = await box.run([sys.executable, "-B", "whole.py"], root=root, readable=_interpreter(), limits=LIMITS)
    return done.ok


def _interpreter() -> tuple[Path, ...]:
    return tuple(p for p in {Path(sys.prefix), Path(sys.base_prefix)} if not p.is_relative_to("/usr"))


async def cases(row: Mapping[str, Any], box: Sandbox, groups: Sequence[str], seed: int) -> list[Case]:
    """The cases of one row, each verified with the full tests."""
    base = f"{row['prompt']}{row['canonical_solution']}".rstrip() + "\n"
    found = []
    for group in groups:
        rng = random.Random(f"{seed} {row['task_id']} {group}")
        for head in _heads(group, row, base, rng):
            if await passes(box, row, head) is (group not in BAD):
                found.append(Case(f"{row['task_id']} {group}", group, base, head, visible(row)))
                break
    return found


def _heads(group: str, row: Mapping[str, Any], base: str, rng: random.Random) -> Iterator[str]:
    if group == "bad":
        yield f"{row['prompt']}{row['buggy_solution']}".rstrip() + "\n"
        return
    function = row["entry_point"]
    if group == "mutant":
        yield from _mutated(base, function, rng)
        return
    if group == "shallow":
        named = _gate_rewrites.replace(base, function, lambda node: _gate_rewrites.renamed(node, rng))
        yield named or f"{base}\n\n# nothing to rename in here\n"
        return
    for attempt in range(12):
        wanted = rng.choice((1, 2, 3)) if attempt < 8 else 1
        head = _gate_rewrites.replace(base, function, lambda node, wanted=wanted: _restructure(node, rng, wanted))
        if head is not None:
            yield head


def _restructure(node: ast.FunctionDef, rng: random.Random, wanted: int) -> bool:
    """Apply `wanted` different rewrites. True if the normalised tree is another one."""
    before = _gate_rewrites.normal(node)
    ways = list(_gate_rewrites.STRUCTURAL)
    rng.shuffle(ways)
    done = 0
    for way in (*ways, *_gate_rewrites.SLIGHT):
        done += way(node, rng)
        if done == wanted:
            break
    ast.fix_missing_locations(node)
    return _gate_rewrites.normal(node) != before


def _mutated(base: str, function: str, rng: random.Random) -> Iterator[str]:
    tree = ast.parse(base)
    node = next(n for n in reversed(tree.body) if isinstance(n, ast.FunctionDef) and n.name == function)
    state = rng.getstate()
    for index in range(min(25, len(_gate_mutants.mutants(node, rng)))):

        def change(found: ast.FunctionDef, index: int = index) -> bool:
            rng.setstate(state)
            _gate_mutants.mutants(found, rng)[index]()
            return True

        head = _gate_rewrites.replace(base, function, change)
        if head is not None:
            yield head


def build(case: Case, folder: Path) -> None:
    """Write the base's files of a case."""
    (folder / MODULE).write_text(case.base)
    if case.tests:
        (folder / TESTS).write_text(case.tests)


def prepare(path: Path, groups: Sequence[str], limit: int, seed: int, box: Sandbox) -> list[Case]:
    """All cases of the data set. Several are verified at a time."""

    async def everything() -> list[Case]:
        slots = asyncio.Semaphore(2)

        async def one(row: Mapping[str, Any]) -> list[Case]:
            async with slots:
                return await cases(row, box, groups, seed)

        return [c for found in await asyncio.gather(*(one(r) for r in rows(path, limit))) for c in found]

    return asyncio.run(everything())
