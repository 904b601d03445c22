"""The base's sources compiled once, and lent to each run of tests: a fifth of a large suite's time is compiling.

Only the base's are, which people or the gate have let in: what a change brings is compiled in each run. A text that
could break the compiler could then forge no more than code for itself and for what was let in beside it.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from bot.core.sandbox import Limits
from bot.improve.doors import Profile, Workspace
from bot.improve.testing.inside.compiled import LINES, PLAIN, TEST, key
from bot.improve.testing.interpreter import inspect
from bot.improve.testing.lent import plain_files, take_over

INSIDE = Path(__file__).parent / "inside"
WORTH = 40
"""So many sources without code are worth a process."""
MOST = 20_000
LARGEST = 4 << 20
SECONDS = 120.0
PROCESSES = 2
_making: dict[Path, asyncio.Lock] = {}


async def place(work: Workspace, cache: Path) -> Path:
    """Where the code for this interpreter is kept; it need not be there yet."""
    return cache / f"compiled-{(await inspect(work, cache)).build}"


async def precompile(work: Workspace, profile: Profile, cache: Path) -> None:
    """Compile what the base's run would compile. It is no error if that fails: then each run compiles for itself."""
    ready = await place(work, cache)
    found = await inspect(work, cache)
    if found.engine != "pytest":
        return
    async with _making.setdefault(ready, asyncio.Lock()):
        known = frozenset(os.listdir(ready)) if ready.is_dir() else frozenset[str]()  # noqa: PTH208  (names are enough)
        lacking = {
            name: row for name, row in (await asyncio.to_thread(_sources, work.path, profile)).items()
            if name not in known
        }  # fmt: skip
        if len(lacking) < WORTH:
            return
        if len(known) > MOST:
            await asyncio.to_thread(shutil.rmtree, ready, ignore_errors=True)
        names = sorted(lacking)
        kit = [found.kit] if found.kit else []
        parts = [{name: lacking[name] for name in names[n::PROCESSES]} for n in range(PROCESSES)]
        await asyncio.gather(*(_make(work, ready, kit, part) for part in parts))


def _sources(root: Path, profile: Profile) -> dict[str, tuple[str, Path]]:
    """Plain files of the product and the tests, by the name of their code: the kind and the path."""
    found: dict[str, tuple[str, Path]] = {}
    for path in (path for folder in (*profile.packages, *profile.tests) for path in plain_files(root / folder)):
        test = path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
        product = not profile.is_test(PurePosixPath(path.relative_to(root)))
        source = path.read_bytes()
        for kind in (TEST,) if test else (PLAIN, LINES) if product else (PLAIN,):
            found[key(kind, source)] = (kind, path)
    return found


async def _make(work: Workspace, ready: Path, kit: list[Path], part: Mapping[str, tuple[str, Path]]) -> None:
    scratch = ready.with_name(f".{ready.name}.{secrets.token_hex(4)}")
    scratch.mkdir(parents=True)
    scratch.chmod(0o777)
    files = {kind: [str(path) for one, path in part.values() if one == kind] for kind in (PLAIN, TEST, LINES)}
    try:
        await work.run(
            ["{python}", "-s", "-B", str(INSIDE / "launch.py"), "compiled"],
            writable=[scratch],
            readable=[INSIDE, *kit],
            stdin=json.dumps({"kit": [str(folder) for folder in kit], "folder": str(scratch), "files": files}).encode(),
            limits=Limits(seconds=SECONDS),
        )
        await asyncio.to_thread(_keep, scratch, ready, part)
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def _keep(scratch: Path, ready: Path, asked: Mapping[str, object]) -> None:
    """Take over what has a name that was asked for."""
    ready.mkdir(parents=True, exist_ok=True)
    for name in asked:
        with suppress(FileNotFoundError):
            take_over(scratch / name, ready / name, LARGEST)
