"""Which ideas a person asked for, and which analysts that needs."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.core.change import Finding, Idea, Kind, Origin, Severity
from bot.core.ids import ProposalId
from bot.improve.doors import Profile
from bot.improve.ideas import Workshop, asked, title_of
from bot.improve.requests import requested, wished

FINDING = Finding("tuning", PurePosixPath("bot/chat/tuning.toml"), 1, 1, Severity.LOW, "m", "tuning", "user_burst")
IDEA = Idea(ProposalId("a" * 12), "set user_burst to 7", "why", Kind.CONFIGURATION, Origin.ANALYST, "tuner", (FINDING,))
OTHER = replace(IDEA, id=ProposalId("b" * 12), author="phrases")


@pytest.fixture
def records(tmp_path: Path) -> Any:
    made = SqliteRecords(tmp_path / "r.db")
    yield made
    made.close()


def shop(only: bool) -> Workshop:
    analysts: Any = tuple(SimpleNamespace(name=name) for name in ("tuning", "suggestions", "complexity"))
    feeds = {"tuning": "tuner", "suggestions": "phrases"}
    return Workshop(analysts, (), lambda _sha: Profile((), (), (), None), only_requested=only, feeds=feeds)


def test_a_request_names_author_path_and_symbol() -> None:
    assert requested(IDEA, {"author": "tuner"})
    assert requested(IDEA, {"author": "", "path": "bot/chat/", "symbol": "user_burst"})
    assert not requested(IDEA, {"author": "phrases"})
    assert not requested(IDEA, {"author": "tuner", "path": "bot/app/"})
    assert not requested(IDEA, {"author": "tuner", "symbol": "memory_window"})


def test_what_was_asked_for_goes_first_and_alone_where_only_that_counts(records: SqliteRecords) -> None:
    assert wished([OTHER, IDEA], records, only=False) == (OTHER, IDEA)
    assert wished([OTHER, IDEA], records, only=True) == ()
    records.put("requests", "1", {"author": "tuner"})
    assert wished([OTHER, IDEA], records, only=False) == (IDEA, OTHER)
    assert wished([OTHER, IDEA], records, only=True) == (IDEA,)


def test_on_request_only_the_analysts_that_can_lead_there_are_asked(records: SqliteRecords) -> None:
    assert [a.name for a in asked(shop(only=False), records)] == ["tuning", "suggestions", "complexity"]
    assert asked(shop(only=True), records) == ()
    records.put("requests", "1", {"author": "tuner"})
    assert [a.name for a in asked(shop(only=True), records)] == ["tuning", "complexity"]


def test_a_title_is_a_conventional_commit_on_one_line() -> None:
    hostile = replace(IDEA, title="set x\nSigned-off-by: somebody\u202e")
    assert title_of(hostile) == "perf: set x Signed-off-by: somebody"
