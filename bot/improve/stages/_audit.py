"""The audit of V-6: what OSV and the index know of each release that a change declares anew."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import PurePosixPath

from bot.core.errors import MegawattsError
from bot.core.text import one_line
from bot.core.verdict import Fact, Status
from bot.improve.doors import Auditor, Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._requirements import Declared, Requirement
from bot.policy.dependency_audit import Package, Said, licence_told, unfit, vulnerable
from bot.policy.licences import Terms, terms

EXACT = re.compile(r"===?\s*([\w.!+-]+)(?!\.?\*)(?:\s*(?:;.*)?)$")
FRESH: Mapping[str, Fact] = {"fresh_seconds": 6 * 3600}
"""How long a verdict counts that rests on what the world knows today."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A release that would be installed anew, where it is declared, and the lock's hashes of it."""

    package: Package
    path: PurePosixPath
    hashes: frozenset[str]


async def audited(gate: Gate, before: Declared, after: Declared) -> list[Problem]:
    """What is wrong with, or could not be known about, what is declared anew."""
    wanted, unpinned = releases(before, after)
    found = [
        Problem("unaudited", one.path, 0, f"{one.name} has no exact version that could be audited", Status.PENDING)
        for one in unpinned
    ]
    if not wanted:
        return found
    if gate.auditor is None:
        return [*found, *(_unasked(gate, one, "nobody is asked about dependencies here") for one in wanted)]
    return [*found, *await _advised(gate, gate.auditor, wanted), *await _listed(gate, gate.auditor, wanted)]


def releases(before: Declared, after: Declared) -> tuple[list[Wanted], list[Requirement]]:
    """Releases that were not declared so before, each once, and requirements that name no exact version.

    A range counts as the version that the lock has for it. What comes from an address is refused elsewhere.
    """
    fresh = [one for one in after.requirements if one not in before.requirements and not one.direct]
    locked: dict[str, list[Requirement]] = {}
    for one in after.requirements:
        if exact(one):
            locked.setdefault(one.name, []).append(one)
    wanted: dict[Package, Wanted] = {}
    unpinned = []
    for one in fresh:
        pins = [one] if exact(one) else locked.get(one.name, [])
        unpinned += [] if pins else [one]
        for pin in pins:
            package = Package(pin.name, exact(pin))
            known = wanted.get(package)
            hashes = pin.hashes | (known.hashes if known else frozenset())
            wanted[package] = Wanted(package, known.path if known else one.path, hashes)
    return sorted(wanted.values(), key=lambda one: (one.package.name, one.package.version)), unpinned


def exact(one: Requirement) -> str:
    """The one version that a requirement allows; empty where it is a range, or comes from an address."""
    found = EXACT.match(one.spec.strip())
    return found[1] if found and not one.direct else ""


async def _advised(gate: Gate, auditor: Auditor, wanted: Sequence[Wanted]) -> list[Problem]:
    try:
        known = await auditor.advisories([one.package for one in wanted])
        return [
            _problem(one, said) for one in wanted for said in vulnerable(one.package, known[one.package], gate.audit)
        ]
    except MegawattsError as error:
        return [_unasked(gate, one, f"could not be audited for known vulnerabilities: {error}") for one in wanted]


async def _listed(gate: Gate, auditor: Auditor, wanted: Sequence[Wanted]) -> list[Problem]:
    level = Status.FAIL if gate.by_engine else Status.PENDING
    try:
        known = await auditor.releases([one.package for one in wanted])
    except MegawattsError as error:
        return [_unasked(gate, one, f"its licence and age are not known: {error}") for one in wanted]
    now = datetime.now(UTC)
    rows = (
        (one, unfit(one.package, known[one.package], one.hashes, gate.audit, now=now, level=level)) for one in wanted
    )
    return [_problem(one, said) for one, found in rows for said in found]


def _problem(one: Wanted, said: Said) -> Problem:
    return Problem(said.rule, one.path, 0, said.text, said.level)


def _unasked(gate: Gate, one: Wanted, because: str) -> Problem:
    """What is left without an answer from outside: the licence that the installed package of that name states."""
    licence = licence_of(one.package.name)
    if terms(licence) is Terms.COPYLEFT and gate.by_engine:
        return Problem("licence", one.path, 0, f"{one.package} is licensed as {licence}", Status.FAIL)
    text = f"{one.package}: {one_line(because, 200)}; licence: {licence or 'not known here'}"
    return Problem("unaudited", one.path, 0, text, Status.PENDING)


def licence_of(name: str) -> str:
    """The licence that the installed package of that name states; empty if it is not installed."""
    try:
        found = metadata(name)
    except (PackageNotFoundError, ValueError):
        return ""
    told = {
        "license_expression": ", ".join(found.get_all("License-Expression") or ()),
        "license": ", ".join(found.get_all("License") or ()),
        "classifiers": list(found.get_all("Classifier") or ()),
    }
    return licence_told(told)
