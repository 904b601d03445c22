"""Hypothesis's tables of characters, made once for an interpreter and lent to each run, which is spared seconds."""

import asyncio
import secrets
import shutil
from pathlib import Path

from bot.core.sandbox import Limits
from bot.improve.doors import Profile, Workspace

FOLDER = "unicode_data"
"""Below Hypothesis's storage directory (hypothesis.internal.charmap)."""
PROGRAM = """
import sys
sys.path.pop(0)
from hypothesis.internal import charmap
charmap.charmap()
charmap.intervals_from_codec("utf-8")
"""
SECONDS = 60.0
LARGEST = 1 << 20
_making: dict[Path, asyncio.Lock] = {}


async def lend(work: Workspace, root: Path, profile: Profile, *, cache: Path, into: Path) -> None:
    """Put the tables into a run's storage directory `into`, if the tests at `root` speak of Hypothesis.

    They are made in the sandbox by the interpreter alone, so no repository's code has touched them. Without them a run
    makes its own: it is no error if they cannot be had.
    """
    if not await asyncio.to_thread(_used, root, profile):
        return
    ready = cache / f"characters-{_name(work.python)}"
    async with _making.setdefault(ready, asyncio.Lock()):
        if not ready.is_dir():
            await _make(work, ready)
    if ready.is_dir():
        await asyncio.to_thread(_copy, ready, into / FOLDER)


def _name(python: Path) -> str:
    return str(python).strip("/").replace("/", "-")


def _used(root: Path, profile: Profile) -> bool:
    return any(
        b"hypothesis" in path.read_bytes()
        for folder in profile.tests
        for path in sorted((root / folder).rglob("*.py"))
        if path.is_file() and not path.is_symlink()
    )


async def _make(work: Workspace, ready: Path) -> None:
    scratch = ready.with_name(f".{ready.name}.{secrets.token_hex(4)}")
    scratch.mkdir(parents=True)
    scratch.chmod(0o777)
    try:
        await work.run(
            ["{python}", "-s", "-B", "-c", PROGRAM],
            writable=[scratch],
            env={"HYPOTHESIS_STORAGE_DIRECTORY": str(scratch)},
            limits=Limits(seconds=SECONDS),
        )
        if (scratch / FOLDER).is_dir():
            await asyncio.to_thread(_copy, scratch / FOLDER, ready)
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Plain small files only; whole or not at all."""
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    for path in sorted(source.rglob("*.gz")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST:
            place = partial / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    if partial.is_dir():
        for folder in (partial, *(p for p in partial.rglob("*") if p.is_dir())):
            folder.chmod(0o777)
        partial.replace(target)
