"""What is known of one release of a package, and what follows: OSV's records, the index's JSON. Pure.

Sources: ossf.github.io/osv-schema, google.github.io/osv.dev/api, Warehouse, "JSON API"; PEP 639 for licences.
What people wrote into an advisory is never read: only ids, version numbers, scores and dates are taken, by pattern.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from bot.core.text import one_line
from bot.core.verdict import Status
from bot.policy.licences import Terms, terms
from bot.policy.python_versions import key, less

NAMED = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-:._][A-Za-z0-9]+){1,6}")
"""An advisory's id: `GHSA-...`, `PYSEC-...`, `CVE-...`."""
ECOSYSTEM = "PyPI"


NEVER = datetime.max.replace(tzinfo=UTC)


class Severity(IntEnum):
    """Qualitative ratings (CVSS v3.1, 5)."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


WORDS = {one.name: one for one in Severity} | {"MODERATE": Severity.MEDIUM}
SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


@dataclass(frozen=True, slots=True)
class Package:
    """One release: the name as the index compares it, and an exact version."""

    name: str
    version: str

    def __str__(self) -> str:
        return one_line(f"{self.name} {self.version}", 120)


@dataclass(frozen=True, slots=True)
class Advisory:
    """A known vulnerability of a release, under all of its ids. `severity` is None where nobody rated it."""

    ids: tuple[str, ...]
    severity: Severity | None = None
    fixed: tuple[str, ...] = ()
    """Versions that mend it, lowest first; empty: none is known."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the index says of a release."""

    licence: str = ""
    files: Mapping[str, datetime] = field(default_factory=dict)
    """SHA-256 of each file, and when it was uploaded."""
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """From which severity on a vulnerability refuses, and how many days a file must have been on the index."""

    severity: Severity = Severity.MEDIUM
    days: int = 7


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is wrong with a release, or not known of it."""

    rule: str
    text: str
    level: Status


Score = Callable[[str], float | None]
"""The base score of a vector, 0.0 to 10.0; None for what is none."""


def advisory(record: Mapping[str, Any], package: Package, score: Score) -> Advisory | None:
    """One OSV record as far as it concerns this release; None where it was withdrawn. Raises ValueError for no record.

    Whether the release is affected is what the server answered: that is not decided here again.
    """
    named = record.get("id")
    if not isinstance(named, str) or not NAMED.fullmatch(named):
        raise ValueError("the record has no id")
    if record.get("withdrawn"):
        return None
    aliases = [one for one in _rows(record, "aliases", str) if NAMED.fullmatch(one)]
    mine = [one for one in _rows(record, "affected", dict) if _is(one.get("package"), package)]
    return Advisory((named, *aliases[:10]), _severity(record, mine, score), _fixed(mine, package.version))


def _rows(record: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    found = record.get(name)
    return [one for one in found if isinstance(one, kind)] if isinstance(found, list) else []


def _is(named: object, package: Package) -> bool:
    if not isinstance(named, dict) or str(named.get("ecosystem", "")).partition(":")[0] != ECOSYSTEM:
        return False
    return re.sub(r"[-_.]+", "-", str(named.get("name", ""))).lower() == package.name


def _severity(record: Mapping[str, Any], affected: Iterable[Mapping[str, Any]], score: Score) -> Severity | None:
    """The worst rating that is given, by score or in the words of the database; None where there is none."""
    places = [record, *affected]
    scores = [score(str(row.get("score", ""))) for place in places for row in _rows(place, "severity", dict)]
    found = [rated(one) for one in scores if one is not None]
    for place in places:
        told = place.get("database_specific")
        word = str(told.get("severity", "")).upper() if isinstance(told, dict) else ""
        found += [WORDS[word]] if word in WORDS else []
    return max(found, default=None)


def rated(score: float) -> Severity:
    """The rating of a base score."""
    return next((one for least, one in SCORES if score >= least), Severity.NONE)


def _fixed(affected: Iterable[Mapping[str, Any]], version: str) -> tuple[str, ...]:
    """Versions after this one with which a range ends."""
    events = [
        event
        for entry in affected
        for span in _rows(entry, "ranges", dict)
        if span.get("type") in {"ECOSYSTEM", "SEMVER"}
        for event in _rows(span, "events", dict)
    ]
    found = {str(event["fixed"]) for event in events if "fixed" in event}
    return _sorted(one for one in found if len(one) < 40 and less(version, one))


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=lambda one: (key(one), one)))


def joined(found: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """One for each vulnerability: databases tell of the same one under several ids, which name each other."""
    groups: list[Advisory] = []
    for one in found:
        same = [other for other in groups if set(other.ids) & set(one.ids)]
        groups = [other for other in groups if other not in same]
        ratings = [each.severity for each in (*same, one) if each.severity is not None]
        fixed = {version for each in (*same, one) for version in each.fixed}
        ids = dict.fromkeys(named for each in (*same, one) for named in each.ids)
        groups.append(Advisory(tuple(ids), max(ratings, default=None), _sorted(fixed)))
    return tuple(groups)


def release(data: Mapping[str, Any], package: Package) -> Release:
    """The index's JSON of one release. Raises ValueError where it is of another, or is no such JSON."""
    info, urls = data.get("info"), data.get("urls")
    if not isinstance(info, dict) or not isinstance(urls, list):
        raise ValueError("the answer is no release")  # noqa: TRY004  (of data, not of a type)
    name = re.sub(r"[-_.]+", "-", str(info.get("name", ""))).lower()
    told = str(info.get("version", ""))
    if name != package.name or key(told) is None or key(told) != key(package.version):
        raise ValueError("the answer is of another release")
    files = {}
    for row in (row for row in urls if isinstance(row, dict)):
        digests = row.get("digests")
        digest = str(digests.get("sha256", "")) if isinstance(digests, dict) else ""
        if re.fullmatch(r"[0-9a-f]{64}", digest):
            files[digest] = _moment(str(row.get("upload_time_iso_8601", "")))
    return Release(licence_told(info), files, info.get("yanked") is True)


