"""Builds a gate: base, head and trial as disposable checkouts, the referee's words from the base."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from bot.adapters.git.repository import GitRepository
from bot.app.road_settings import RoadSettings, road
from bot.core.change import Claim, FileChange, Kind
from bot.core.charter import Charter, Ward
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository, Sandbox
from bot.core.tier import Tier
from bot.improve.doors import Gate, Profile, Progress
from bot.improve.profile import profile
from bot.improve.workspace import SHELF, Checkout, overlay
from bot.policy import charter as charters
from bot.policy.dependency_audit import Rules, Severity

if TYPE_CHECKING:
    from bot.adapters.advisories.client import Auditor

CONFIGURATION = frozenset(
    {
        "conftest.py", "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".coveragerc", "mypy.ini", ".mypy.ini",
        "ruff.toml", ".ruff.toml", ".importlinter", ".bandit", ".flake8", "noxfile.py",
    }
)  # fmt: skip
"""Files by which tools are told what to do, wherever they lie: the trial has those of the base."""
OPEN_HOUSE = Charter(wards=(Ward("*", Tier.SAFE),))
"""For repositories without a charter: nothing is sealed there, and V-13 has no subject; the bounds on size hold."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged. `base` and `head` are full commit ids; the change is what lies between them."""

    repo: Repository
    base: Sha
    head: Sha
    claim: Claim = Claim.NONE
    kind: Kind = Kind.OTHER
    by_engine: bool = True
    python: Path | None = None
    """The interpreter for the repository's own code; None: see `python_of`."""
    charter: Charter | None = None
    """None: the one at base."""


