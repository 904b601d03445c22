"""Finds functions that are hard to follow: cyclomatic complexity and cognitive complexity."""

import asyncio
from collections.abc import Iterator, Sequence

from bot.core.change import Finding, Severity
from bot.improve.analysts._trees import Module, functions, modules
from bot.improve.doors import Profile, Workspace
from bot.improve.stages._complexity import LIMIT, complexity

NAME = "complexity"
COGNITIVE = 15
"""Cognitive complexity must stay at or below (Campbell 2018, and complexipy's own limit)."""


class Complexity:
    """Analyst: one finding for each function over a limit, worst first."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        found = await asyncio.to_thread(lambda: [f for m in modules(work, profile) for f in _file(m)])
        return sorted(found, key=lambda f: (-int(str(f.evidence["cyclomatic"])), str(f.path), f.line))


def _file(module: Module) -> Iterator[Finding]:
    cognitive = _cognitive(module)
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


def _cognitive(module: Module) -> dict[int, int]:
    """Cognitive complexity by the line a function starts at; empty where complexipy cannot read the file."""
    from complexipy import code_complexity  # noqa: PLC0415  (only the engine has it)

    try:
        rows = code_complexity(module.text, with_plans=False).functions
    except Exception:  # noqa: BLE001  (a parser of its own: what it cannot read has no figure)
        return {}
    return {int(row.line_start): int(row.complexity) for row in rows}