def _moment(text: str) -> datetime:
    """When; what cannot be read counts as never yet, so that it is waited for."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return NEVER
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def licence_told(info: Mapping[str, Any]) -> str:
    """The SPDX expression (PEP 639), else the classifiers, else what the field says."""
    rows = [str(row) for row in _rows(info, "classifiers", str) if str(row).startswith("License ::")]
    named = [row.rpartition("::")[2].strip() for row in rows]
    told = (str(info.get("license_expression") or ""), ", ".join(named), str(info.get("license") or "").split("\n")[0])
    return one_line(next((one for one in told if one.strip()), ""), 120)


def vulnerable(package: Package, found: Sequence[Advisory], rules: Rules) -> Iterator[Said]:
    """What its vulnerabilities make of a release. One that nobody rated counts as severe."""
    for one in sorted(joined(found), key=lambda one: (-(one.severity or Severity.CRITICAL), one.ids)):
        severe = one.severity is None or one.severity >= rules.severity
        rating = "not rated" if one.severity is None else one.severity.name.lower()
        mended = f"mended in {', '.join(one.fixed[:3])}" if one.fixed else "no version mends it"
        text = f"{package} has the known vulnerability {', '.join(one.ids[:4])} ({rating}); {mended}"
        yield Said("vulnerable", text, Status.FAIL if severe else Status.PENDING)


def unfit(
    package: Package, found: Release | None, hashes: frozenset[str], rules: Rules, *, now: datetime, level: Status
) -> Iterator[Said]:
    """What the index makes of a release. `hashes` are the lock's (`sha256:...`); `level`: what copyleft weighs."""
    if found is None:
        yield Said("unknown", f"{package} is not on the index", Status.FAIL)
        return
    if found.yanked:
        yield Said("yanked", f"{package} was withdrawn from the index by its makers", Status.FAIL)
    yield from _files(package, found, hashes, rules, now)
    asked = terms(found.licence)
    if asked is Terms.COPYLEFT:
        yield Said("licence", f"{package} is licensed as {found.licence}", level)
    elif asked is Terms.UNKNOWN:
        told = f"its licence {found.licence!r} is not known here" if found.licence else "it names no licence"
        yield Said("licence", f"{package}: {told}", Status.PENDING)


def _files(package: Package, found: Release, hashes: frozenset[str], rules: Rules, now: datetime) -> Iterator[Said]:
    """Files of the lock (all of the release where it names none) are those of the index, and old enough."""
    locked = {one.removeprefix("sha256:") for one in hashes if one.startswith("sha256:")}
    if hashes and not locked:
        yield Said(
            "foreign", f"{package}: the lock has no SHA-256, so nothing compares it with the index", Status.PENDING
        )
    if foreign := sorted(locked - set(found.files)):
        yield Said("foreign", f"{package}: the lock has a hash that the index has not: {foreign[0][:12]}", Status.FAIL)
    moments = [at for digest, at in found.files.items() if digest in locked or not locked]
    if not moments:
        yield Said("fileless", f"{package} has no file on the index", Status.FAIL)
    elif (newest := max(moments)) > now - timedelta(days=rules.days):
        since = "at a time that cannot be read" if newest == NEVER else f"on {newest:%Y-%m-%d}"
        text = f"{package} was uploaded {since}: files wait {rules.days} days, for others to find what is wrong"
        yield Said("young", text, Status.PENDING)
