"""Events are read as data: whole, of this repository, with full commit ids, or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ci.event import EVENTS, Event, parse, read
from bot.core.errors import Misconfigured
from tests.app.ci.builders import BASE, HEAD, REPO, head, pull_request


def test_a_pull_request_of_a_person() -> None:
    event = parse("pull_request", pull_request(), repository="owner/house", engine="megawatts[bot]")
    assert (event.base, event.head, event.number, event.by, event.fork) == (BASE, HEAD, 7, "person", False)


def test_a_merge_group_and_a_push_have_no_number() -> None:
    group = parse("merge_group", {"repository": REPO, "merge_group": {"base_sha": BASE, "head_sha": HEAD}})
    push = parse("push", {"repository": REPO, "before": BASE, "after": HEAD})
    assert group == Event("merge_group", group.base, group.head)
    assert (push.base, push.head, push.number, push.by) == (BASE, HEAD, 0, "person")


@pytest.mark.parametrize("ref", ["megawatts/0123456789ab", "revert/0123456789ab"])
def test_a_branch_of_the_engines_grammar_is_read_strictly(ref: str) -> None:
    assert parse("pull_request", pull_request(head=head(ref=ref))).by == "engine"


@pytest.mark.parametrize("ref", ["megawatts/x", "megawatts/0123456789ab/more", "Megawatts/0123456789ab", "change"])
def test_another_branch_is_a_persons(ref: str) -> None:
    assert parse("pull_request", pull_request(head=head(ref=ref))).by == "person"


def test_a_fork_may_name_its_branch_as_it_likes() -> None:
    event = parse(
        "pull_request", pull_request(head=head(ref="megawatts/0123456789ab", repo={"full_name": "eve/house"}))
    )
    assert (event.by, event.fork) == ("person", True)


def test_a_fork_that_is_gone_is_a_fork() -> None:
    assert parse("pull_request", pull_request(head=head(repo=None))).fork
    assert parse("pull_request", pull_request(head=head(repo={}), base=head(repo={}))).fork


def test_the_engines_login_is_the_engine_on_any_branch() -> None:
    event = parse("pull_request", pull_request(user={"login": "Megawatts[bot]"}), engine="megawatts[bot]")
    assert event.by_engine
    assert not parse("pull_request", pull_request(user={"login": ""}), engine="").by_engine
    assert not parse("pull_request", pull_request(user=None), engine="megawatts[bot]").by_engine


def test_an_event_of_another_repository_is_refused() -> None:
    with pytest.raises(Misconfigured, match="belongs to 'Owner/house', and this is eve/house"):
        parse("pull_request", pull_request(), repository="eve/house")
    with pytest.raises(Misconfigured):
        parse("push", {"before": BASE, "after": HEAD}, repository="owner/house")


@pytest.mark.parametrize("name", ["pull_request_target", "issue_comment", "workflow_run", "", "schedule"])
def test_an_event_without_a_change_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match="no change to judge"):
        parse(name, pull_request())


@pytest.mark.parametrize("number", [0, -1, "7", True, None, 1.5])
def test_a_number_is_a_number(number: object) -> None:
    with pytest.raises(Misconfigured, match="number"):
        parse("pull_request", pull_request(number=number))


def test_a_new_branch_has_nothing_to_compare() -> None:
    with pytest.raises(Misconfigured, match="new or gone"):
        parse("push", {"before": "0" * 40, "after": HEAD})


@pytest.mark.parametrize("payload", [None, [], "x", 1, {}, {"pull_request": []}, {"pull_request": {"base": {}}}])
def test_what_is_no_event_is_refused(payload: object) -> None:
    for name in EVENTS:
        with pytest.raises(Misconfigured):
            parse(name, payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["base", "head", "sha", "x"]), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from(EVENTS))
def test_no_payload_does_more_than_be_refused(payload: Any, name: str) -> None:
    for whole in (payload, {"pull_request": payload, "merge_group": payload, "before": payload, "after": payload}):
        with pytest.raises(Misconfigured):
            parse(name, whole)


def test_a_file_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(pull_request()))
    assert read("pull_request", file).number == 7
    file.write_text("{" * 100_000)
    with pytest.raises(Misconfigured, match=r"event\.json cannot be read as JSON"):
        read("pull_request", file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured):
        read("pull_request", file)
    with pytest.raises(Misconfigured):
        read("pull_request", tmp_path / "none.json")


def test_a_file_larger_than_any_event_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.ci.event.LARGEST", 10)
    file = tmp_path / "event.json"
    file.write_text(json.dumps(pull_request()))
    with pytest.raises(Misconfigured):
        read("pull_request", file)
