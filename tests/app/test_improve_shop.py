"""Who is asked for findings, and that what a bot noted is looked up in the real history."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.repository import GitRepository
from bot.app.improve_shop import LIVED, lived
from bot.app.wiring import FEEDS, workshop
from bot.core.ids import Sha
from bot.improve.doors import Profile
from bot.policy.symptoms import TABLE, Symptom
from bot.sdk.testing import DictRecords
from tests.improve.analysts.conftest import Here

PROFILE = Profile((PurePosixPath(),), (PurePosixPath("bot"),), (), None)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def git(tree: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(["git", *who, *words], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()


def commit(tree: Path, text: str) -> Sha:
    (tree / "bot").mkdir(exist_ok=True)
    (tree / "bot" / "a.py").write_text(text)
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", "x")
    return Sha(git(tree, "rev-parse", "HEAD"))


@pytest.mark.integration
async def test_what_a_bot_noted_counts_until_the_function_is_another(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    ran = commit(tmp_path, "def f():\n    return 1 / 0\n")
    commit(tmp_path, "import os\n\n\ndef f():\n    return 1 / 0\n")
    records, repo = DictRecords(), GitRepository(tmp_path)

    async def found() -> list[Any]:
        work: Any = Here(tmp_path)
        analysts = lived(repo, records, lambda: NOW)
        return [one for analyst in analysts for one in await analyst.find(work, PROFILE)]

    unknown = Symptom("error", "bot/a.py:f", "e" * 40, NOW.date(), {"ZeroDivisionError": 9})
    records.put(TABLE, unknown.key("1"), unknown.row())
    assert await found() == [], "a commit that this history does not have"
    known = Symptom("error", "bot/a.py:f", ran, NOW.date(), {"ZeroDivisionError": 9})
    records.put(TABLE, known.key("2"), known.row())
    (one,) = await found()
    assert (one.symbol, one.line, one.evidence["errors"]) == ("f", 4, {"ZeroDivisionError": "9"})
    commit(tmp_path, "def f():\n    return 0\n")
    assert await found() == [], "it was mended"


def test_whoever_is_asked_has_somebody_named_who_can_use_it(tmp_path: Path) -> None:
    shop = workshop(None, DictRecords(), None, tmp_path, only_requested=False)  # type: ignore[arg-type]  # none is asked
    names = [analyst.name for analyst in shop.analysts]
    assert set(names) == set(FEEDS) - {"tuning"}
    assert set(LIVED) <= set(names)
    assert shop.cache == tmp_path
    assert len(names) == len(set(names))
