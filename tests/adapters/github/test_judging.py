"""What reviews, threads and check runs mean: people's last word for a head, and nothing that was not said."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github import judging
from bot.adapters.github.rows import Review, Run
from bot.core.ids import Sha
from bot.core.verdict import Status

HEAD, OLD = Sha("1" * 40), Sha("2" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
ACTIONS, ROGUE, US = 15368, 666, 101
ME = "megawatts[bot]"


def review(number: int, login: str, state: str = "APPROVED", head: Sha = HEAD, body: str = "") -> Review:
    return Review(number, login, state, head, START + timedelta(minutes=number), body)


def run(number: int, name: str = "tests", conclusion: str = "success", app: int = ACTIONS) -> Run:
    return Run(number, name, "completed" if conclusion else "in_progress", conclusion, app)


def said(*reviews: Review) -> list[tuple[str, bool, Sha]]:
    return [(a.reviewer, a.approves, a.head) for a in judging.approvals(reviews, "author", ME)]


def test_the_last_word_of_each_person_counts_for_its_own_head() -> None:
    found = said(review(1, "ada", "CHANGES_REQUESTED"), review(2, "eve", head=OLD), review(3, "ada"))
    assert found == [("eve", True, OLD), ("ada", True, HEAD)]


def test_a_dismissed_review_counts_for_nothing_and_brings_no_earlier_one_back() -> None:
    assert said(review(1, "ada"), review(2, "ada", "DISMISSED")) == []
    assert said(review(1, "ada", "DISMISSED"), review(2, "ada", "CHANGES_REQUESTED")) == [("ada", False, HEAD)]


def test_a_mere_comment_takes_no_approval_away_and_gives_none() -> None:
    assert said(review(1, "ada"), review(2, "ada", "COMMENTED"), review(3, "eve", "COMMENTED")) == [("ada", True, HEAD)]


@pytest.mark.parametrize("login", ["author", "AUTHOR", ME, "helper[bot]", "ghost", "Dependabot[BOT]"])
def test_authors_bots_and_accounts_that_are_gone_approve_nothing(login: str) -> None:
    assert said(review(1, login)) == []
    assert said(review(1, login), review(2, "ada")) == [("ada", True, HEAD)]


def test_names_of_another_case_are_the_same_person() -> None:
    assert said(review(1, "Ada"), review(2, "ada", "CHANGES_REQUESTED")) == [("ada", False, HEAD)]


reviews = st.builds(
    review,
    st.integers(1, 99),
    st.sampled_from(["ada", "eve", "author", ME, "x[bot]"]),
    st.sampled_from(["APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED"]),
)


@given(st.lists(reviews, unique_by=lambda r: r.id))
def test_no_one_speaks_twice_and_no_outsider_speaks(found: list[Review]) -> None:
    names = [name for name, _approves, _head in said(*found)]
    assert len(names) == len(set(names))
    assert set(names) <= {"ada", "eve"}


def test_requests_for_changes_are_remarks_while_they_stand() -> None:
    rows = [
        review(1, "ada", "CHANGES_REQUESTED", body="add a test\u202e"),
        review(2, "eve", "CHANGES_REQUESTED", body="  "),
        review(3, "grace", "CHANGES_REQUESTED", body="old"),
        review(4, "grace"),
    ]
    (found,) = judging.asked_changes(rows, "author", ME)
    assert (found.id, found.reviewer, found.text, found.requests_changes) == ("review-1", "ada", "add a test", True)


def thread(
    who: str = "ada", *, resolved: bool = False, outdated: bool = False, kind: str = "User"
) -> Mapping[str, object]:
    row = {
        "databaseId": 5, "body": "why?", "createdAt": "2026-01-01T00:00:00Z", "commit": {"oid": HEAD},
        "author": {"__typename": kind, "login": who},
    }  # fmt: skip
    comments = {"nodes": [row]}
    return {"isResolved": resolved, "isOutdated": outdated, "path": "a/b.py", "line": 3, "comments": comments}


def test_lines_that_people_spoke_of_are_remarks() -> None:
    (found,) = judging.line_remarks([thread()], "author", ME)
    assert (found.id, str(found.path), found.line, found.head) == ("comment-5", "a/b.py", 3, HEAD)
    assert not found.requests_changes


@pytest.mark.parametrize("silent", [
    thread(resolved=True), thread(outdated=True), thread("author"), thread("megawatts", kind="Bot"), thread("ghost"),
])  # fmt: skip
def test_threads_that_are_done_and_words_of_our_own_ask_for_nothing(silent: Mapping[str, object]) -> None:
    assert judging.line_remarks([silent], "author", ME) == []


def checked(required: dict[str, int | None], *runs: Run) -> Status | None:
    found = judging.checks(required, runs, frozenset({ACTIONS}), US)
    return None if found is None else found.status


def test_required_checks_that_passed_pass() -> None:
    assert checked({"tests": None, "lint": ACTIONS}, run(1), run(2, "lint"), run(3, "other", "failure")) is Status.PASS


@pytest.mark.parametrize(("runs", "status"), [
    ((), Status.PENDING),
    ((run(1, conclusion=""),), Status.PENDING),
    ((run(1), run(2, conclusion="")), Status.PENDING),
    ((run(1, conclusion="failure"),), Status.FAIL),
    ((run(1), run(2, conclusion="timed_out")), Status.FAIL),
    ((run(1, conclusion="failure"), run(2)), Status.PASS),
    ((run(1, conclusion="cancelled"),), Status.ERROR),
    ((run(1, conclusion="action_required"),), Status.ERROR),
    ((run(1, conclusion="skipped"),), Status.INCONCLUSIVE),
    ((run(1, conclusion="neutral"),), Status.INCONCLUSIVE),
    ((run(1, app=ROGUE),), Status.PENDING),
    ((run(1, conclusion="failure"), run(2, app=ROGUE)), Status.FAIL),
    ((run(1, app=US),), Status.PENDING),
    ((run(1, "tests "),), Status.PENDING),
])  # fmt: skip
def test_a_required_check_passes_by_its_last_run_of_a_trusted_app_alone(runs: tuple[Run, ...], status: Status) -> None:
    assert checked({"tests": None}, *runs) is status


def test_a_check_that_a_rule_binds_to_an_app_counts_from_that_app_alone() -> None:
    assert checked({"tests": 77}, run(1)) is Status.PENDING
    assert checked({"tests": 77}, run(1), run(2, app=77)) is Status.PASS


def test_without_required_checks_those_that_ran_count_and_none_is_none() -> None:
    assert checked({}) is None
    assert checked({}, run(1, app=ROGUE), run(2, "megawatts/gate"), run(3, "x", "skipped")) is None
    assert checked({}, run(1), run(2, "lint", "failure")) is Status.FAIL
    assert checked({}, run(1), run(2, "lint", "")) is Status.PENDING


ENDS = st.sampled_from(["", "success", "failure", "skipped"])
runs = st.builds(
    run, st.integers(1, 99), st.sampled_from(["tests", "lint"]), ENDS, st.sampled_from([ACTIONS, ROGUE, US])
)


@given(st.lists(runs, unique_by=lambda r: r.id))
def test_what_a_stranger_runs_changes_nothing(found: list[Run]) -> None:
    required: dict[str, int | None] = {"tests": None}
    own = [r for r in found if r.app == ACTIONS]
    assert checked(required, *found) is checked(required, *own)
    if not [r for r in own if r.name == "tests" and r.conclusion == "success"]:
        assert checked(required, *found) is not Status.PASS


def test_a_check_that_runs_again_is_not_passed_by_its_earlier_run() -> None:
    assert checked({"tests": None}, run(1), replace(run(2), status="queued", conclusion="")) is Status.PENDING


def test_a_branch_s_rules_name_the_required_checks_and_ours_are_not_among_them() -> None:
    rows = [
        {"type": "pull_request", "parameters": {"required_status_checks": [{"context": "no"}]}},
        {"type": "required_status_checks", "parameters": {"required_status_checks": [
            {"context": "tests", "integration_id": ACTIONS}, {"context": "lint"}, {"context": "megawatts/gate"}]}},
        {"type": "deletion"},
    ]  # fmt: skip
    assert judging.required_by(rows) == {"tests": ACTIONS, "lint": None}
