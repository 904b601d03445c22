"""What Hypothesis would work out anew in each run, made once and lent: tables of characters, constants of sources."""

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.core.sandbox import Limits
from bot.improve.doors import Profile, Workspace

TABLES, CONSTANTS = "unicode_data", "constants"
"""Below Hypothesis's storage directory (hypothesis.internal.charmap, hypothesis.internal.constants_ast)."""
PROGRAM = """
import json, sys, types
sys.path.pop(0)
from hypothesis.internal import charmap
charmap.charmap()
charmap.intervals_from_codec("utf-8")
from hypothesis.internal.constants_ast import constants_from_module
for path in json.load(sys.stdin):
    module = types.ModuleType("read")
    module.__file__ = path
    constants_from_module(module)
"""
SECONDS = 120.0
LARGEST = 1 << 20
WORTH = 40
"""So many sources without constants are worth a process; a run works out fewer by itself."""
MOST = 20_000
_making: dict[Path, asyncio.Lock] = {}
_vain: set[Path] = set()
"""Interpreters that made nothing: they have no Hypothesis, whatever the tests speak of."""


async def lend(work: Workspace, root: Path, profile: Profile, *, cache: Path, storage: Path) -> tuple[Path, ...]:
    """Lead a run's storage directory to what is kept, if the tests at `root` speak of Hypothesis.

    Returns the folders that the run must be able to read. It cannot write there: what it works out itself is lost.
    Kept things are made in the sandbox by the interpreter alone, which parses sources and runs none. It is no error if
    they cannot be had.
    """
    sources = await asyncio.to_thread(_sources, root, profile)
    if sources is None:
        return ()
    ready = cache / f"hypothesis-{str(work.python).strip('/').replace('/', '-')}"
    async with _making.setdefault(ready, asyncio.Lock()):
        known = _names(ready / CONSTANTS)
        lacking = [path for name, path in sources.items() if name not in known]
        if ready not in _vain and (len(lacking) > WORTH or not (ready / TABLES).is_dir()):
            if len(known) > MOST:
                await asyncio.to_thread(shutil.rmtree, ready, ignore_errors=True)
            await _make(work, ready, lacking)
            if not (ready / TABLES).is_dir():
                _vain.add(ready)
    there = [folder for folder in (ready / TABLES, ready / CONSTANTS) if folder.is_dir()]
    if there:
        storage.mkdir(parents=True, exist_ok=True)
        storage.chmod(0o777)
    for folder in there:
        (storage / folder.name).symlink_to(folder)
    return tuple(there)


def _sources(root: Path, profile: Profile) -> dict[str, Path] | None:
    """The product's sources by the name of their constants; None if no test names Hypothesis.

    It reads no constants of tests (`is_local_module_file` of hypothesis.internal.constants_ast).
    """
    if not any(b"hypothesis" in path.read_bytes() for folder in profile.tests for path in plain_files(root / folder)):
        return None
    files = (path for folder in profile.packages for path in plain_files(root / folder))
    return {hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()[:16]: path for path in files}


def plain_files(place: Path) -> Iterator[Path]:
    """Python files at or below a place, in order; links are none."""
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        if path.is_file() and not path.is_symlink():
            yield path


def _names(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()  # noqa: PTH208  (names are enough)


async def _make(work: Workspace, ready: Path, sources: list[Path]) -> None:
    scratch = ready.with_name(f".{ready.name}.{secrets.token_hex(4)}")
    scratch.mkdir(parents=True)
    scratch.chmod(0o777)
    try:
        await work.run(
            ["{python}", "-s", "-B", "-c", PROGRAM],
            writable=[scratch],
            env={"HYPOTHESIS_STORAGE_DIRECTORY": str(scratch)},
            stdin=json.dumps([str(path) for path in sources]).encode(),
            limits=Limits(seconds=SECONDS),
        )
        await asyncio.to_thread(_keep, scratch, ready)
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def _keep(scratch: Path, ready: Path) -> None:
    """Take over plain small files, each whole; they belong to us from then on."""
    for path in [p for name in (TABLES, CONSTANTS) for p in sorted((scratch / name).rglob("*"))]:
        if path.name[0] != ".":
            take_over(path, ready / path.relative_to(scratch), LARGEST)


def take_over(path: Path, place: Path, largest: int) -> None:
    """Move a file that a boxed program wrote to where we keep it, if it is plain and small: it is ours from then on."""
    seen = path.lstat()
    if not stat.S_ISREG(seen.st_mode) or seen.st_nlink > 1 or seen.st_size > largest:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if seen.st_uid != os.geteuid():
        os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
    path.chmod(0o644)
    path.replace(place)
