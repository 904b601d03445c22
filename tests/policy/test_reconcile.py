"""Going back without git, and how git catches up: never a wrong rollback, and an end to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Page, Revert, Wait
from bot.core.change import Proposal
from bot.core.health import Rollout
from bot.core.ids import PullNumber, Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.policy.reconcile import (
    PATIENCE,
    Merged,
    Release,
    RollBack,
    RolledBack,
    may_roll_back,
    merges_of,
    reconcile,
    row_to,
    without_forge,
)
from bot.policy.rollouts import Applied, Attempt, Seen, Version

OLD, NEW, THIRD = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROWS = (Applied(0, Version(OLD, OLD), NOON), Applied(7, Version(THIRD, OLD), NOON), Applied(8, Version(NEW, NEW), NOON))
HELD = Seen("app", target=ROWS[-1].version, applied=ROWS, auto_sync=False, hold="the forge is away")
RUNS = Rollout(wanted=NEW, running=NEW, contains=True, ready=True, at=NOON, previous=OLD)
BAD = Verdict("health", Status.FAIL, "errors doubled")
LEFT = RolledBack(NEW, OLD, "errors doubled", NOON, done=True)


class TestMayRollBack:
    def test_while_held_and_without_the_forge(self) -> None:
        assert may_roll_back(HELD, OLD, forge_answers=False).passed
        row = row_to(HELD, OLD)
        assert row is not None
        assert row.id == 7, "the newest row that ran it"

    @pytest.mark.parametrize(
        ("seen", "to", "answers", "name"),
        [
            (HELD, OLD, True, "forge"),
            (replace(HELD, auto_sync=True), OLD, False, "auto-sync"),
            (replace(HELD, auto_sync=True, hold=""), OLD, False, "auto-sync"),
            (replace(HELD, hold=""), OLD, False, "hold"),
            (HELD, THIRD, False, "history"),
            (replace(HELD, attempt=Attempt("Running", automated=False)), OLD, False, "operation"),
        ],
    )
    def test_each_reason_against_it_is_named(self, seen: Seen, to: Sha, answers: bool, name: str) -> None:
        found = may_roll_back(seen, to, forge_answers=answers)
        assert found.status is Status.FAIL
        assert found.because.startswith(f"{name}: ")

    def test_an_operation_that_is_over_is_no_obstacle(self) -> None:
        assert may_roll_back(replace(HELD, attempt=Attempt("Failed")), OLD, forge_answers=False).passed


class TestWithoutForge:
    def test_bad_health_goes_back_to_the_warm_one(self) -> None:
        step = without_forge(RUNS, BAD, away=PATIENCE, good=THIRD, spent=0, budget=5)
        assert isinstance(step, RollBack)
        assert (step.to, step.because.children) == (OLD, (BAD,))

    def test_else_to_the_last_known_good(self) -> None:
        step = without_forge(replace(RUNS, previous=None), BAD, away=PATIENCE, good=THIRD, spent=0, budget=5)
        assert isinstance(step, RollBack)
        assert step.to == THIRD

    def test_what_could_not_start_at_all_goes_back_too(self) -> None:
        rollout = replace(RUNS, running=None, previous=None, contains=False, failed="its pods do not start")
        assert isinstance(without_forge(rollout, BAD, away=PATIENCE, good=OLD, spent=0, budget=5), RollBack)

    @pytest.mark.parametrize("status", [s for s in Status if s is not Status.FAIL])
    def test_nothing_but_a_fail_goes_back(self, status: Status) -> None:
        health = Verdict("health", status, "no answer")
        assert isinstance(without_forge(RUNS, health, away=MINUTE * 60, good=OLD, spent=0, budget=5), Wait)

    def test_a_short_absence_is_waited_for(self) -> None:
        step = without_forge(RUNS, BAD, away=PATIENCE - timedelta(seconds=1), good=OLD, spent=0, budget=5)
        assert isinstance(step, Wait)

    @pytest.mark.parametrize(
        ("rollout", "good", "spent"),
        [
            (replace(RUNS, previous=None), None, 0),
            (replace(RUNS, previous=None), NEW, 0),
            (replace(RUNS, running=None, previous=None), None, 0),
            (RUNS, OLD, 5),
        ],
        ids=["nothing to go to", "only itself", "nothing runs", "budget spent"],
    )
    def test_what_needs_a_person(self, rollout: Rollout, good: Sha | None, spent: int) -> None:
        assert isinstance(without_forge(rollout, BAD, away=PATIENCE, good=good, spent=spent, budget=5), Page)


def merge(name: str, minutes: int, **more: object) -> Merged:
    return replace(Merged(Sha(name * 40), NOON + minutes * MINUTE, in_bad=True, in_good=False), **more)  # type: ignore[arg-type]


class TestReconcile:
    def test_the_newest_first_one_at_a_time(self) -> None:
        merges = [merge("1", 1), merge("2", 2), merge("3", 0, in_good=True), merge("4", 3, in_bad=False)]
        step = reconcile(LEFT, merges, running=OLD, promised_well=False)
        assert isinstance(step, Revert)
        assert step.merged == "2" * 40
        opened = [merges[0], replace(merges[1], revert_open=True)]
        assert isinstance(reconcile(LEFT, opened, running=OLD, promised_well=False), Wait)
        merged = [merges[0], replace(merges[1], reverted_by=Sha("9" * 40))]
        step = reconcile(LEFT, merged, running=OLD, promised_well=False)
        assert isinstance(step, Revert)
        assert step.merged == "1" * 40

    def test_no_release_before_git_promises_an_image_without_it(self) -> None:
        done = [merge("1", 1, reverted_by=Sha("9" * 40))]
        assert isinstance(reconcile(LEFT, done, running=OLD, promised_well=False), Wait)
        assert isinstance(reconcile(LEFT, done, running=OLD, promised_well=True), Release)

    def test_a_revert_is_not_taken_back(self) -> None:
        step = reconcile(LEFT, [merge("1", 1, is_revert=True)], running=OLD, promised_well=True)
        assert isinstance(step, Release)

    def test_a_rollback_that_never_arrived_reverts_nothing(self) -> None:
        asked = replace(LEFT, done=False)
        assert isinstance(reconcile(asked, [merge("1", 1)], running=NEW, promised_well=False), Release)
        arrived = reconcile(asked, [merge("1", 1)], running=OLD, promised_well=False)
        assert isinstance(arrived, Revert), "it was killed between the answer and the note"

    @given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=6))
    def test_it_ends_and_touches_nothing_outside(self, rows: list[tuple[bool, bool, bool]]) -> None:
        merges = [
            Merged(Sha(f"{i:040x}"), NOON + i * MINUTE, in_bad, in_good, is_revert=is_revert)
            for i, (in_bad, in_good, is_revert) in enumerate(rows)
        ]
        taken: list[Sha] = []
        for _ in range(len(merges) + 1):
            step = reconcile(LEFT, merges, running=OLD, promised_well=True)
            if isinstance(step, Release):
                break
            assert isinstance(step, Revert)
            taken.append(step.merged)
            merges = [replace(m, reverted_by=Sha("9" * 40)) if m.sha == step.merged else m for m in merges]
        else:
            pytest.fail("it does not end")
        due = [m.sha for m in merges if m.in_bad and not m.in_good and not m.is_revert]
        assert taken == due[::-1]


def proposal(number: int, merged: Sha | None, **more: object) -> Proposal:
    at = NOON + number * MINUTE if merged else None
    paths = frozenset({PurePosixPath("bot/x.py")})
    made = Proposal(PullNumber(number), "b", "t", THIRD, Tree("7" * 40), OLD, paths, "bot", NOON, merged_as=merged)
    return replace(made, merged_at=at, **more)  # type: ignore[arg-type]


def test_merges_are_seen_from_the_rollback() -> None:
    one, two, three, back = (Sha(name * 40) for name in "1234")
    history = [OLD, one, two, three, NEW]
    found = merges_of(
        [
            proposal(1, one),
            proposal(2, two),
            proposal(3, three),
            proposal(4, back, reverts=one),
            proposal(5, None, reverts=two),
            proposal(6, None, reverts=three, closed=True),
            proposal(7, None),
        ],
        LEFT,
        lambda old, new: old in history and history.index(old) <= history.index(new),
    )
    assert [(m.sha, m.in_bad, m.in_good) for m in found] == [
        (one, True, False), (two, True, False), (three, True, False), (back, False, False),
    ]  # fmt: skip
    assert [(m.reverted_by, m.revert_open, m.is_revert) for m in found] == [
        (back, False, False), (None, True, False), (None, False, False), (None, False, True),
    ]  # fmt: skip


def test_a_row_survives_its_record() -> None:
    assert RolledBack.read(LEFT.row()) == LEFT
    with pytest.raises(KeyError):
        RolledBack.read({"bad": NEW})
