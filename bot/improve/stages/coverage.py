"""V-8: the changed lines are run, and no less of the whole than before."""

import json
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import NOT_APPLICABLE, Gate, not_applicable
from bot.improve.stages.behaviour import EVIDENCE as BEHAVIOUR
from bot.improve.stages.behaviour_modules import module_name
from bot.improve.stages.tests import EVIDENCE_BASE, EVIDENCE_HEAD, evidence
from bot.improve.testing.changed import plain_text, product_lines, text
from bot.improve.testing.lines import pack, unpack
from bot.improve.testing.results import FileLines, Run
from bot.improve.testing.statements import first_lines, statements

CHANGED = 0.90
"""Least share of the changed lines."""
ROUNDING = 0.0005
"""By so much the total may fall: half a tenth of a percent."""
NOTHING = FileLines("")
FEW = 2
"""Lines that a total may lose whatever their share: a smaller file has fewer covered lines to count."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Lines of a module, at base and at head, that V-10's inputs ran without a difference."""

    base: frozenset[int] = frozenset()
    head: frozenset[int] = frozenset()


class Coverage:
    """Reads the runs of V-7 and V-10; runs nothing itself."""

    id = "V-8"
    name = "coverage"
    needs = ("tests", "behaviour")
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
        """PASS if at least 90% of the changed lines ran and the total did not fall."""
        started = time.monotonic()
        tests = earlier.get("tests")
        if tests is None or NOT_APPLICABLE in tests.facts:
            return not_applicable(self.name, "there are no tests to measure")
        if tests.status in {Status.FAIL, Status.ERROR}:
            return Verdict(self.name, Status.INCONCLUSIVE, "the tests did not hold, so nothing was measured")
        head, base = evidence(gate, EVIDENCE_HEAD), evidence(gate, EVIDENCE_BASE)
        if head is None or base is None:
            return Verdict(self.name, Status.ERROR, "V-7 left no readable record of its runs")
        if not base.files:
            return not_applicable(self.name, "the repository's interpreter is too old for its lines to be measured")
        excluded = _exclusions(gate.base.path)
        compared = _compared(gate, earlier.get("behaviour"))
        parts = [changed_lines(gate, base, head, compared, excluded), total(gate, base, head, excluded)]
        return worst(self.name, parts, seconds=time.monotonic() - started)


def changed_lines(gate: Gate, base: Run, head: Run, seen: Mapping[str, Compared], excluded: tuple[str, ...]) -> Verdict:
    """How much of the change the tests run, or inputs on which both versions do the same; and what nothing runs.

    Where inputs were compared, the changed files may hold as many lines that nothing runs as before: most often they
    are the same ones, which nothing can reach.
    """
    wanted = by_tests = left = 0
    unrun: list[str] = []
    for path, lines in product_lines(gate).items():
        source = text(gate, path)
        can = first_lines(source, lines) & statements(source, excluded)
        tested = can & unpack(_executed(head, path))
        missing = can - tested - _seen(gate, seen, path).head
        wanted, by_tests, left = wanted + len(can), by_tests + len(tested), left + len(missing)
        unrun += [f"{path}:{pack(missing)}"] if missing else []
    if not wanted:
        return Verdict("changed lines", Status.PASS, "the change adds no line that can run")
    facts: dict[str, Fact] = {"lines": wanted, "covered": round(1 - left / wanted, 4), "uncovered": unrun[:50]}
    because = f"{by_tests} of {wanted} changed lines are run by the tests"
    if by_tests + left < wanted:
        facts["by_tests"] = round(by_tests / wanted, 4)
        because += f", {wanted - by_tests - left} more by inputs on which both versions do the same"
    if unrun:
        because += f"; not run: {', '.join(unrun[:5])}"
    passed = left <= (1 - CHANGED) * wanted
    if seen and not passed:
        now, then = _dead(gate, base, head, seen, excluded)
        facts |= {"file_left": now, "file_left_before": then}
        because += f"; nothing runs {now} lines of the changed files, and {then} before"
        passed = now <= then
    return Verdict("changed lines", Status.PASS if passed else Status.FAIL, because, facts=facts)


def _dead(gate: Gate, base: Run, head: Run, seen: Mapping[str, Compared], excluded: tuple[str, ...]) -> tuple[int, int]:
    """Lines of the changed files that nothing runs: now, and before."""
    changed = product_lines(gate)
    now = then = 0
    for change in gate.changed(".py"):
        if change.path in changed:
            new, old = change.path, change.old_path
            now += len(_unrun(gate.head.path, head, new, excluded) - _seen(gate, seen, new).head)
            then += len(_unrun(gate.base.path, base, old, excluded) - _seen(gate, seen, old).base)
    return now, then


