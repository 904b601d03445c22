"""A change's trace goes from its finding to its revert, over restarts of the controller."""

from collections.abc import Mapping, Sequence
from contextvars import copy_context
from typing import Any

import pytest

from bot.adapters.otlp.loop import LoopTraces
from bot.adapters.otlp.span import Span
from bot.core.errors import Unavailable


class Rows:
    """Records in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        self.rows[table, key] = dict(row)

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        raise NotImplementedError

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        return self.rows.get((table, key))

    def delete(self, table: str, key: str) -> None:
        raise NotImplementedError

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        raise NotImplementedError


class Gone(Rows):
    def get(self, table: str, key: str) -> dict[str, Any] | None:
        raise Unavailable("the records")

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        raise Unavailable("the records")


class Story:
    """Events told to one controller after another; each event takes a second, each task has its own context."""

    def __init__(self) -> None:
        self.records, self.sent, self.now = Rows(), list[Span](), 100.0
        self.restart()

    def restart(self) -> None:
        self.loop = LoopTraces(self.records, self.sent.append, lambda: self.now)
        self.context = copy_context()

    def tell(self, event: str, **facts: object) -> str:
        self.now += 1
        return self.context.run(self.loop.heard, event, facts)

    def proposed(self, pull: int = 7) -> str:
        self.tell("found", analyst="complexity", findings=3)
        self.tell("ranked", findings=3, ideas=2)
        self.tell("written", idea="0123", title="secret title", head="a" * 40, author="codemods")
        self.tell("stage", of="fix: x", stage="tests", status="runs")
        self.tell("stage", of="fix: x", stage="tests", status="pass", because="72 passed")
        self.tell("gate", pull=0, status="pass", because="all pass")
        return self.tell("proposed", pull=pull, title="fix: x", head="a" * 40, idea="0123", kind="fix")

    def named(self) -> list[str]:
        return [span.name for span in self.sent]


@pytest.fixture
def story() -> Story:
    return Story()


def test_from_finding_to_health_is_one_trace_below_one_root(story: Story) -> None:
    trace = story.proposed()
    assert story.named() == ["find", "rank", "write", "stage", "gate", "propose"]
    told = [
        story.tell("merged", pull=7, kind="fix", merge="b" * 40, because="x"),
        story.tell("observed", pull=7, readings=4),
        story.tell("observed", pull=7, readings=4),
        story.tell("healthy", pull=7, kind="fix", version="v1.2.0", because="x"),
    ]
    assert set(told) == {trace}
    assert story.named()[6:] == ["merge", "deploy", "health", "change"], "one deploy, however often it is looked at"
    root = story.sent[-1]
    assert {span.trace for span in story.sent} == {trace}
    assert {span.parent for span in story.sent[:-1]} == {root.id}
    assert (root.parent, root.start, root.end, root.failed) == ("", 101.0, 111.0, False)
    stage = story.sent[3]
    assert (stage.start, stage.end) == (104.0, 105.0)


def test_a_restarted_controller_goes_on_in_the_same_trace(story: Story) -> None:
    trace = story.proposed()
    story.restart()
    assert story.tell("merged", pull=7, kind="fix") == trace
    story.restart()
    story.tell("observed", pull=7)
    story.restart()
    assert story.tell("healthy", pull=7, version="v1") == trace
    root = story.sent[-1]
    assert {span.parent for span in story.sent[:-1]} == {root.id}
    assert root.start == 101.0, "it began in the first of four processes"
    deploy = next(span for span in story.sent if span.name == "deploy")
    merge = next(span for span in story.sent if span.name == "merge")
    assert deploy.start == merge.end


def test_a_revert_goes_on_below_the_change_that_it_takes_back(story: Story) -> None:
    trace = story.proposed()
    for event in ("merged", "observed"):
        story.tell(event, pull=7)
    story.tell("revert", pull=7, kind="fix", revert=8, because="9 of 10 failed")
    change = story.sent[-1]
    assert (change.name, change.failed) == ("change", True)
    assert [s.name for s in story.sent[-3:-1]] == ["health", "revert"]
    story.restart()
    for event in ("gate", "merged", "observed", "healthy"):
        assert story.tell(event, pull=8, status="pass") == trace
    back = story.sent[-1]
    assert (back.name, back.parent, back.failed) == ("change", change.id, False)
    assert {span.parent for span in story.sent[-5:-1]} == {back.id}


def test_what_is_told_again_after_the_end_adds_nothing(story: Story) -> None:
    trace = story.proposed()
    story.tell("healthy", pull=7)
    count = len(story.sent)
    assert story.tell("healthy", pull=7) == trace
    assert story.tell("wait", pull=7, because="settled") == trace
    assert len(story.sent) == count


def test_an_idea_that_is_declined_ends_its_trace_and_the_next_begins_its_own(story: Story) -> None:
    first = story.tell("found", analyst="x", findings=1)
    assert story.tell("declined", idea="1", title="t", result="unwritten", because="b") == first
    second = story.tell("written", idea="2", title="t", head="c", author="tuner")
    assert second != first
    assert story.named() == ["find", "change", "write"]
    assert story.sent[1].failed


def test_two_tasks_that_try_ideas_at_once_do_not_mix(story: Story) -> None:
    other = copy_context()
    first = story.tell("found", analyst="x", findings=1)
    second = other.run(story.loop.heard, "found", {"analyst": "y", "findings": 1})
    assert first != second


def test_a_stage_of_a_proposal_belongs_to_its_trace(story: Story) -> None:
    trace = story.proposed()
    story.restart()
    story.tell("stage", of="#7", stage="lint", status="runs")
    assert story.tell("stage", of="#7", stage="lint", status="fail") == trace
    assert story.sent[-1].failed
    assert story.tell("stage", of="#99", stage="lint", status="fail") == "", "nobody knows of it"


def test_a_persons_pull_request_gets_a_trace_at_its_first_leg(story: Story) -> None:
    assert story.tell("wait", pull=9, because="x") == ""
    trace = story.tell("merged", pull=9)
    assert story.tell("healthy", pull=9) == trace != ""


def test_one_call_for_a_person_is_one_span(story: Story) -> None:
    story.proposed()
    for _ in range(5):
        story.tell("page", pull=7, because="deadline")
    assert story.named().count("page") == 1


def test_a_close_is_an_end_that_is_not_well(story: Story) -> None:
    story.proposed()
    story.tell("closed", pull=7, kind="fix", stage="scope", because="sealed")
    assert story.named()[-2:] == ["close", "change"]
    assert story.sent[-1].failed


def test_records_that_are_away_cost_a_span_and_never_the_round(story: Story) -> None:
    story.loop = LoopTraces(Gone(), story.sent.append, lambda: story.now)
    for event in ("merged", "observed", "healthy", "page", "stage", "odd"):
        assert story.tell(event, pull=7, of="#7", stage="x", status="pass") == ""
    assert story.tell("proposed", pull="not a number") == ""


def test_without_a_collector_traces_still_have_names(story: Story) -> None:
    story.loop = LoopTraces(story.records, None, lambda: story.now)
    trace = story.proposed()
    assert len(trace) == 32
    assert story.tell("merged", pull=7) == trace
    assert story.sent == []
