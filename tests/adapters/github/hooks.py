"""Webhook deliveries as GitHub signs them."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github.webhook import MOMENTS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET, OLD_SECRET = "s" * 32, "t" * 32
REPOSITORY = "Octo/Bot"
ID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def payload(event: str = "push", *, at: datetime = NOW, name: str = REPOSITORY) -> dict[str, Any]:
    """A body of that event with a moment in each place where such an event tells it."""
    body: dict[str, Any] = {"repository": {"full_name": name}}
    for path in MOMENTS.get(event, ()):
        *above, last = path.split(".")
        inner = body
        for word in above:
            inner = inner.setdefault(word, {})
        inner[last] = at.isoformat().replace("+00:00", "Z")
    return body


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, event: str = "push", *, secret: str = SECRET, **change: list[str]) -> dict[str, list[str]]:
    named = {
        "content-type": ["application/json"],
        "x-github-event": [event],
        "x-github-delivery": [ID],
        "x-hub-signature-256": [signature(body, secret)],
    }
    return named | {name.replace("_", "-"): value for name, value in change.items()}
