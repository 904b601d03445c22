"""Finds functions that are hard to follow: cyclomatic complexity and cognitive complexity."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.core.sandbox import Limits
from bot.improve.analysts._trees import Module, functions, modules
from bot.improve.doors import Profile, Workspace
from bot.improve.stages._complexity import LIMIT, complexity

NAME = "complexity"
COGNITIVE = 15
"""Cognitive complexity must stay at or below (Campbell 2018, and complexipy's own limit)."""
SECONDS = 60.0
PROGRAM = """
import json, sys
from complexipy import file_complexity
for path in json.load(sys.stdin):
    try:
        rows = file_complexity(path).functions
    except Exception:
        continue
    print(json.dumps([path, [[row.line_start, row.complexity] for row in rows]]), flush=True)
"""


class Complexity:
    """Analyst: one finding for each function over a limit, worst first."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        read = await asyncio.to_thread(lambda: list(modules(work, profile)))
        cognitive = await _cognitive(work, [module.path for module in read])
        found = [f for module in read for f in _file(module, cognitive.get(str(module.path), {}))]
        return sorted(found, key=lambda f: (-int(str(f.evidence["cyclomatic"])), str(f.path), f.line))


def _file(module: Module, cognitive: Mapping[int, int]) -> Iterator[Finding]:
    for defined in functions(module.tree):
        branches, load = complexity(defined.node), cognitive.get(defined.node.lineno, 0)
        if branches < LIMIT and load <= COGNITIVE:
            continue
        yield Finding(
            rule="complexity",
            path=module.path,
            line=defined.node.lineno,
            end_line=defined.end,
            severity=Severity.MEDIUM if branches < 2 * LIMIT else Severity.HIGH,
            message=f"{defined.name}: complexity {branches} (below {LIMIT}), cognitive {load} (at most {COGNITIVE})",
            analyst=NAME,
            symbol=defined.name,
            evidence={"cyclomatic": branches, "cognitive": load},
        )


async def _cognitive(work: Workspace, paths: Sequence[PurePosixPath]) -> dict[str, dict[int, int]]:
    """Cognitive complexity by path and line. In the sandbox: complexipy is compiled code that dies of some deep files,
    and then what it said before still counts."""
    if not paths:
        return {}
    done = await work.run(
        [sys.executable, "-I", "-B", "-c", PROGRAM],
        stdin=json.dumps([str(path) for path in paths]).encode(),
        env={"LC_ALL": "C.UTF-8"},
        limits=Limits(seconds=SECONDS),
    )
    found: dict[str, dict[int, int]] = {}
    for line in done.out.decode(errors="replace").splitlines():
        try:
            path, rows = json.loads(line)
            found[str(path)] = {int(at): int(value) for at, value in rows}
        except (ValueError, TypeError):
            continue
    return found
