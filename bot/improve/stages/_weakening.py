"""Scope: tests that demand less than they did at base, told by comparing syntax trees."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from bot.core.verdict import Status
from bot.improve.doors import Gate, Workspace
from bot.improve.stages._canonical import Function
from bot.improve.stages._checks import Check, checks_of
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import read, tree
from bot.improve.stages._strength import losses
from bot.improve.stages._suite import Unit, tables, units
from bot.improve.stages._tricks import doctests_lost, tricks

Found = tuple[str, int, str]
"""Rule, line and message."""


class Suite:
    """The changed test files of one side."""

    def __init__(self, work: Workspace, paths: list[PurePosixPath]) -> None:
        self.trees = {path: found for path in paths if (found := tree(work, path)) is not None}
        self.units = {path: units(found, path) for path, found in self.trees.items()}

    @cached_property
    def by_name(self) -> Mapping[str, Unit]:
        return {unit.node.name: unit for found in self.units.values() for unit in found.values()}

    @cached_property
    def by_body(self) -> Mapping[str, Unit]:
        return {body_of(unit): unit for found in self.units.values() for unit in found.values() if unit.is_test}

    def checks(self, unit: Unit) -> list[Check]:
        """A unit's demands, without calls of helpers that demand nothing."""
        inner = {n.name: n for n in ast.walk(unit.node) if isinstance(n, Function) and n is not unit.node}
        return [c for c in checks_of(unit.node) if not self._idle(c.op.removeprefix("call "), inner)]

    def _idle(self, helper: str, inner: Mapping[str, Function]) -> bool:
        known = inner.get(helper) or (self.by_name[helper].node if helper in self.by_name else None)
        return known is not None and not checks_of(known)


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared. `moved` maps a test file's path at base to its path at head."""

    base: Suite
    head: Suite
    moved: Mapping[PurePosixPath, PurePosixPath]
    product_changed: bool

    def twin(self, unit: Unit) -> Unit | None:
        """The unit at head that took this one's place: same name, else same name elsewhere, else same body."""
        here = self.head.units.get(self.moved.get(unit.path, unit.path), {})
        by_name = here.get(unit.name) or self.head.by_name.get(unit.node.name)
        return by_name or self.head.by_body.get(body_of(unit))


def weakened_tests(gate: Gate) -> Iterator[Problem]:
    """Everything by which the change's tests demand less, or cheat; people's own changes wait for another person."""
    level = Status.FAIL if gate.by_engine else Status.PENDING
    mine = gate.profile.is_test
    before = [c.old_path for c in gate.changes if c.action != "add" and mine(c.old_path) and c.old_path.suffix == ".py"]
    after = [c.path for c in gate.changed() if mine(c.path)]
    product = any(not mine(p) and p.suffix == ".py" for c in gate.changes for p in c.paths)
    moved = {c.old_path: c.path for c in gate.changes if c.action != "delete"}
    sides = Sides(Suite(gate.base, before), Suite(gate.head, after), moved, product)
    for path, found in sides.base.units.items():
        for unit in found.values():
            yield from (Problem(r, moved.get(path, path), n, m, level) for r, n, m in _compare(unit, sides))
    yield from (Problem(r, p, n, m, level) for p, r, n, m in _beside(gate, sides))
    yield from (Problem(r, p, n, m, level) for p, r, n, m in tricks(gate, sides.base.trees, sides.head.trees, moved))
    yield from (Problem("doctest", p, n, m, level) for p, n, m in doctests_lost(gate))


def _compare(unit: Unit, sides: Sides) -> Iterator[Found]:
    checks = sides.base.checks(unit)
    if not unit.is_test and not checks:
        return
    twin = sides.twin(unit)
    if twin is None:
        if unit.is_test:
            yield "test-deleted", unit.node.lineno, f"the test {unit.name} is deleted"
        return
    line = twin.node.lineno
    if unit.is_test and not _collected(twin):
        yield "test-deleted", line, f"the test {unit.name} is no longer collected"
    if twin.skips > unit.skips:
        yield "test-skipped", line, f"{unit.name} is skipped, deselected, expected to fail or left early"
    if 0 < twin.cases < unit.cases:
        yield "fewer-cases", line, f"{unit.name} has {twin.cases} cases, {unit.cases} at base"
    yield from _lost(unit, twin, checks, sides)


def _lost(unit: Unit, twin: Unit, checks: list[Check], sides: Sides) -> Iterator[Found]:
    after = sides.head.checks(twin)
    found = list(losses(checks, after))
    gone = [loss for loss in found if "is gone" in loss.message]
    if after and (twin.cases == 0 != unit.cases or twin.cases >= unit.cases + len(gone)):
        found = [loss for loss in found if loss not in gone]  # assertions became cases
    for loss in found:
        if not (loss.expected and sides.product_changed):
            yield "assertion", loss.line, f"{unit.name}: {loss.message}"
    if not checks and unit.is_test and _calls(unit) and not _calls(twin):
        yield "assertion", twin.node.lineno, f"{unit.name} no longer calls anything"


def _calls(unit: Unit) -> bool:
    return any(isinstance(n, ast.Call) for statement in unit.node.body for n in ast.walk(statement))


def _collected(unit: Unit) -> bool:
    stem = unit.path.stem
    return unit.is_test and (stem.startswith("test") or stem.endswith(("_test", "_tests")))


def body_of(unit: Unit) -> str:
    """The body of a function as text, for finding it under another name."""
    return "\n".join(ast.unparse(s) for s in unit.node.body) + f"|{unit.cases}"


def _beside(gate: Gate, sides: Sides) -> Iterator[tuple[PurePosixPath, str, int, str]]:
    """Test data: tables in test files, and other files below the tests."""
    for old, found in sides.base.trees.items():
        new = sides.moved.get(old, old)
        if new not in sides.head.trees:
            continue
        rows = tables(sides.head.trees[new])
        for name, (count, content) in tables(found).items():
            if name in rows and rows[name][0] < count:
                yield new, "fewer-cases", 0, f"the table {name} has {rows[name][0]} rows, {count} at base"
            elif name in rows and not sides.product_changed and content - rows[name][1]:
                yield new, "expected-value", 0, f"rows of the table {name} are changed, and no product code is"
    for change in gate.changes:
        data = change.old_path.suffix != ".py" and change.action != "add" and gate.profile.is_test(change.old_path)
        if data and not sides.product_changed and read(gate.base, change.old_path) is not None:
            yield change.path, "expected-value", 0, "test data is changed, and no product code is"
