"""Whose words on a pull request count, how often they are acted upon, and that nothing else decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Case, Surroundings
from bot.core.change import Origin, Proposal
from bot.core.charter import Charter, Ward
from bot.core.ids import PullNumber, Sha, Tree, UserId
from bot.core.tier import Tier
from bot.core.votes import Approval, Remark
from bot.policy.review_rounds import MOST, ROUNDS, Answer, Move, next_round, reviewers

T0 = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD, BEFORE, MAIN = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
PROPOSAL = Proposal(
    PullNumber(7), "megawatts/0123456789ab", "fix: x", HEAD, Tree("d" * 40), MAIN, frozenset({PurePosixPath("a.py")}),
    "megawatts[bot]", T0, origin=Origin.ANALYST,
)  # fmt: skip
CASE = Case(PROPOSAL, Surroundings(MAIN))
CHARTER = Charter(
    maintainers=("Ada", "@bob", "renovate[bot]"), wards=(Ward("/docs/", Tier.CRITICAL, owners=("@org/docs",)),),
    teams={"org/docs": ("eve",)},
)  # fmt: skip


def said(number: int = 1, who: str = "ada", *, changes: bool = True, head: Sha = HEAD, text: str = "no") -> Remark:
    return Remark(f"r{number}", who, head, T0 + timedelta(minutes=number), text, requests_changes=changes)


def yes(who: str = "ada", head: Sha = HEAD, minutes: int = 60) -> Approval:
    return Approval(who, head, T0 + timedelta(minutes=minutes))


def test_a_remark_of_a_maintainer_is_revised_in_the_order_it_was_made() -> None:
    found = next_round(CASE, [said(2), said(1, "EVE")], [], CHARTER, author=True)
    assert (found.move, found.number, [r.id for r in found.remarks]) == (Move.REVISE, 1, ["r1", "r2"])


@pytest.mark.parametrize("who", ["mallory", "megawatts[bot]", "renovate[bot]", "", "@ada", "org/docs"])
def test_nobody_else_is_heard(who: str) -> None:
    assert next_round(CASE, [said(1, who)], [], CHARTER, author=True).move is Move.GO


def test_whoever_asked_for_the_change_or_wrote_it_does_not_review_it() -> None:
    asked = replace(CASE, asker_logins=frozenset({"Ada"}))
    assert next_round(asked, [said()], [], CHARTER, author=True).move is Move.GO
    as_user = replace(CASE, proposal=replace(PROPOSAL, asked_by=UserId("ada")))
    assert next_round(as_user, [said()], [], CHARTER, author=True).move is Move.GO
    assert reviewers(replace(CASE, proposal=replace(PROPOSAL, author="bob")), CHARTER) == {"ada", "eve"}


@pytest.mark.parametrize(
    "proposal",
    [
        replace(PROPOSAL, origin=Origin.PERSON),
        replace(PROPOSAL, merged_as=MAIN),
        replace(PROPOSAL, closed=True),
    ],
)
def test_only_the_engine_s_own_open_pull_requests_are_revised(proposal: Proposal) -> None:
    assert next_round(replace(CASE, proposal=proposal), [said()], [], CHARTER, author=True).move is Move.GO


def test_what_is_answered_waits_for_who_asked() -> None:
    told = [Answer("r1", 1, HEAD, told=True)]
    found = next_round(CASE, [said()], told, CHARTER, author=True)
    assert (found.move, found.because) == (Move.WAIT, "answered; waits for ada to look again")
    again = next_round(CASE, [said(), said(2)], told, CHARTER, author=True)
    assert (again.move, again.number, [r.id for r in again.remarks]) == (Move.REVISE, 2, ["r2"])


def test_a_commit_that_a_kill_left_without_its_answer_counts_only_if_it_is_the_head() -> None:
    pushed, lost = Answer("r1", 1, HEAD), Answer("r1", 1, BEFORE)
    assert next_round(CASE, [said()], [pushed], CHARTER, author=True).move is Move.WAIT
    found = next_round(CASE, [said()], [lost], CHARTER, author=True)
    assert (found.move, found.number) == (Move.REVISE, 1), "a push that never came is no round"


def test_after_three_rounds_it_is_people_s() -> None:
    told = [Answer(f"r{n}", n, HEAD, told=True) for n in range(1, ROUNDS + 1)]
    found = next_round(CASE, [said(9)], told, CHARTER, author=True)
    assert (found.move, found.number) == (Move.HAND_OVER, ROUNDS)
    assert "3 rounds" in found.because


def test_rules_read_no_words() -> None:
    found = next_round(CASE, [said()], [], CHARTER, author=False)
    assert found.move is Move.HAND_OVER
    assert "reads no words" in found.because
    assert next_round(CASE, [said()], [Answer("r1", 0, told=True)], CHARTER, author=False).move is Move.WAIT


@pytest.mark.parametrize(
    ("review", "changes", "move"),
    [
        (yes(), True, Move.GO),
        (yes("ADA"), True, Move.GO),
        (yes("bob"), True, Move.REVISE),
        (yes("bob"), False, Move.GO),
        (yes("mallory"), False, Move.REVISE),
        (yes(head=BEFORE), False, Move.REVISE),
        (yes(minutes=0), False, Move.REVISE),
        (replace(yes(), approves=False), False, Move.REVISE),
    ],
)
def test_only_a_later_approval_of_this_head_settles_a_remark(review: Approval, changes: bool, move: Move) -> None:
    case = replace(CASE, approvals=(review,))
    assert next_round(case, [said(changes=changes)], [], CHARTER, author=True).move is move


def test_a_flood_of_remarks_is_taken_up_in_parts() -> None:
    found = next_round(CASE, [said(n) for n in range(100)], [], CHARTER, author=True)
    assert len(found.remarks) == MOST


WHO = st.sampled_from(["ada", "bob", "eve", "mallory", "x[bot]"])
REMARKS = st.lists(
    st.builds(said, st.integers(1, 9), WHO, changes=st.booleans(), text=st.text(max_size=30)), max_size=8
)


@given(REMARKS, st.lists(st.builds(Answer, st.sampled_from(["r1", "r2", "r3"]), st.integers(0, 5), told=st.just(True))))
def test_what_is_said_never_changes_what_is_done(remarks: list[Remark], answers: list[Answer]) -> None:
    found = next_round(CASE, remarks, answers, CHARTER, author=True)
    mute = [replace(one, text="") for one in remarks]
    silent = next_round(CASE, mute, answers, CHARTER, author=True)
    assert (silent.move, silent.number, [r.id for r in silent.remarks]) == (
        found.move, found.number, [r.id for r in found.remarks],
    )  # fmt: skip
    assert {r.reviewer for r in found.remarks} <= {"ada", "bob", "eve"}
    assert found.number <= max(ROUNDS, *(a.round for a in answers), 0)


@given(st.integers(1, 30))
def test_however_often_it_is_asked_a_pull_request_is_revised_three_times(times: int) -> None:
    answers: list[Answer] = []
    revised = 0
    for number in range(1, times + 1):
        found = next_round(CASE, [said(n) for n in range(1, number + 1)], answers, CHARTER, author=True)
        revised += found.move is Move.REVISE
        answers += [Answer(r.id, found.number, HEAD, told=True) for r in found.remarks]
    assert revised == min(times, ROUNDS)
