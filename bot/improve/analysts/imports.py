"""Finds circles among the product's modules, and declared dependencies that nothing imports."""

import ast
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._trees import modules
from bot.improve.doors import Profile, Workspace
from bot.improve.graph import dotted, edges
from bot.improve.stages._imports import OTHER_NAMES, imported
from bot.improve.stages._requirements import Requirement, declared, normal

NAME = "imports"
RUNTIME = ("project", "poetry")


class Imports:
    """Analyst: the import graph of the product, of imports that run when a module is loaded."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        return await asyncio.to_thread(lambda: [*_circles(work, profile), *_unused(work)])


def _circles(work: Workspace, profile: Profile) -> Iterator[Finding]:
    found = {dotted(m.path, profile.roots): m for m in modules(work, profile)}
    graph = {name: edges(module.path, module.text, profile.roots, found) for name, module in found.items()}
    for circle in circles(graph):
        module = found[circle[0]]
        yield Finding(
            rule="import-cycle",
            path=module.path,
            line=1,
            end_line=1,
            severity=Severity.MEDIUM,
            message=f"modules import one another: {' -> '.join([*circle, circle[0]])}",
            analyst=NAME,
            symbol=" ".join(sorted(circle)),
            evidence={"modules": list(circle)},
        )


def circles(graph: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """One shortest circle for each knot of modules that reach one another, in the order of names."""
    found: list[tuple[str, ...]] = []
    knotted: set[str] = set()
    for start in sorted(graph):
        circle = _back(graph, start) if start not in knotted else ()
        if circle:
            found.append(circle)
            knotted |= _reach(graph, start) & {n for n in graph if start in _reach(graph, n)}
    return found


def _back(graph: Mapping[str, Sequence[str]], start: str) -> tuple[str, ...]:
    """The shortest way from a module back to itself."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        for step in graph[way[-1]]:
            if step == start:
                return way
            if step not in seen:
                seen.add(step)
                ways.append((*way, step))
    return ()


def _reach(graph: Mapping[str, Sequence[str]], start: str) -> set[str]:
    seen: set[str] = set()
    queue = [start]
    while queue:
        for step in graph[queue.pop()]:
            if step not in seen:
                seen.add(step)
                queue.append(step)
    return seen


def _unused(work: Workspace) -> Iterator[Finding]:
    """Run-time dependencies of pyproject.toml whose import names no Python file of the tree has."""
    found = declared(work, [PurePosixPath("pyproject.toml")]).requirements
    names = {normal(name) for name in _everywhere(work)}
    for requirement in found:
        if requirement.section in RUNTIME and not _names_of(requirement) & names:
            yield Finding(
                rule="unused-dependency",
                path=requirement.path,
                line=1,
                end_line=1,
                severity=Severity.LOW,
                message=f"{requirement.name} is declared, and no file imports it",
                analyst=NAME,
                symbol=requirement.name,
                evidence={"spec": requirement.spec, "section": requirement.section},
            )


def _everywhere(work: Workspace) -> Iterator[str]:
    for file in sorted(work.path.rglob("*.py")):
        try:
            yield from imported(ast.parse(file.read_bytes())) if not file.is_symlink() else ()
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue


def _names_of(requirement: Requirement) -> set[str]:
    """Names by which a distribution may be imported, normalised."""
    wanted = normal(requirement.name)
    installed = {normal(name) for name, owners in packages_distributions().items() if wanted in map(normal, owners)}
    other = {normal(name) for name, owner in OTHER_NAMES.items() if owner == wanted}
    return {wanted, wanted.removeprefix("python-"), wanted.removesuffix("-bin"), *installed, *other}
