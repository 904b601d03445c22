"""Runs tests of one checkout in the sandbox."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.sandbox import Limits
from bot.improve.doors import Profile, Workspace
from bot.improve.testing import precompiled, report, settings
from bot.improve.testing.interpreter import inspect, seed
from bot.improve.testing.lent import lend
from bot.improve.testing.results import Run

INSIDE = Path(__file__).parent / "inside"
HYPOTHESIS = "hypothesis"
"""Hypothesis's storage directory, below a run's temporary one."""
PROCESSES = 2
FILE_MB = 128
"""Of one temporary file; all of them together may have four times that."""
WORTH = 1.0
"""Seconds of tests from which a second process saves more than its start costs."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What to run: `tests` by id, or whole `files`; neither: everything that the settings name."""

    tests: tuple[str, ...] | None = None
    files: tuple[str, ...] = ()
    coverage: bool = True
    collect_only: bool = False
    seconds: float = 300.0
    patience: float = 30.0
    """Seconds without a word from a worker after which the test it is at counts as hanging."""
    hash_seed: str = "0"
    root: Path | None = None
    """Another tree than the checkout, see `overlay`."""
    shards: tuple[Mapping[str, object], ...] = ()
    """Ready-made parts of the work, in place of tests and files."""
    first: tuple[str, ...] = ()
    """Tests of `tests` that run beside the others and, if one fails that is not in `tolerated`, end the run."""
    others_traced: bool = True
    """Whether the tests beside `first` are measured too."""
    tolerated: frozenset[str] = frozenset()
    shared: bool = False
    """With neither tests nor files: the processes share the files, each collects its own part and no list is needed."""
    weights: Mapping[str, float] | None = None
    """Seconds by test id, known from an earlier run; lets the tests be split evenly over processes."""


async def run_tests(work: Workspace, profile: Profile, ask: Ask, *, scratch: Path, cache: Path) -> Run:
    """One run. Never raises for what the tests do; raises Misconfigured if the interpreter does not start."""
    found = await inspect(work, cache)
    folder = _fresh(scratch)
    root = ask.root or work.path
    lent = await lend(work, root, profile, cache=cache, storage=folder / "tmp" / HYPOTHESIS)
    compiled = await precompiled.place(work, cache)
    lent = (*lent, *([compiled] if compiled.is_dir() else []))
    chosen = settings.read(root, profile)
    config = str(root / chosen.config) if chosen.config else "/dev/null"
    # Without a configuration file pytest would look for conftests, and list folders, up to the root of the file system.
    args = [f"--rootdir={root}", f"--confcutdir={root}", "-c", config, "-o", "addopts="]
    args += ["--continue-on-collection-errors", "-p", "no:cacheprovider", *seed(found), *chosen.arguments]
    if ask.collect_only:
        args.append("--assert=plain")  # nothing runs: rewriting assertions would be half of the work
    secret = secrets.token_bytes(32)
    job = {
        "root": str(root),
        "roots": [str(root / folder) for folder in profile.roots] or [str(root)],
        "kit": [str(found.kit)] if found.kit else [],
        "compiled": str(compiled) if compiled in lent else "",
        "engine": found.engine,
        "plugins": found.modules(chosen.without),
        "args": args,
        "shards": list(ask.shards) or shards(ask, chosen.paths or (".",)),
        "coverage": [str(path) for path in profile.packages] if ask.coverage and found.coverage else None,
        "tests": [str(path) for path in profile.tests],
        "decides": sorted(ask.tolerated) if ask.first else None,
        "collect_only": ask.collect_only,
        "collect_patience": max(60.0, ask.patience),
        "patience": ask.patience,
        "seconds": ask.seconds,
        "report": str(folder / "report"),
    }
    finished = await work.run(
        ["{python}", "-s", "-B", str(INSIDE / "launch.py")],
        writable=[folder],
        readable=[INSIDE, *([found.kit] if found.kit else []), *([root] if ask.root else []), *lent],
        env=environment(folder / "tmp", ask.hash_seed),
        stdin=json.dumps(job).encode() + b"\n" + secret.hex().encode() + b"\n",
        limits=Limits(seconds=ask.seconds + 30, cpu_seconds=PROCESSES * (ask.seconds + 30), file_mb=FILE_MB),
    )
    run = await asyncio.to_thread(report.read, folder / "report", secret, finished)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return run


def environment(temporary: Path, hash_seed: str = "0") -> dict[str, str]:
    """The whole environment of a test run: the same for every run, nothing of the caller's.

    Temporary files go where the sandbox puts them, most often into memory: a disk takes a tenth of a suite's time.
    """
    return {
        "HOME": str(temporary),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": hash_seed,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(temporary / HYPOTHESIS),
    }


def _fresh(scratch: Path) -> Path:
    folder = scratch / f"run-{secrets.token_hex(6)}"
    (folder / "tmp").mkdir(parents=True)
    folder.chmod(0o777)
    (folder / "tmp").chmod(0o777)
    return folder


def shards(ask: Ask, paths: Sequence[str]) -> list[dict[str, object]]:
    """The work, split by file over processes where the durations are known and worth it."""
    if ask.shared and ask.tests is None:
        parts = [[number, PROCESSES] for number in range(PROCESSES)]
        return [{"wanted": None, "files": list(ask.files or paths), "traced": True, "share": part} for part in parts]
    if ask.tests is None:
        return [{"wanted": None, "files": list(ask.files or paths), "traced": True}]
    if ask.first:
        early = frozenset(ask.first)
        rest = _split([test for test in ask.tests if test not in early], ask.weights or {})
        return [_part(ask.first), *(_part(tests, traced=ask.others_traced) for tests in rest)]
    return [_part(tests) for tests in _split(ask.tests, ask.weights or {})]


def _split(tests: Sequence[str], weights: Mapping[str, float]) -> list[list[str]]:
    """Tests in parts of about the same duration, whole files each; a short list stays one part."""
    by_file = group(tests)
    cost = {path: sum(weights.get(test, 0.0) for test in tests) for path, tests in by_file.items()}
    count = PROCESSES if sum(cost.values()) > WORTH else 1
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for path in sorted(by_file, key=lambda p: (-cost[p], p)):
        lightest = loads.index(min(loads))
        loads[lightest] += cost[path] + 0.01
        parts[lightest].append(path)
    return [[test for path in sorted(part) for test in by_file[path]] for part in parts if part]


def _part(tests: Iterable[str], *, traced: bool = True) -> dict[str, object]:
    by_file = group(tests)
    wanted = [test for part in by_file.values() for test in part]
    return {"wanted": wanted, "files": sorted(by_file), "traced": traced}


def group(tests: Iterable[str]) -> dict[str, list[str]]:
    """Test ids by the file that holds them."""
    by_file: dict[str, list[str]] = {}
    for test in tests:
        by_file.setdefault(file_of(test), []).append(test)
    return by_file


def file_of(test: str) -> str:
    """The file of a test id: before the first `::`, or the module part of a dotted unittest name."""
    if "::" in test:
        return test.partition("::")[0]
    return "/".join(test.split(".")[:-2]) + ".py"
