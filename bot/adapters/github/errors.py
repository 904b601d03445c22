"""What GitHub's answers mean here: later, no, or our own fault. Pure, so that every row of it can be tested."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.text import one_line

DOOR = "GitHub"
PATIENCE = 60.0
"""Seconds to wait after a secondary limit that names no time; doubled each time.

Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the API. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: Any = None

    @property
    def message(self) -> str:
        """GitHub's own words, with the details of a validation error. Shown, never obeyed."""
        if not isinstance(self.data, Mapping):
            return ""
        words = [str(self.data.get("message", ""))]
        errors = self.data.get("errors")
        for one in errors if isinstance(errors, list) else []:
            found = one.get("message") or one.get("code") if isinstance(one, Mapping) else one
            words.append(str(found or json.dumps(one)))
        return one_line("; ".join(word for word in words if word), 300)


def read(status: int, headers: Mapping[str, Any], text: str) -> Answer:
    """An answer as it came. A body that is not JSON, such as a proxy's page, is kept out."""
    try:
        data = json.loads(text) if text else None
    except ValueError:
        data = None
    return Answer(status, {str(key).lower(): str(value) for key, value in headers.items()}, data)


def pause(answer: Answer, now: float, strikes: int = 0) -> float | None:
    """Seconds for which nothing may be asked, or None if this is no rate limit. `now` in seconds of the epoch."""
    if answer.status not in {403, 429}:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return max(1.0, float(after))
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - now) if reset.isdigit() else PATIENCE
    words = answer.message.casefold()
    if answer.status == 429 or "rate limit" in words or "abuse detection" in words:
        return float(PATIENCE * 2 ** min(strikes, 6))
    return None


def mapped(answer: Answer, what: str, seconds: float | None = None) -> MegawattsError:
    """The error of an answer that is not a success. `seconds` is what `pause` said of it."""
    words = answer.message or "no message"
    if seconds is not None:
        return Unavailable(DOOR, f"{what}: its rate limit is used up ({words})", retry_after=seconds)
    if answer.status >= 500 or answer.status == 408:
        return Unavailable(DOOR, f"{what}: it answered {answer.status}", retry_after=5.0)
    if answer.status == 401:
        fix = "make a new token, or give the App's key again, and restart the controller"
        return Misconfigured(f"GitHub does not accept our token ({words}): {fix}")
    if answer.status < 400:
        return Unavailable(DOOR, f"{what}: it answered {answer.status}, which is not an answer to that")
    said = {403: f"GitHub forbids it ({words})", 404: "not found on GitHub, or hidden from our token"}
    why = said.get(answer.status, f"GitHub refuses with {answer.status} ({words})")
    return Denied(f"{what}: {why}{_wanted(answer)}")


def unreached(error: Exception) -> MegawattsError:
    """For no answer at all. A server that is not trusted stays so until somebody sets what to trust."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        fix = "name a file with the authority that signed it, and all others, in REQUESTS_CA_BUNDLE"
        return Misconfigured(f"GITHUB_API_URL shows a certificate that is not trusted: {fix}")
    return Unavailable(DOOR, f"no connection ({type(error).__name__})", retry_after=5.0)


def _wanted(answer: Answer) -> str:
    """The permission that GitHub says is missing."""
    wanted = answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes") or ""
    return f"; it needs the permission {one_line(wanted, 120)}" if wanted else ""


def graphql(errors: Any, what: str, headers: Mapping[str, str], now: float) -> MegawattsError:
    """The error of a GraphQL answer, which is a success by its HTTP status, at its rate limit too."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    kind, words = str(first.get("type", "")), one_line(str(first.get("message", "no message")), 300)
    if kind in {"RATE_LIMITED", "RATE_LIMIT"}:
        seconds = pause(Answer(429, headers), now)
        return Unavailable(DOOR, f"{what}: its rate limit is used up ({words})", retry_after=seconds)
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return Denied(f"{what}: GitHub forbids it ({words}); give the App or token the permission it names")
    if kind == "NOT_FOUND":
        return Denied(f"{what}: not found on GitHub, or hidden from our token ({words})")
    if kind in {"", "INTERNAL", "SERVICE_UNAVAILABLE"}:
        return Unavailable(DOOR, f"{what}: {words}", retry_after=5.0)
    return Denied(f"{what}: GitHub refuses ({words})")
