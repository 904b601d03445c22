"""What `megawatts improve` must know of a repository before it starts: is it clean, does its suite run."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.improve.doors import Profile, Workspace
from bot.improve.testing.baseline import baseline
from bot.improve.testing.results import Run

SHOWN = 5
_SUITE = "V-7 tests, V-8 coverage and V-9 mutation fall away; V-10 alone compares what the functions do"


@dataclass(frozen=True, slots=True)
class Ground:
    """Sentences for people about what holds less than usual here."""

    notes: tuple[str, ...]


def dirty(repo: Repository, base: Sha) -> tuple[PurePosixPath, ...]:
    """Files of the commit that lie otherwise in the work tree. Only read; git's own filters are not asked."""
    if not (repo.path / ".git").exists():
        return ()
    return tuple(path for path, oid in sorted(repo.files(base).items()) if not _as(repo.path / path, oid))


def _as(place: Path, oid: str) -> bool:
    try:
        data = str(place.readlink()).encode() if place.is_symlink() else place.read_bytes()
    except OSError:
        return False
    kinds = (data, data.replace(b"\r\n", b"\n"))
    return any(_blob(content, len(oid)) == oid for content in kinds)


def _blob(data: bytes, digits: int) -> str:
    """Git's name of a blob, SHA-1 or SHA-256 as the repository has it."""
    framed = b"blob %d\0" % len(data) + data
    plain = hashlib.sha256(framed) if digits == 64 else hashlib.sha1(framed, usedforsecurity=False)
    return plain.hexdigest()


async def survey(repo: Repository, work: Workspace, profile: Profile, scratch: Path, cache: Path) -> Ground:
    """Notes on this ground. Raises Misconfigured where nothing could be proved: the suite cannot run at all."""
    notes = []
    if changed := dirty(repo, work.sha):
        notes.append(f"works from HEAD {work.sha[:12]}: {_some(changed)} differ in the work tree and are left alone")
    if profile.runner is None:
        notes.append(f"no tests: {_SUITE}")
        return Ground(tuple(notes))
    run = await baseline(work, profile, scratch=scratch, cache=cache)
    notes += _suite(run)
    return Ground(tuple(notes))


def _suite(run: Run) -> Iterator[str]:
    hanging = [test for test, result in run.tests.items() if result.outcome == "timeout"]
    where = "; ".join(f"{name}: {_last(text)}" for name, text in sorted(run.problems.items()))
    if run.timed_out:
        named = f" (hanging: {_some(hanging)})" if hanging else ""
        raise Misconfigured(f"the tests at HEAD do not end within {run.seconds:.0f} s{named}: repair that first")
    if not run.tests:
        if where:
            raise Misconfigured(f"the tests at HEAD do not run: {where[:600]}; name another interpreter with --python")
        yield f"no test is collected: {_SUITE}"
        return
    if where:
        yield f"not all test files can be collected at HEAD, their tests prove nothing: {where[:400]}"
    if hanging:
        yield f"{len(hanging)} tests hang at HEAD (ended after 30 s of silence) and prove nothing: {_some(hanging)}"
    failing = [test for test in run.bad() if test not in hanging]
    if failing and not any(result.good for result in run.tests.values()):
        raise Misconfigured(
            f"every test fails already at HEAD, so none can tell a good change from a bad one: {_some(failing)}"
        )
    if failing:
        yield f"{len(failing)} tests fail already at HEAD: {_some(failing)}; the others judge"


def _some(names: list[str] | tuple[PurePosixPath, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name) for name in names[:SHOWN]) + more


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no message"
