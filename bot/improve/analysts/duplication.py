"""Finds functions and runs of statements that stand in the product twice."""

import ast
import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._trees import Module, modules
from bot.improve.doors import Profile, Workspace

NAME = "duplication"
STATEMENTS = 6
"""Statements in a row, those inside of them counted too, that count as a clone."""

Place = tuple[PurePosixPath, int, int]


class Duplication:
    """Analyst: one finding for each run of statements that another place has too, names and all."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        return await asyncio.to_thread(lambda: list(_clones(list(modules(work, profile)))))


def _clones(found: Sequence[Module]) -> Iterator[Finding]:
    places: dict[str, list[Place]] = defaultdict(list)
    for module in found:
        for code, first, last in _bodies(module.tree):
            places[code].append((module.path, first, last))
    reported: set[tuple[PurePosixPath, int]] = set()
    for _code, copies in sorted(places.items(), key=lambda row: -len(row[0])):
        fresh = [p for p in copies if not any((p[0], line) in reported for line in (p[1], p[2]))]
        if len(fresh) < 2:
            continue
        for path, first, last in fresh:
            reported.update((path, line) for line in range(first, last + 1))
        (path, first, last), *others = fresh
        yield Finding(
            rule="duplication",
            path=path,
            line=first,
            end_line=last,
            severity=Severity.LOW if len(fresh) == 2 else Severity.MEDIUM,
            message=f"{last - first + 1} lines of {path} stand at {others[0][0]} too",
            analyst=NAME,
            evidence={"copies": [f"{p}:{a}-{b}" for p, a, b in fresh], "lines": last - first + 1},
        )


def _bodies(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Bodies and runs of neighbouring statements of enough weight: code without places, first and last line."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if (
                isinstance(block, list)
                and block
                and isinstance(block[0], ast.stmt)
                and not isinstance(node, ast.Module)
            ):
                yield from _runs(block)


def _runs(block: list[ast.stmt]) -> Iterator[tuple[str, int, int]]:
    """The whole body, and every run of STATEMENTS in it."""
    code = [stmt for stmt in block if not (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant))]
    sizes = {len(code), STATEMENTS} if len(code) > STATEMENTS else {len(code)}
    for size in sizes:
        for at in range(len(code) - size + 1):
            run = code[at : at + size]
            if sum(isinstance(n, ast.stmt) for stmt in run for n in ast.walk(stmt)) >= STATEMENTS:
                yield "\n".join(ast.dump(stmt) for stmt in run), run[0].lineno, run[-1].end_lineno or run[-1].lineno
