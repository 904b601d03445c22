"""docs/http.md: what the bot's endpoint answers to, from its own routes."""

from typing import Any

from bot.adapters.web.endpoint import State, build
from bot.adapters.web.metrics import Metrics
from bot.adapters.web.requests import BODY
from bot.app.references.scan import cell, code
from bot.core.chat import Outcome
from bot.core.errors import Misconfigured

_ANSWER = (
    '`{"id", "text", "intent", "answered", "outcome", "language", "revision", "tool"?, "model"?, "buttons"?, "card"?, '
    '"files"?, "private"?, "retry_after"?}`'
)
_STREAM = '; with `"stream": true` JSON lines: `{"grow": text so far}`, and last `{"answer": {...}}` or `{"error"}`'
WHAT = {
    "POST /chat": (
        '`{"user", "channel", "text", "name"?, "stream"?}`',
        _ANSWER + "; 429 with `Retry-After` when over a rate limit" + _STREAM,
    ),
    "POST /command": (
        '`{"user", "channel", "command", "arguments"?, "name"?, "stream"?}`, `command` in words: `memory show`',
        "as `/chat`",
    ),
    "POST /press": ('`{"user", "channel", "button", "text"?, "name"?}`, `button` the id of a button', "as `/chat`"),
    "POST /feedback": (
        '`{"id", "user", "value"}`, `value` one of `up`, `down`, `fix`',
        '`{"recorded": true}`; 404 if no recent answer has that id',
    ),
    "GET /outbox": ("`?user=ID`", '`{"messages": [{"id", "channel", "text", "due"}]}`, each handed out once'),
    "GET /healthz": ("-", '`{"status": "alive", "revision"}` as long as the process answers'),
    "GET /readyz": ("-", '`{"status", "revision"}`; 503 while it starts, drains or cannot reach its records'),
    "GET /health": ("-", "state of the process and of its records, for people"),
    "GET /metrics": ("-", "figures in the Prometheus text format, see [metrics](metrics.md)"),
}
"""Each route: what it takes and what it gives; one that is there and not described here is an error."""


def http() -> str:
    """The page. Raises Misconfigured for a route that is not described, or described and not there."""
    there = routes()
    odd = sorted(set(there) ^ set(WHAT))
    if odd:
        raise Misconfigured(f"{odd[0]} is answered and not described, or the reverse: mend WHAT in {__name__}")
    rows = [f"| {code(route)} | {cell(WHAT[route][0])} | {cell(WHAT[route][1])} |" for route in there]
    outcomes = ", ".join(code(outcome.value) for outcome in Outcome)
    return "\n".join(
        [
            "# HTTP interface of the bot",
            "",
            "Written by `megawatts docs` from the endpoint's routes; a test compares the two.",
            "",
            "`megawatts bot --port 8080` listens on loopback. It asks nobody who they are: whoever reaches it is any",
            "member. So with another `--host` (a pod's `0.0.0.0`) it answers probes and scrapes only: `/healthz`,",
            "`/readyz`, `/health`, `/metrics`; the rest is 404. On loopback a web page in your browser is refused too",
            "(403): a request with an `Origin`, or to another `Host` than localhost.",
            "",
            f"Bodies are JSON objects in UTF-8 of at most {BODY} bytes. Ids are 1 to 64",
            'letters, digits or `_.:@#-`. Every error is a status and `{"error": sentence}`: 400 for what cannot be',
            "used, 413 for too much, 503 with `Retry-After` when busy or ending, 504 when an answer took too long.",
            "",
            f"`outcome` is one of {outcomes}.",
            "",
            "| route | takes | gives |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def routes() -> list[str]:
    """Method and path of every route, in the order in which they are declared."""
    conversation: Any = None  # nothing is answered here
    app = build(State(conversation, Metrics("0", "0"), "0", dict))
    found = ((route.method, route.resource) for route in app.router.routes() if route.method != "HEAD")
    return [f"{method} {resource.canonical}" for method, resource in found if resource is not None]
