"""The base's own tests on the base: which there are, how they end, how long they take, what they run."""

import asyncio
import gzip
import hashlib
import json
from itertools import chain, islice
from pathlib import Path

from bot.improve.doors import Profile, Workspace
from bot.improve.testing.precompiled import precompile
from bot.improve.testing.results import Run
from bot.improve.testing.run import Ask, run_tests

FORMAT = 4
GUESS = 0.02
"""Seconds that a test of unknown duration is taken for, when the work is split."""
MANY = 40
"""Files of tests from which it is worth it that processes share them unseen, in place of a list of the tests first."""
_making: dict[Path, asyncio.Lock] = {}


async def baseline(work: Workspace, profile: Profile, *, scratch: Path, cache: Path, seconds: float = 600.0) -> Run:
    """The run of this tree's suite, from the cache if it has one. A run that timed out is not kept."""
    path = _place(work, profile, cache)
    async with _making.setdefault(path, asyncio.Lock()):
        known = await asyncio.to_thread(load, path)
        if known is not None:
            return known
        await precompile(work, profile, cache)
        run = await _make(work, profile, scratch, cache, seconds)
        if run.tests and not run.timed_out:
            await asyncio.to_thread(save, run, path)
        return run


def foretell(work: Workspace, profile: Profile, run: Run, cache: Path) -> None:
    """Keep a run that is known before its tree has become a base. What was measured there stays."""
    path = _place(work, profile, cache)
    if not path.exists():
        save(run, path)


def _place(work: Workspace, profile: Profile, cache: Path) -> Path:
    return cache / "tests" / f"{work.tree}-{_key(work, profile)}.json.gz"


async def _make(work: Workspace, profile: Profile, scratch: Path, cache: Path, seconds: float) -> Run:
    if profile.runner == "pytest" and _many(work, profile):
        return await run_tests(work, profile, Ask(shared=True, seconds=seconds), scratch=scratch, cache=cache)
    listed = await run_tests(
        work, profile, Ask(collect_only=True, coverage=False, seconds=seconds), scratch=scratch, cache=cache
    )
    if not listed.collected:
        return listed
    weights = dict.fromkeys(listed.collected, GUESS)
    ask = Ask(tests=listed.collected, seconds=seconds, weights=weights)
    run = await run_tests(work, profile, ask, scratch=scratch, cache=cache)
    problems = {**listed.problems, **run.problems}
    return Run(
        run.tests, listed.collected, run.files, problems, run.tampered, run.always_equal, run.timed_out, run.seconds
    )


def _many(work: Workspace, profile: Profile) -> bool:
    """Whether there are many files below the folders of tests. Without such folders nobody knows."""
    found = chain.from_iterable((work.path / place).rglob("*.py") for place in profile.tests)
    return len(list(islice(found, MANY))) == MANY


def _key(work: Workspace, profile: Profile) -> str:
    parts = [FORMAT, str(work.python), profile.runner, profile.own, *map(str, (*profile.roots, *profile.packages))]
    parts += map(str, profile.tests)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def save(run: Run, path: Path) -> None:
    """Write a run, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(gzip.compress(json.dumps(run.to_dict()).encode(), compresslevel=1))
    partial.replace(path)


def load(path: Path) -> Run | None:
    """A run written by `save`; None if there is none or it cannot be read, which means: make it again."""
    try:
        return Run.from_dict(json.loads(gzip.decompress(path.read_bytes())))
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
