"""What Argo CD's refusals mean, in the house's three ways to fail. Pure.

Argo CD answers `{"error", "code", "message"}`, where the code is gRPC's; HTTP statuses are those of grpc-gateway.
"""

import json
import re
from dataclasses import dataclass

from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.text import one_line

DOOR = "Argo CD"
_PERMISSION = re.compile(r"permission denied: ([\w-]+), ([\w/*.-]+), ([^,\s]+)", re.IGNORECASE)


class Missing(Denied):
    """There is no such application, or none that may be told from one that the token may not see."""


class NotPermitted(Denied):
    """The token lacks a permission; the text names it."""


class Refused(Denied):
    """A precondition does not hold: auto-sync is on, another operation runs, a sync window is closed."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, for the sentence that says why it failed."""

    what: str
    """For people: `roll back megawatts`."""
    permission: str
    """What Argo CD's RBAC calls it: `applications, sync`."""
    application: str = ""
    project: str = ""


def failure(status: int, body: bytes, call: Call, retry_after: str | None = None) -> MegawattsError:
    """The error for an answer that is not a success."""
    code, said = _said(body)
    if status == 401 or code == 16:
        return Misconfigured(
            f"Argo CD does not accept the token ({said}): it is wrong, expired or revoked; "
            "make a new one and set ARGOCD_AUTH_TOKEN"
        )
    if status == 403 or code == 7:
        return _forbidden(said, call)
    if status == 404 or code == 5:
        return Missing(f"Argo CD has no {_named(call)} ({said}): check ARGOCD_APPLICATION and ARGOCD_PROJECT")
    if status == 429 or status >= 500:
        return Unavailable(
            DOOR, f"cannot {call.what}: it answered {status} ({said})", retry_after=_seconds(retry_after)
        )
    if 300 <= status < 400:
        return Misconfigured(f"ARGOCD_SERVER answers with a redirect ({status}): give the address that it leads to")
    return Refused(f"Argo CD refuses to {call.what}: {said}")


def streamed(error: dict[str, object], call: Call) -> MegawattsError:
    """The error that a stream ends with: `{"grpc_code", "http_code", "message"}`."""
    row = {"code": error.get("grpc_code", 0), "message": error.get("message", "")}
    status = error.get("http_code")
    return failure(status if isinstance(status, int) else 500, json.dumps(row).encode(), call)


def _said(body: bytes) -> tuple[int, str]:
    """gRPC's code and the server's sentence. What it says is shown, cut and cleaned, and never obeyed."""
    try:
        row = json.loads(body)
    except ValueError:
        return 0, one_line(body[:300].decode("utf-8", errors="replace"), 120) or "no reason given"
    if not isinstance(row, dict):
        return 0, "no reason given"
    code = row.get("code")
    text = one_line(str(row.get("message") or row.get("error") or ""), 300)
    return (code if isinstance(code, int) else 0), text or "no reason given"


def _forbidden(said: str, call: Call) -> MegawattsError:
    if "sync window" in said.lower():
        return Refused(f"Argo CD refuses to {call.what}: {said}; wait for the window, or let people sync by hand in it")
    found = _PERMISSION.search(said)
    named = f"`{found[1]}, {found[2]}` on `{found[3]}`" if found else f"`{call.permission}` on {_named(call)}"
    hint = "" if call.project else ", or there is no such application: set ARGOCD_PROJECT to tell the two apart"
    return NotPermitted(f"Argo CD's token lacks the permission {named}, needed to {call.what}{hint}")


def _named(call: Call) -> str:
    where = f" in the project {call.project}" if call.project else ""
    return f"application {call.application}{where}" if call.application else f"answer to: {call.what}"


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After in seconds (RFC 9110, 10.2.3); a date is left out."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
