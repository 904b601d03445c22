"""V-6: import contracts, undeclared imports, and every change of what is installed."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import Gate, not_applicable
from bot.improve.stages._audit import FRESH, audited
from bot.improve.stages._imports import contracts, undeclared
from bot.improve.stages._problems import Problem, conclude
from bot.improve.stages._requirements import Declared, Requirement, declared, is_declaration

KNOWN = Path(__file__).parent / "known_packages.txt"


class DependenciesStage:
    """What is installed anew is audited by its exact version; what nobody could audit waits for people, or fails."""

    id = "V-6"
    name = "dependencies"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        files = sorted({p for c in gate.changes for p in c.paths if is_declaration(p)})
        if not files and not gate.changed():
            return not_applicable(self.name, "neither Python code nor a declaration of dependencies changed")
        broken = await contracts(gate)
        unknown = await asyncio.to_thread(lambda: list(undeclared(gate)))
        parts = [
            conclude("contracts", broken, "no import contract is broken"),
            conclude("imports", unknown, "every import is declared"),
        ]
        facts: dict[str, Fact] = {}
        if files:
            before, after = await asyncio.to_thread(both, gate)
            found = [*packages(gate, before, after), *await audited(gate, before, after)]
            parts.append(conclude("packages", found, "what is installed stays as it is, or was audited"))
            facts |= FRESH
        whole = worst(self.name, parts)
        return replace(whole, facts={**whole.facts, **facts})


def both(gate: Gate) -> tuple[Declared, Declared]:
    """What base and head declare."""
    here = [[p for p in gate.repo.files(w.sha) if is_declaration(p)] for w in (gate.base, gate.head)]
    return declared(gate.base, here[0]), declared(gate.head, here[1])


def packages(gate: Gate, before: Declared, after: Declared) -> Iterator[Problem]:
    """Everything that is wrong with a change of declared dependencies, by what the declarations say themselves."""
    level = Status.FAIL if gate.by_engine else Status.PENDING
    yield from _steering(before, after, level)
    known = before.names() | _well_known()
    fresh = [r for r in after.requirements if r not in before.requirements]
    for requirement in fresh:
        yield from _changed(requirement, before, after, known, level)
    for name in sorted(before.names() - after.names()):
        yield Problem("removed", PurePosixPath(), 0, f"{name} is no longer declared", Status.PENDING)


def _steering(before: Declared, after: Declared, level: Status) -> Iterator[Problem]:
    """What decides how and from where things are installed."""
    for path in after.broken:
        yield Problem("broken", path, 0, "does not parse, so nobody can say what would be installed")
    for path, line in after.options:
        if (path, line) not in before.options:
            yield Problem("installer", path, 0, f"steers the installer: {line}", level)
    for path, content in after.unread:
        if (path, content) not in before.unread:
            yield Problem(
                "unread", path, 0, "declares what is installed in a way that nobody here reads", Status.PENDING
            )
    if after.build != before.build:
        yield Problem("build", PurePosixPath("pyproject.toml"), 0, "the way the project is built changes", level)
    if after.plugins != before.plugins:
        yield Problem("build", PurePosixPath("pyproject.toml"), 0, "entry points load code into other programs", level)


def _changed(
    one: Requirement, before: Declared, after: Declared, known: frozenset[str], level: Status
) -> Iterator[Problem]:
    new = one.name not in before.names()
    if new and (other := lookalike(one.name, known)):
        yield Problem(
            "look-alike", one.path, 0, f"{one.name} is nearly the name of {other}, and is another package", level
        )
    if one.direct:
        yield Problem(
            "address", one.path, 0, f"{one.name} comes from an address or a folder, not from the index", level
        )
    locked = {r.name for r in before.requirements if r.hashes}
    if locked and one.path.name == "pyproject.toml" and one.section != "build":
        hashes = {r.name: r.hashes for r in after.requirements if r.hashes}
        if one.name not in hashes:
            yield Problem("unlocked", one.path, 0, f"{one.name} stands in no lock with a hash")
    if any(r.hashes for r in before.requirements if r.path == one.path) and not (one.hashes and one.pinned):
        yield Problem("unlocked", one.path, 0, f"{one.name} has no exact version with a hash, as the others there have")
    if not locked and not one.direct and not one.spec.strip():
        yield Problem("unpinned", one.path, 0, f"{one.name} is declared without any version", level)
    for old in before.requirements:
        same = (old.name, old.path, old.spec) == (one.name, one.path, one.spec)
        if same and old.hashes and one.hashes - old.hashes:
            yield Problem("hash", one.path, 0, f"{one.name} has other hashes for the same version")


def _well_known() -> frozenset[str]:
    rows = KNOWN.read_text().splitlines()
    return frozenset(row.strip() for row in rows if row.strip() and not row.startswith("#"))


def lookalike(name: str, known: frozenset[str]) -> str:
    """The known name that another one imitates: one edit apart, or the same once confusable letters are one."""
    if name in known:
        return ""
    bare = _confused(name)
    for other in sorted(known):
        if _confused(other) == bare or (len(other) > 3 and edits(name, other) == 1):
            return other
        if len(other) > 6 and edits(name, other) == 2 and name[0] == other[0]:
            return other
    return ""


CONFUSED = str.maketrans("01i53", "ollse", "-")


def _confused(name: str) -> str:
    plain = name.translate(CONFUSED)
    plain = plain.replace("rn", "m").replace("vv", "w")
    return plain.removeprefix("python").removeprefix("py").removesuffix("python").removesuffix("py") or plain


def edits(one: str, other: str) -> int:
    """Damerau-Levenshtein distance (optimal string alignment); 3 stands for three and more."""
    if abs(len(one) - len(other)) > 2:
        return 3
    previous: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        following = [i]
        for j, b in enumerate(other, start=1):
            best = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, previous[j - 2] + 1)
            following.append(best)
        previous, row = row, following
    return min(row[-1], 3)


STAGE = DependenciesStage()