@asynccontextmanager
async def open_gate(
    question: Question,
    sandbox: Sandbox,
    *,
    cache: Path | None = None,
    progress: Progress = lambda _stage, _text: None,
    settings: RoadSettings | None = None,
) -> AsyncIterator[Gate]:
    """A gate for as long as the block lasts; its checkouts are gone afterwards, whatever happened.

    `cache` is kept (default: `cache_of` the repository). Raises Denied if the head's tree plays tricks (links
    that lead out, names that git itself would obey), and Misconfigured for a broken charter or interpreter.
    `settings` say who is asked about dependencies; None: those of the environment.
    """
    repo, base, head = question.repo, question.base, question.head
    charter = await asyncio.to_thread(charter_at, repo, base) if question.charter is None else question.charter
    python = question.python or python_of(repo.path)
    if not os.access(python, os.X_OK):
        raise Misconfigured(f"{python} is not an interpreter that can be run: name another with --python")
    kept = cache or cache_of(repo)
    kept.mkdir(parents=True, exist_ok=True)
    given = settings or road()
    rules, auditor = audit_rules(given), auditor_of(given, kept)
    with tempfile.TemporaryDirectory(prefix="megawatts-gate-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        scratch = work / "scratch"
        scratch.mkdir()
        before, after = await _both(
            Checkout.make(repo, base, work / "base", sandbox, python, shelf=kept / SHELF),
            Checkout.make(repo, head, work / "head", sandbox, python, shelf=kept / SHELF),
        )
        changes = await asyncio.to_thread(repo.changes, base, head)
        found = await asyncio.to_thread(profile_at, repo, base)
        trial = await overlay(after, refereed(before, changes, found), work / "trial")
        yield Gate(
            repo=repo,
            base=before,
            head=after,
            trial=trial,
            changes=changes,
            profile=found,
            charter=charter,
            claim=_claim(question),
            kind=question.kind,
            scratch=scratch,
            cache=kept,
            progress=progress,
            by_engine=question.by_engine,
            auditor=auditor,
            audit=rules,
        )


def auditor_of(given: RoadSettings, cache: Path) -> "Auditor | None":
    """Who is asked about dependencies; None where that is switched off. Raises Misconfigured for a wrong address."""
    if given.osv_api_base.casefold() == "off":
        return None
    from bot.adapters.advisories.client import Auditor  # noqa: PLC0415  (only where a gate is opened)
    from bot.adapters.advisories.transport import Service, Shelf  # noqa: PLC0415

    shelf = Shelf(cache / "advisories")
    return Auditor(
        Service("OSV", "OSV_API_BASE", given.osv_api_base, shelf),
        Service("the package index", "PYPI_JSON_BASE", given.pypi_json_base, shelf),
    )


def audit_rules(given: RoadSettings) -> Rules:
    """Raises Misconfigured for a severity that there is not."""
    named = {one.name.lower(): one for one in Severity if one}
    found = named.get(given.audit_severity.strip().lower())
    if found is None:
        raise Misconfigured(f"AUDIT_SEVERITY: {given.audit_severity[:40]!r} is none of {', '.join(named)}")
    return Rules(found, given.audit_min_age_days)


async def _both(one: Awaitable[Checkout], other: Awaitable[Checkout]) -> tuple[Checkout, Checkout]:
    """Side by side. If either cannot be made the other is waited for, so that nothing writes after the end."""
    made = await asyncio.gather(one, other, return_exceptions=True)
    for found in made:
        if isinstance(found, BaseException):
            raise found
    return cast("tuple[Checkout, Checkout]", made)


def _claim(question: Question) -> Claim:
    """A refactoring implies the claim that behaviour stays."""
    return Claim.PRESERVING if question.kind is Kind.REFACTOR else question.claim


def profile_at(repo: Repository, sha: Sha) -> Profile:
    """The profile of a commit's tree."""
    return profile(repo.files(sha), lambda path: repo.read(sha, path))


def charter_at(repo: Repository, base: Sha) -> Charter:
    """The charter of the base, never of the head; `OPEN_HOUSE` where there is none."""
    data = repo.read(base, PurePosixPath(charters.PATH))
    if data is None:
        return OPEN_HOUSE
    return charters.parse(data.decode(errors="replace"), f"{charters.PATH} at {base[:12]}")


def refereed(base: Checkout, changes: tuple[FileChange, ...], found: Profile) -> Mapping[PurePosixPath, bytes | None]:
    """The changed tests and configuration files as base has them; None for those that base has not."""
    paths = {path for change in changes for path in change.paths}
    mine = sorted(p for p in paths if found.is_test(p) or p.name in CONFIGURATION)
    return {path: _regular(base.path / path) for path in mine}


def _regular(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def python_of(repo: Path) -> Path:
    """The repository's `.venv`, else the active virtual environment, else the interpreter that runs this program."""
    active = os.environ.get("VIRTUAL_ENV")
    candidates = [repo / ".venv" / "bin" / "python", *([Path(active) / "bin" / "python"] if active else [])]
    return next((path.absolute() for path in candidates if os.access(path, os.X_OK)), Path(sys.executable))


def cache_of(repo: Repository) -> Path:
    """Where a repository's caches are kept: below its git folder, out of every tree and every commit."""
    if isinstance(repo, GitRepository):
        return Path(repo.git.git_dir) / "megawatts" / "cache"
    return Path(tempfile.gettempdir()) / "megawatts-cache"


def between(repo: Repository, base: str, head: str) -> tuple[Sha, Sha, str]:
    """The commits to compare and, if it was moved, one sentence about the base.

    Where the base is no ancestor of the head, the best common ancestor is taken: what others merged meanwhile
    is no part of the change. Raises Misconfigured for unknown revisions, unrelated histories and equal commits.
    """
    first, last = repo.resolve(base), repo.resolve(head)
    if first == last:
        raise Misconfigured(f"{base} and {head} are the same commit {first[:12]}: there is nothing to judge")
    try:
        common = repo.merge_base(first, last)
    except Denied as error:
        raise Misconfigured(f"{base} and {head} share no history: choose a base that {head} was made from") from error
    if common == last:
        raise Misconfigured(f"{head} is an ancestor of {base}: it changes nothing; are --base and --head swapped?")
    note = (
        "" if common == first else f"{base} is not an ancestor of {head}: compared with their merge base {common[:12]}"
    )
    return common, last, note
