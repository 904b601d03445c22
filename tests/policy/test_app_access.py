"""Two Apps with least rights; too little and too much are both named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github.webhook import MOMENTS
from bot.core.verdict import Status
from bot.policy.app_access import ENGINE, REVERTS, Role, compare, manifest, needed

ROLES = (ENGINE, REVERTS)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("never", ["workflows", "administration", "secrets", "actions", "environments", "members"])
def test_no_app_may_change_the_rules_that_bind_it(role: Role, never: str) -> None:
    assert never not in needed(role)
    assert never not in needed(role, queue=True)


def test_to_merge_without_a_review_takes_both() -> None:
    assert not {"statuses", "checks"} & set(REVERTS.permissions)
    assert REVERTS.events == ()


def test_every_permission_says_what_it_is_for() -> None:
    assert all(why for role in ROLES for _level, why in role.permissions.values())


def test_the_engine_hears_only_what_wakes_the_loop() -> None:
    assert set(ENGINE.events) <= set(MOMENTS)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_exactly_what_is_needed_is_well(role: Role) -> None:
    assert compare(role, needed(role)).passed
    assert compare(role, needed(role, queue=True), queue=True).passed


def test_a_missing_permission_is_named_with_the_fix() -> None:
    verdict = compare(ENGINE, {**needed(ENGINE), "statuses": "read"})
    assert (verdict.status, "statuses needs write and has read" in verdict.because) == (Status.FAIL, True)
    none = compare(ENGINE, {name: level for name, level in needed(ENGINE).items() if name != "checks"})
    assert "checks needs write and has nothing" in none.because


@pytest.mark.parametrize(("name", "level"), [("workflows", "write"), ("administration", "read"), ("contents", "admin")])
def test_too_much_is_named_and_not_accepted(name: str, level: str) -> None:
    verdict = compare(ENGINE, {**needed(ENGINE), name: level})
    assert verdict.status is Status.FAIL
    assert f"{name} has {level}" in verdict.because
    assert "take it away" in verdict.because


def test_a_queue_needs_one_more_and_only_then() -> None:
    assert needed(ENGINE, queue=True)["merge_queues"] == "read"
    assert "merge_queues" not in needed(REVERTS, queue=True)
    assert compare(ENGINE, needed(ENGINE, queue=True)).status is Status.FAIL


def test_the_manifest_is_private_and_hears_only_with_an_address() -> None:
    deaf = manifest(ENGINE, "x", "https://example.com")
    assert (deaf["public"], deaf["default_events"]) == (False, [])
    assert not {"hook_attributes", "redirect_url"} & set(deaf)
    hearing = manifest(ENGINE, "x", "https://example.com", hook="https://h.example/webhook", redirect="http://l/done")
    assert hearing["hook_attributes"] == {"url": "https://h.example/webhook", "active": True}
    assert hearing["redirect_url"] == "http://l/done"
    assert "push" in hearing["default_events"]
    assert "merge_group" not in hearing["default_events"]
    assert "merge_group" in manifest(ENGINE, "x", "u", hook="h", queue=True)["default_events"]
    assert manifest(REVERTS, "x", "u", hook="h", queue=True)["default_events"] == []
    assert "hook_attributes" not in manifest(REVERTS, "x", "u", hook="h")


@given(
    st.dictionaries(
        st.sampled_from([*ENGINE.permissions, "workflows", "odd"]),
        st.sampled_from(["read", "write", "admin", "strange"]),
    )
)
def test_only_the_exact_set_passes(granted: dict[str, str]) -> None:
    same = {**granted, "metadata": "read"} == needed(ENGINE) and "metadata" in granted
    assert compare(ENGINE, granted).passed is same or granted.get("metadata") not in {"read", None}
