"""An answer to a merge queue's group is given whole, once on record, wherever the controller is killed in it."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import PullNumber, Sha
from bot.core.merge_queue import MergeGroup
from bot.core.verdict import Status, Verdict
from bot.improve.context import CONSENT, GATE
from bot.improve.look import View
from bot.improve.merge_queue import ACT, tend
from tests.policy.builders import CHARTER, MAIN

GROUP = MergeGroup("refs/heads/queue/main/pr-7", Sha("9" * 40), PullNumber(7), MAIN)
SEEN = View(MAIN, CHARTER, (), {})


class Queue:
    """A forge with one group, and a clone that does not have its commit."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Status]] = []

    async def merge_groups(self) -> list[MergeGroup]:
        return [GROUP]

    async def reported(self, _sha: Sha, context: str) -> Verdict | None:
        return next((Verdict(one, status, "said") for one, status in self.said if one == context), None)

    async def report(self, _sha: Sha, context: str, verdict: Verdict) -> None:
        self.said.append((context, verdict.status))

    def resolve(self, rev: str) -> Sha:
        raise Misconfigured(f"{rev} is not here")


@pytest.fixture
def doors(tmp_path: Path) -> Any:
    queue = Queue()
    return SimpleNamespace(
        forge=queue, repo=queue, audit=FileAuditLog(tmp_path / "audit.jsonl"), switch=FileSwitch(tmp_path / "stop"),
        clock=lambda: datetime(2026, 6, 1, tzinfo=UTC), say=lambda *_told: None, crash_point=lambda _name: None,
    )  # fmt: skip


@pytest.mark.parametrize("point", ["queue.audited", "queue.gate", "queue.consent"])
async def test_killed_anywhere_both_statuses_are_there_and_one_entry(doors: Any, point: str) -> None:
    died: list[str] = []

    def die(name: str) -> None:
        if name == point and not died:
            died.append(name)
            raise Unavailable("this test")

    doors.crash_point = die
    with pytest.raises(Unavailable, match="this test"):
        await tend(doors, SEEN)
    for _round in range(3):
        await tend(doors, SEEN)
    assert died == [point]
    assert {(context, status) for context, status in doors.forge.said} == {(GATE, Status.FAIL), (CONSENT, Status.FAIL)}
    (entry,) = doors.audit.entries()
    assert (entry.act, entry.subject, entry.facts["group"]) == (ACT, "#7", GROUP.head)


async def test_while_everything_is_stopped_nothing_is_said(doors: Any) -> None:
    doors.switch.stop("look first", "ada")
    await tend(doors, SEEN)
    assert (doors.forge.said, list(doors.audit.entries())) == ([], [])
    doors.switch.resume("ada")
    await tend(doors, SEEN)
    assert len(doors.forge.said) == 2