def _seen(gate: Gate, seen: Mapping[str, Compared], path: PurePosixPath) -> Compared:
    return seen.get(module_name(path, gate.profile.roots), Compared())


def _compared(gate: Gate, behaviour: Verdict | None) -> dict[str, Compared]:
    """What V-10 compared, by module, for a change that claims to keep behaviour.

    For it, to do the same is to be right. New behaviour needs tests that say what is right.
    """
    place = gate.scratch / "behaviour" / BEHAVIOUR
    if not gate.preserving or behaviour is None or not behaviour.passed or not place.is_file():
        return {}
    found: dict[str, Compared] = {}
    for row in json.loads(place.read_text())["functions"]:
        known = found.get(row["spec"]["module"], Compared())
        lines = {side: frozenset(row["lines"].get(side, ())) for side in ("base", "head")}
        found[row["spec"]["module"]] = Compared(known.base | lines["base"], known.head | lines["head"])
    return found


def total(gate: Gate, base: Run, head: Run, excluded: tuple[str, ...]) -> Verdict:
    """Whether more of the product's lines are left unrun than before, and the share that runs has fallen.

    The shares are counted only where lines were lost: that parses every file, and most changes lose none.
    """
    lost = _lost(gate, base, head, excluded)
    if lost <= FEW:
        because = f"{lost} more lines are not run" if lost > 0 else f"{-lost} fewer lines are not run" if lost else ""
        return Verdict("total", Status.PASS, because or "as many lines are not run as before", facts={"lost": lost})
    before, after = _share(gate.base.path, base, gate, excluded), _share(gate.head.path, head, gate, excluded)
    facts: dict[str, Fact] = {"lost": lost, "before": round(before, 4), "after": round(after, 4)}
    because = f"{before:.2%} before, {after:.2%} after; {lost} more lines are not run"
    if before - after > ROUNDING:
        return Verdict("total", Status.FAIL, f"the total falls: {because}", facts=facts)
    return Verdict("total", Status.PASS, because, facts=facts)


def _lost(gate: Gate, base: Run, head: Run, excluded: tuple[str, ...]) -> int:
    """How many more lines are not run at head. Files that are the same and ran the same lines cannot have lost any."""
    sides = [(gate.base.path, base, set(_sources(gate.base.path, gate)))]
    sides += [(gate.head.path, head, set(_sources(gate.head.path, gate)))]
    changed = {path for change in gate.changes for path in change.paths}
    both = sides[0][2] & sides[1][2]
    steady = {p for p in both - changed if _executed(base, p) == _executed(head, p)}
    left = [sum(len(_unrun(root, run, p, excluded)) for p in paths - steady) for root, run, paths in sides]
    return left[1] - left[0]


def _executed(run: Run, path: PurePosixPath) -> str:
    return run.files.get(str(path), NOTHING).executed


def _unrun(root: Path, run: Run, path: PurePosixPath, excluded: tuple[str, ...]) -> frozenset[int]:
    """Lines of one file that can run and did not."""
    return statements(plain_text(root / path), excluded) - unpack(_executed(run, path))


def _share(root: Path, run: Run, gate: Gate, excluded: tuple[str, ...]) -> float:
    """Lines that ran, of those that can run."""
    paths = list(_sources(root, gate))
    can = sum(len(statements(plain_text(root / path), excluded)) for path in paths)
    return 1 - sum(len(_unrun(root, run, path, excluded)) for path in paths) / max(1, can)


def _sources(root: Path, gate: Gate) -> Iterator[PurePosixPath]:
    for package in gate.profile.packages:
        place = root / package
        found = [place] if place.is_file() else sorted(place.rglob("*.py")) if place.is_dir() else []
        for path in found:
            relative = PurePosixPath(path.relative_to(root))
            if path.is_file() and not path.is_symlink() and not gate.profile.is_test(relative):
                yield relative


def _exclusions(root: Path) -> tuple[str, ...]:
    """The base's own `exclude_also` and `exclude_lines` of coverage in pyproject.toml."""
    place = root / "pyproject.toml"
    try:
        report = tomllib.loads(place.read_text())["tool"]["coverage"]["report"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    rows = [*report.get("exclude_also", []), *report.get("exclude_lines", [])] if isinstance(report, dict) else []
    return tuple(str(row) for row in rows)


STAGE = Coverage()
