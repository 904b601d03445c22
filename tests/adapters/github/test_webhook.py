"""A webhook may only say "look again", and only the forge may say it."""

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github.webhook import AHEAD, KEPT, LIMIT, MOMENTS, Reason, Ruling, happened, judge, signed
from tests.adapters.github.hooks import ID, NOW, OLD_SECRET, REPOSITORY, SECRET, headers, payload, signature


def ruled(said: object = None, event: str = "push", **change: list[str]) -> Ruling:
    body = said if isinstance(said, bytes) else json.dumps(payload(event) if said is None else said).encode()
    return judge(headers(body, event, **change), body, secrets=(SECRET,), repository=REPOSITORY, now=NOW)


@pytest.mark.parametrize("event", sorted(MOMENTS))
def test_what_changes_a_proposal_wakes(event: str) -> None:
    found = ruled(event=event)
    assert (found.status, found.reason, found.wakes) == (202, Reason.WOKE, True)
    assert len(found.digest) == 64
    assert found.delivery == ID


def test_letters_of_the_repository_may_be_of_either_case() -> None:
    assert ruled(payload(name="octo/bot")).wakes


@pytest.mark.parametrize("event", ["star", "fork", "watch", "deployment"])
def test_what_changes_nothing_does_not_wake(event: str) -> None:
    found = ruled(event=event)
    assert (found.status, found.reason, found.wakes) == (202, Reason.IGNORED, False)


def test_a_ping_is_answered_and_wakes_nothing() -> None:
    found = ruled({"zen": "Keep it logically awesome.", "hook_id": 1}, "ping")
    assert (found.status, found.reason, found.wakes) == (200, Reason.PING, False)


def test_either_secret_may_have_signed_while_one_is_changed() -> None:
    body = json.dumps(payload()).encode()
    for secret in (SECRET, OLD_SECRET):
        given_headers = headers(body, secret=secret)
        assert judge(given_headers, body, secrets=(SECRET, OLD_SECRET), repository=REPOSITORY, now=NOW).wakes
    given_headers = headers(body, secret=OLD_SECRET)
    assert judge(given_headers, body, secrets=(SECRET,), repository=REPOSITORY, now=NOW).status == 401


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"content_type": ["application/x-www-form-urlencoded"]}, 415, Reason.TYPE),
        ({"content_type": []}, 415, Reason.TYPE),
        ({"content_type": ["application/json", "text/plain"]}, 415, Reason.TYPE),
        ({"x_github_event": []}, 400, Reason.HALF),
        ({"x_github_event": ["push", "ping"]}, 400, Reason.HALF),
        ({"x_github_event": ["Push; rm"]}, 400, Reason.HALF),
        ({"x_github_delivery": []}, 400, Reason.HALF),
        ({"x_github_delivery": ["../../etc"]}, 400, Reason.HALF),
        ({"x_github_delivery": ["a" * 65]}, 400, Reason.HALF),
        ({"x_hub_signature_256": []}, 400, Reason.HALF),
        ({"x_hub_signature_256": ["sha1=" + "0" * 40]}, 400, Reason.HALF),
        ({"x_hub_signature_256": ["sha256=" + "0" * 63]}, 400, Reason.HALF),
        ({"x_hub_signature_256": ["sha256=" + "A" * 64]}, 400, Reason.HALF),
        ({"x_hub_signature_256": ["sha256=" + "0" * 64]}, 401, Reason.SIGNATURE),
    ],
)
def test_half_a_webhook_is_refused(change: dict[str, list[str]], status: int, reason: Reason) -> None:
    found = ruled(**change)
    assert (found.status, found.reason, found.wakes, found.digest) == (status, reason, False, "")


def test_a_charset_beside_the_content_type_is_no_other_type() -> None:
    assert ruled(content_type=["Application/JSON; charset=utf-8"]).wakes


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_half(body: bytes) -> None:
    assert (ruled(body).status, ruled(body).reason) == (400, Reason.HALF)


@pytest.mark.parametrize("name", ["octo/other", "evil/Bot", "", None, 7, {"x": 1}])
def test_another_repository_is_refused(name: object) -> None:
    body = payload() | {"repository": {"full_name": name, "pushed_at": NOW.isoformat()}}
    assert (ruled(body).status, ruled(body).reason) == (403, Reason.REPOSITORY)
    assert ruled(payload() | {"repository": name}).reason is Reason.REPOSITORY


def test_a_body_over_the_limit_is_refused_before_its_signature_is_looked_at() -> None:
    found = ruled(b" " * (LIMIT + 1))
    assert (found.status, found.reason) == (413, Reason.SIZE)


@pytest.mark.parametrize("event", sorted(MOMENTS))
def test_an_old_one_is_refused_and_one_without_a_time_is_half(event: str) -> None:
    edge = payload(event, at=NOW - KEPT)
    assert ruled(edge, event).wakes
    found = ruled(payload(event, at=NOW - KEPT - timedelta(seconds=1)), event)
    assert (found.status, found.reason) == (410, Reason.OLD)
    assert ruled({"repository": {"full_name": REPOSITORY}}, event).reason is Reason.HALF


def test_one_from_the_future_says_that_a_clock_is_wrong() -> None:
    assert ruled(payload(at=NOW + AHEAD)).wakes
    assert ruled(payload(at=NOW + AHEAD + timedelta(seconds=1))).reason is Reason.AHEAD


def test_the_event_is_not_signed_so_a_body_under_another_name_tells_no_time() -> None:
    body = payload("status") | {"repository": {"full_name": REPOSITORY}}
    assert ruled(body, "status").wakes
    assert ruled(body, "pull_request").reason is Reason.HALF


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (int(NOW.timestamp()), NOW),
        ("2026-11-22T12:00:00Z", NOW),
        ("2026-11-22T13:00:00+01:00", NOW),
        ("2026-11-22T12:00:00", NOW),
        (True, None),
        (1e9, None),
        ("soon", None),
        (10**30, None),
        (None, None),
    ],
)
def test_a_time_is_read_as_github_writes_it(value: object, told: datetime | None) -> None:
    assert happened("push", {"repository": {"pushed_at": value}}) == told


def test_the_newest_of_its_times_counts() -> None:
    dismissed = payload("pull_request_review", at=NOW - 2 * KEPT)
    dismissed["pull_request"]["updated_at"] = NOW.isoformat()
    assert ruled(dismissed, "pull_request_review").wakes


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=80))
def test_nothing_unsigned_ever_wakes(body: bytes, secret: str, forged: str) -> None:
    assert not signed(body, forged, (SECRET,))
    if secret != SECRET:
        assert not signed(body, signature(body, secret), (SECRET,))
    assert signed(body, signature(body), (OLD_SECRET, SECRET))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_body_that_was_changed_anywhere_is_refused(place: int, flip: int) -> None:
    body = json.dumps(payload()).encode()
    at = place % len(body)
    other = body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]
    found = judge(headers(body), other, secrets=(SECRET,), repository=REPOSITORY, now=NOW)
    assert (found.status, found.wakes) == (401, False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["repository", "full_name", "x"]), inner)
    ),
    max_leaves=8,
)


@given(_JSON, st.sampled_from([*MOMENTS, "ping", "star", "constructor"]))
def test_every_signed_body_has_a_ruling(said: object, event: str) -> None:
    found = ruled(json.dumps(said).encode(), event)
    assert 200 <= found.status < 500
    assert not found.wakes
