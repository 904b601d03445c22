"""Finds functions that no test runs, or where nothing was measured, that no test names."""

import ast
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.core.change import Finding, Severity
from bot.improve.analysts._measured import measured
from bot.improve.analysts._trees import Defined, Module, functions, modules
from bot.improve.doors import Profile, Workspace
from bot.improve.testing.results import FileLines

NAME = "coverage_gaps"
LEAST = 3
"""Statements that a function must have to be worth a finding."""


class CoverageGaps:
    """Analyst: reads the coverage map that an earlier run of the suite left below `cache`; runs nothing itself."""

    name = NAME

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Nothing where there are no tests at all: that is one fact, not one for each function."""
        if profile.runner is None:
            return []
        return await asyncio.to_thread(lambda: list(self._find(work, profile)))

    def _find(self, work: Workspace, profile: Profile) -> Iterator[Finding]:
        known = measured(work, self.cache)
        named = frozenset[str]() if known else _named(work, profile)
        for module in modules(work, profile):
            for defined in functions(module.tree):
                why = _gap(module, defined, known, named)
                if why:
                    yield _finding(module, defined, why)


def _named(work: Workspace, profile: Profile) -> frozenset[str]:
    """Every name that the tests mention."""
    files = [f for t in profile.tests for f in sorted((work.path / t).rglob("*.py")) or [work.path / t]]
    found: set[str] = set()
    for file in files:
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                found.add(node.id if isinstance(node, ast.Name) else node.attr)
            elif isinstance(node, ast.alias):
                found.add(node.name.rpartition(".")[2])
    return frozenset(found)


def _gap(module: Module, defined: Defined, known: Mapping[str, FileLines], named: frozenset[str]) -> str:
    """Why a function counts as untested; empty if it does not."""
    body = [n.lineno for stmt in defined.node.body for n in ast.walk(stmt) if isinstance(n, ast.stmt)]
    if len(body) < LEAST or defined.inner:
        return ""
    if known:
        file = known.get(str(module.path))
        ran = file.lines() if file is not None else frozenset[int]()
        return "" if ran & frozenset(body) else "no test runs it"
    short = defined.name.rpartition(".")[2]
    return "" if short in named or not defined.public else "no test names it"


def _finding(module: Module, defined: Defined, why: str) -> Finding:
    return Finding(
        rule="coverage-gap",
        path=module.path,
        line=defined.node.lineno,
        end_line=defined.end,
        severity=Severity.MEDIUM if defined.public else Severity.LOW,
        message=f"{defined.name}: {why}",
        analyst=NAME,
        symbol=defined.name,
        evidence={"why": why},
    )
