"""Settings of all tests."""

import gc
import logging
import os
import re
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

# The gate and a developer's run draw few and always the same examples: a flaky referee would blame innocents.
# CI draws many (`--hypothesis-profile=thorough`), the same again when it is run again.
settings.register_profile("steady", max_examples=12, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=150, derandomize=True, deadline=None)
settings.load_profile("steady")

# Modules and cases live to the end of the run. Looking for garbage among them, over and over, took a seventh of it.
gc.disable()


LONG = frozenset(
    ("journeys", "test_improve_sandbox", "test_author_agent", "test_referee_limits", "test_act", "test_tests",
     "test_forge_away", "test_mutant_tests", "test_behaviour_sandboxed", "test_referee_forgery",
     "test_beta_servers", "test_trials_source", "test_sandbox_notices", "test_experiment_end")
)  # fmt: skip
"""Folders and files whose tests take half a minute and more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first, the demo before all: one that is left for the end would run alone."""
    items.sort(
        key=lambda item: (item.path.stem != "test_demo", LONG.isdisjoint({item.path.stem, item.path.parent.name}))
    )


def pytest_collection_finish() -> None:
    """What tests leave behind is still collected, so that a resource which nobody closed is still an error. Seldom: to
    look for it at every 700th object, as Python does, takes seconds of a run of all tests."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


_INTEGRATION = re.compile(r"^pytestmark = (?:.*|\[[^\]]*)\bpytest\.mark\.integration\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files of integration tests are not even imported where those are left out, nor the conftest of a folder of such
    files: what they import (Discord, databases, models) would cost each gate seconds. Where only long tests are asked
    for, files without one are not imported: to read them all costs each worker a quarter of a minute."""
    asked = config.option.markexpr or ""
    wanted = frozenset(re.findall(r"(?<!not )\b(?:slow|integration|sandbox|journey|demo)\b", asked))
    if wanted and collection_path.name.startswith("test_") and collection_path.suffix == ".py":
        return None if wanted & _marks(collection_path) else True
    if "not integration" not in asked:
        return None
    if collection_path.is_dir():
        inside = list(collection_path.rglob("test_*.py"))
        return True if inside and all(map(_integrates, inside)) else None
    return True if collection_path.name.startswith("test_") and _integrates(collection_path) else None


@cache
def _marks(path: Path) -> frozenset[str]:
    """Marks that a file names, on whatever of its tests."""
    return frozenset(re.findall(r"\bmark\.(\w+)", path.read_text(encoding="utf-8")))


@cache
def _integrates(path: Path) -> bool:
    return path.suffix == ".py" and _INTEGRATION.search(path.read_text(encoding="utf-8")) is not None


MEMORY, ROOM = Path("/dev/shm"), 2 << 30


def _roomy(where: Path) -> bool:
    """Whether tests' folders may lie here: in memory, where a write that must last costs no wait for a disk.

    Who wants to look at them after the run sets TMPDIR, and finds them there.
    """
    if "TMPDIR" in os.environ or not os.access(where, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(where)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Where tests' folders are made: those in memory where there is room, and those on the disk."""
    disk = tmp_path_factory.mktemp("each")
    if not _roomy(MEMORY):
        yield disk, disk
        return
    with tempfile.TemporaryDirectory(prefix="megawatts-tests-", dir=MEMORY, ignore_cleanup_errors=True) as memory:
        yield Path(memory), disk


_number = count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, _folders: tuple[Path, Path]) -> Path:
    """A new folder, as pytest's own, without a link to the latest folder of each test's name: that costs more.

    That of a long test lies in memory, but for the sandbox, which is lent nothing below /dev.
    """
    marks = {mark.name for mark in request.node.iter_markers()}
    folder = _folders["sandbox" in marks or not marks & {"integration", "slow"}] / str(next(_number))
    folder.mkdir(mode=0o700)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """A test that sets up logs writes to a stream that is closed after it; the next one must not inherit that.

    A hook and no fixture, which would cost each of thousands of tests several times as much.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return (yield)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog = sys.modules.get("structlog")
        if structlog is not None:
            structlog.reset_defaults()
            structlog.contextvars.clear_contextvars()
