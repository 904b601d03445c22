"""The dashboard lists everything once, with its reason; boxes stand where a tick can free something."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.change import Finding, Idea, Kind, Origin, Proposal, Severity
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.improve import board, retries
from bot.improve.body import DASHBOARD_LIMIT
from bot.improve.knowledge import Knowledge, Outcome, Result
from bot.improve.look import View
from bot.policy.intake import Intake
from bot.sdk.testing import DictRecords
from tests.policy.builders import CHARTER, MAIN, NOW, PROPERTY, proposal

A, B, C = "a" * 12, "b" * 12, "c" * 12


def view(*proposals: Proposal) -> View:
    return View(MAIN, CHARTER, proposals, {})


def known(records: Any, idea: str, result: Result, **more: Any) -> Outcome:
    found = Outcome(ProposalId(idea), "x", "rule", "fix", result, f"{result.value}: why", NOW, title=f"idea {idea[0]}")
    Knowledge(records).remember(found := replace(found, **more))
    return found


def pull(number: int, idea: str = "", **changed: Any) -> Proposal:
    given = {"idea": ProposalId(idea) if idea else None, "pull": PullNumber(number), "head": Sha(f"{number:040x}")}
    return proposal(f"docs/{number}.md", **{**given, **changed})


def parts(text: str) -> dict[str, list[str]]:
    found = {}
    for part in text.split("\n## ")[1:]:
        name = part.split(" (")[0]
        found[name] = [line for line in part.splitlines() if line.startswith("- ")]
    return found


def test_each_stands_once_where_it_belongs() -> None:
    records = DictRecords()
    known(records, A, Result.REJECTED, pull=2)
    known(records, B, Result.REFUSED)
    known(records, C, Result.HEALTHY, pull=4, version="v0.1.0")
    seen = view(
        pull(1),
        pull(2, A, closed=True),
        pull(3, origin=Origin.PERSON, author="ada", closed=True),
        pull(4, C, merged_as=Sha("4" * 40)),
        pull(5, "d" * 12, merged_as=Sha("5" * 40)),
        pull(6, kind=Kind.REVERT, origin=Origin.REVERT, reverts=Sha("5" * 40), merged_as=Sha("6" * 40)),
    )
    known(records, "d" * 12, Result.REVERTED, pull=5)

    found = parts(board.text(records, seen, {PullNumber(1): "wait: the vote"}))

    assert [line.split(" docs:")[0] for line in found["Open"]] == ["- #1"]
    assert "tier 1" in found["Open"][0]
    assert found["Open"][0].endswith("wait: the vote")
    rejected = [line.split(" docs:")[0].split(" idea")[0] for line in found["Rejected"]]
    assert rejected == ["- #3", f"- [ ] `{A}` #2", f"- [ ] `{B}`"]
    assert "rejected: why" in found["Rejected"][1]
    assert [line.split(" docs:")[0] for line in found["Taken back"]] == [f"- [ ] `{'d' * 12}` #5"]
    assert "taken back by #6): reverted: why" in found["Taken back"][0]
    assert [line.split(" docs:")[0] for line in found["Merged"]] == ["- #6", "- #4"]
    assert "healthy in v0.1.0" in found["Merged"][1]
    assert found["Queued"] == []


def test_what_waits_says_why_and_what_is_open_does_not_wait() -> None:
    records = DictRecords()
    ideas = [_idea(A), _idea(B), _idea(C), _idea("d" * 12)]
    later = Verdict("quota", Status.PENDING, "2 were opened within an hour")
    never = Verdict("memory", Status.FAIL, "never")
    board.queue(
        records,
        Intake((ideas[0],), ((ideas[1], later), (ideas[2], never), (ideas[3], later))),
        {ProposalId(B): "worth 0.40 = impact 1"},
    )
    known(records, "d" * 12, Result.OPEN, pull=1)

    found = parts(board.text(records, view(pull(1, "d" * 12)), {}))["Queued"]

    assert [line[2:16] for line in found] == [f"`{A}`", f"`{B}`"]
    assert "to be tried next" in found[0]
    assert found[1].endswith("2 were opened within an hour; worth 0.40 = impact 1")
    assert "worth" not in found[0]
    assert not any("[ ]" in line for line in found)


def test_a_queue_that_did_not_change_is_not_written_again() -> None:
    class Counting(DictRecords):
        writes = 0

        def put(self, table: str, key: str, row: Any) -> None:
            self.writes += 1
            super().put(table, key, row)

    records = Counting()
    for _ in range(3):
        board.queue(records, Intake((_idea(A),), ()))
    assert records.writes == 1
    board.queue(records, Intake((_idea(B),), ()))
    assert records.writes == 2


def test_what_was_asked_for_again_waits_until_it_ends_anew() -> None:
    records = DictRecords()
    first = known(records, A, Result.REFUSED)
    retries._forgive(records, ProposalId(A), first, [], NOW)
    found = parts(board.text(records, view(), {}))
    assert found["Rejected"] == []
    assert "a person asked for it again" in found["Queued"][0]
    known(records, A, Result.REFUSED, at=NOW + timedelta(hours=1))
    found = parts(board.text(records, view(), {}))
    assert len(found["Rejected"]) == 1
    assert found["Queued"] == []


def test_a_pardon_is_for_the_end_that_was_seen_and_no_other() -> None:
    records = DictRecords()
    closed = pull(2, A, closed=True)
    end = known(records, A, Result.REJECTED, pull=2)
    assert not retries.pardons(records).of(end)
    retries._forgive(records, ProposalId(A), end, [closed], NOW)
    pardons = retries.pardons(records)
    assert pardons.of(end)
    assert pardons.closed(closed)
    assert not pardons.closed(pull(3, A, closed=True))
    assert not pardons.closed(pull(2, B, closed=True))
    for other in (replace(end, result=Result.REVERTED), replace(end, pull=3), replace(end, at=NOW + timedelta(1))):
        assert not pardons.of(other)
    assert retries.trailer(records, ProposalId(A)) == "Retry: 1\n"
    assert retries.trailer(records, ProposalId(B)) == ""


def _idea(name: str) -> Idea:
    finding = Finding("rule", PurePosixPath("docs/a.md"), 1, 1, Severity.LOW, "m", "analyst")
    return Idea(ProposalId(name), f"idea {name[0]}", "why", Kind.FIX, Origin.ANALYST, "x", (finding,))


WORDS = st.text(max_size=300) | st.sampled_from(
    ["x\n- [x] `ffffffffffff` #1", "## Open (9)\n- [ ] `ffffffffffff`", "@all <!-- megawatts:x -->"]
)


@settings(PROPERTY, max_examples=25)
@given(WORDS, WORDS, st.sampled_from(["open", "closed", "merged"]))
def test_no_words_of_others_make_a_box(title: str, because: str, state: str) -> None:
    records = DictRecords()
    known(records, A, Result.REFUSED, title=title, because=because)
    known(records, B, Result.REJECTED, pull=2, title=title, because=because)
    states: dict[str, dict[str, Any]] = {"closed": {"closed": True}, "merged": {"merged_as": Sha("2" * 40)}}
    changed = states.get(state, {})
    text = board.text(records, view(pull(2, B, title=title, **changed)), {PullNumber(2): because}, because)
    boxes = [line for line in text.splitlines() if line.startswith("- [")]
    assert len(boxes) == (2 if state == "closed" else 1)
    assert all(line.startswith((f"- [ ] `{A}`", f"- [ ] `{B}` #2")) for line in boxes)
    assert text.count("\n## ") == 6
    assert "<!--" not in text
    assert len(text) <= DASHBOARD_LIMIT
