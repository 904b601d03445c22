"""Rules on one webhook delivery: whether it may wake the loop. It carries no state, only "look again".

Pure: headers and body in, a ruling out. Only the body is signed; the headers that name the event and the delivery are
not. So a replay is told by the body's digest, and an old one by the time that the body itself tells.
Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

LIMIT = 2 * 1024 * 1024
"""Most bytes of a body. GitHub sends up to 25 MB; what is larger than this is left to the poll."""
KEPT = timedelta(hours=24)
"""How old a delivery may be, and how long digests are remembered: never less, or a replay would fit in between."""
AHEAD = timedelta(minutes=10)
"""How far the forge's clock may be before ours."""
SHORTEST = 16
"""Characters of a secret."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}")
_EVENT = re.compile(r"[a-z_]{1,40}")

MOMENTS: dict[str, tuple[str, ...]] = {
    "check_run": ("check_run.completed_at", "check_run.started_at"),
    "check_suite": ("check_suite.updated_at",),
    "create": ("repository.pushed_at",),
    "delete": ("repository.pushed_at",),
    "issue_comment": ("comment.updated_at", "issue.updated_at"),
    "issues": ("issue.updated_at",),
    "merge_group": ("merge_group.head_commit.timestamp",),
    "pull_request": ("pull_request.updated_at",),
    "pull_request_review": ("pull_request.updated_at", "review.submitted_at"),
    "pull_request_review_comment": ("comment.updated_at", "pull_request.updated_at"),
    "pull_request_review_thread": ("pull_request.updated_at",),
    "push": ("repository.pushed_at",),
    "status": ("updated_at",),
}
"""Events that wake the loop, and where each tells when it happened: the newest of these counts."""


class Reason(StrEnum):
    """What became of a delivery, as metrics name it."""

    WOKE = "woke"
    PING = "ping"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    HALF = "half"
    SIGNATURE = "signature"
    REPOSITORY = "repository"
    OLD = "old"
    AHEAD = "ahead"
    REPLAY = "replay"
    TYPE = "type"
    SIZE = "size"
    BUSY = "busy"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer to one delivery. `wakes` only for a new one that is whole, ours and recent."""

    status: int
    reason: Reason
    because: str
    digest: str = ""
    """SHA-256 of the body, for those that wake: what a replay has in common with it."""
    delivery: str = ""

    @property
    def wakes(self) -> bool:
        return self.reason is Reason.WOKE


def before_body(headers: Mapping[str, Sequence[str]], length: int | None) -> Ruling | None:
    """What can be refused without reading the body; None if nothing.

    `headers` hold every value of each, by names in lower case.
    """
    if length is not None and length > LIMIT:
        return Ruling(413, Reason.SIZE, f"the body is longer than {LIMIT} bytes")
    kind = _only(headers, "content-type").partition(";")[0].strip().casefold()
    if kind != "application/json":
        return Ruling(415, Reason.TYPE, "the content type must be application/json")
    wanted = {"x-github-event": _EVENT, "x-github-delivery": _DELIVERY, "x-hub-signature-256": _SIGNATURE}
    lacking = [name for name, shape in wanted.items() if not shape.fullmatch(_only(headers, name))]
    return Ruling(400, Reason.HALF, f"missing, doubled or malformed: {', '.join(lacking)}") if lacking else None


def judge(
    headers: Mapping[str, Sequence[str]], body: bytes, *, secrets: Sequence[str], repository: str, now: datetime
) -> Ruling:
    """Whether this delivery may wake the loop, apart from whether it was seen before.

    Any of `secrets` may have signed it, so that a secret is changed without a gap. `repository` is `OWNER/NAME`.
    """
    refused = before_body(headers, len(body))
    if refused is not None:
        return refused
    if not signed(body, _only(headers, "x-hub-signature-256"), secrets):
        return Ruling(401, Reason.SIGNATURE, "the signature is not of any of our secrets")
    payload = _payload(body)
    if payload is None:
        return Ruling(400, Reason.HALF, "the body is not a JSON object")
    ruling = _told(_only(headers, "x-github-event"), payload, repository, now)
    if not ruling.wakes:
        return ruling
    return replace(ruling, digest=hashlib.sha256(body).hexdigest(), delivery=_only(headers, "x-github-delivery"))


def _told(event: str, payload: Mapping[str, Any], repository: str, now: datetime) -> Ruling:
    """What a signed body says: of which repository, of what, and when."""
    if event == "ping":
        return Ruling(200, Reason.PING, "pong")
    if str(_at(payload, "repository.full_name")).casefold() != repository.casefold():
        return Ruling(403, Reason.REPOSITORY, "it is about another repository, or about none")
    if event not in MOMENTS:
        return Ruling(202, Reason.IGNORED, "this event changes nothing that is looked at")
    return _late(event, payload, now) or Ruling(202, Reason.WOKE, "looking again")


def signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made this signature. Every secret is tried, each in constant time."""
    given = signature.encode("ascii", errors="replace")
    found = False
    for secret in secrets:
        made = b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode("ascii")
        found |= hmac.compare_digest(made, given)
    return found


def happened(event: str, payload: Mapping[str, Any]) -> datetime | None:
    """When the event happened by its body; None if it does not say so where such an event has to."""
    told = [_moment(_at(payload, path)) for path in MOMENTS.get(event, ())]
    return max((moment for moment in told if moment is not None), default=None)


def _late(event: str, payload: Mapping[str, Any], now: datetime) -> Ruling | None:
    moment = happened(event, payload)
    if moment is None:
        return Ruling(400, Reason.HALF, f"a {event} without {' or '.join(MOMENTS[event])}")
    if now - moment > KEPT:
        return Ruling(410, Reason.OLD, f"it happened more than {KEPT.total_seconds() / 3600:g} hours ago")
    if moment - now > AHEAD:
        return Ruling(400, Reason.AHEAD, "it lies in the future: is this machine's clock right?")
    return None


def _only(headers: Mapping[str, Sequence[str]], name: str) -> str:
    """The one value of a header; '' if there is none or more than one, which proxies might read differently."""
    values = headers.get(name, ())
    return values[0] if len(values) == 1 else ""


def _payload(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _at(payload: Mapping[str, Any], path: str) -> Any:
    found: Any = payload
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _moment(value: object) -> datetime | None:
    """A time as GitHub writes it: ISO 8601, or seconds since 1970 (`pushed_at` of a push)."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC) if type(value) is int else None
    except (ValueError, OverflowError, OSError):
        return None
