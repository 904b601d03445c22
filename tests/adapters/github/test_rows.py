"""GitHub's rows as they come: odd ones included, and none of them read as more than it says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github import rows

HEAD, MERGE = "1" * 40, "2" * 40
ACTOR = {"__typename": "User", "login": "ada"}
NODE: dict[str, Any] = {
    "id": "PR_1", "number": 7, "title": "t", "body": None, "state": "OPEN", "isDraft": False, "headRefName": "b",
    "headRefOid": HEAD, "isCrossRepository": False, "createdAt": "2026-01-01T00:00:00Z", "mergedAt": None,
    "updatedAt": "2026-01-01T00:00:00Z", "author": ACTOR, "editor": None, "lastEditedAt": None, "mergeCommit": None,
    "labels": {"nodes": [{"name": "x"}, None]},
}  # fmt: skip


def node(**change: Any) -> dict[str, Any]:
    return {**NODE, **change}


def commits(*contexts: dict[str, Any], oid: str = HEAD, more: bool = False) -> dict[str, Any]:
    rollup = {"contexts": {"nodes": list(contexts), "pageInfo": {"hasNextPage": more}}} if contexts or more else None
    return {"nodes": [{"commit": {"oid": oid, "statusCheckRollup": rollup}}]}


@pytest.mark.parametrize(("actor", "login"), [
    (ACTOR, "ada"),
    ({"__typename": "Bot", "login": "megawatts"}, "megawatts[bot]"),
    ({"__typename": "Bot", "login": "megawatts[bot]"}, "megawatts[bot]"),
    ({"__typename": "User", "login": "megawatts"}, "megawatts"),
    (None, "ghost"),
])  # fmt: skip
def test_a_bot_s_login_is_one_that_no_person_can_have(actor: dict[str, str] | None, login: str) -> None:
    assert rows.login(actor) == login


def test_an_open_pull_request_is_not_merged_whatever_commit_github_tries() -> None:
    found = rows.pull(node(mergeCommit={"oid": MERGE, "status": None}))
    assert (found.merged_as, found.body, found.labels, found.editor) == (None, "", {"x"}, None)


def test_a_merged_one_is_never_taken_for_an_open_one() -> None:
    merged = {"state": "MERGED", "mergedAt": "2026-01-01T00:00:00Z"}
    status = {"contexts": [{"context": "c", "state": "SUCCESS", "description": None, "creator": None}]}
    found = rows.pull(node(**merged, mergeCommit={"oid": MERGE, "status": status}))
    assert (found.merged_as, found.said[0].state, found.said[0].login) == (MERGE, "success", "ghost")
    pushed = rows.pull(node(**merged))
    assert (pushed.merged_as, pushed.by_push, found.by_push) == (HEAD, True, False)
    assert rows.pull(node(state="CLOSED", mergeCommit={"oid": MERGE, "status": None})).merged_as is None


def test_an_editor_is_told_only_when_there_was_an_edit() -> None:
    assert rows.pull(node(editor=ACTOR, lastEditedAt="2026-01-01T00:00:00Z")).editor == "ada"
    assert rows.pull(node(editor=None, lastEditedAt="2026-01-01T00:00:00Z")).editor == "ghost"


def test_a_row_that_does_not_tell_all_says_so() -> None:
    run = {"databaseId": 3, "name": "n", "status": "COMPLETED", "conclusion": None, "checkSuite": None}
    found = rows.pull(node(commits=commits(run)))
    assert (found.whole, found.runs) == (True, (rows.Run(3, "n", "completed", "", 0),))
    assert rows.pull(node(commits=commits())).whole
    assert not rows.pull(node(commits=commits(run, more=True))).whole
    assert not rows.pull(node(commits=commits(run, oid=MERGE))).whole


def test_a_review_that_is_not_submitted_or_has_no_commit_is_none() -> None:
    row = {
        "databaseId": 1,
        "state": "PENDING",
        "body": "",
        "submittedAt": None,
        "author": ACTOR,
        "commit": {"oid": HEAD},
    }
    sent = {**row, "submittedAt": "2026-01-01T00:00:00Z", "state": "APPROVED"}
    found = rows.pull(node(reviews={"nodes": [row, sent, {**sent, "commit": None}]}))
    assert [(r.login, r.state) for r in found.reviews] == [("ada", "APPROVED")]
    assert rows.rest_review({"id": 1, "state": "PENDING", "submitted_at": None}) is None


@given(
    st.sampled_from(["OPEN", "CLOSED", "MERGED"]), st.booleans(), st.none() | st.just({"oid": MERGE, "status": None})
)
def test_only_a_merged_pull_request_has_a_merge(state: str, draft: bool, merge: dict[str, Any] | None) -> None:
    found = rows.pull(node(state=state, isDraft=draft, mergeCommit=merge))
    assert (found.merged_as is not None) is (state == "MERGED")
    assert found.draft is draft
