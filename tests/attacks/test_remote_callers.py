"""Somebody on the network, or a page in the operator's browser, tries to speak as a member of the bot's own endpoint.

The endpoint asks nobody who they are: it takes `user` as it is given. So nobody but programs on its machine may ask.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.adapters.web.endpoint import State, build, serve
from bot.adapters.web.metrics import Metrics
from bot.core.chat import Answer, Outcome

ADMIN = {"user": "the-admin", "channel": "hall"}
DOORS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/chat", {**ADMIN, "text": "!stop now"}),
    ("POST", "/command", {**ADMIN, "command": "rollback"}),
    ("POST", "/press", {**ADMIN, "button": "approve:12"}),
    ("POST", "/feedback", {"user": "the-admin", "id": "1", "value": "up"}),
    ("GET", "/outbox?user=the-admin", {}),
]


class Conversation:
    """Remembers whatever reaches it."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def answer(self, *heard: Any) -> Answer:
        self.heard.append(heard)
        return Answer("id-1", "done", "stop", Outcome.ANSWERED)

    command = press = answer

    async def feedback(self, *heard: Any) -> bool:
        self.heard.append(heard)
        return True

    async def pending(self, user: str) -> list[Any]:
        self.heard.append(user)
        return []


async def ask(host: str, headers: Mapping[str, str], what: tuple[str, str, dict[str, Any]]) -> tuple[int, list[Any]]:
    """Over a real socket; the status, and what the bot heard."""
    import aiohttp

    conversation = Conversation()
    state = State(conversation=conversation, metrics=Metrics("0", "0"), revision="0", health=dict)  # type: ignore[arg-type]
    runner, port = await serve(state, host, 0)
    try:
        async with aiohttp.ClientSession() as session:
            method, path, body = what
            url = f"http://127.0.0.1:{port}{path}"
            async with session.request(method, url, headers=headers, json=body or None) as answer:
                return answer.status, conversation.heard
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("what", DOORS, ids=lambda what: what[1])
async def test_where_others_can_reach_it_nobody_speaks_as_a_member(what: tuple[str, str, dict[str, Any]]) -> None:
    assert await ask("0.0.0.0", {}, what) == (404, [])
    status, heard = await ask("127.0.0.1", {}, what)
    assert (status, len(heard)) == (200, 1), "the same is answered to this machine"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/health", "/metrics"])
async def test_probes_and_scrapes_are_answered_there(path: str) -> None:
    assert await ask("0.0.0.0", {"Host": "bot.megawatts.svc:8080"}, ("GET", path, {})) == (200, [])


@pytest.mark.parametrize("what", DOORS, ids=lambda what: what[1])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "rebound.evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=lambda headers: next(iter(headers)),
)
async def test_a_page_in_the_browser_does_not_speak_as_a_member(
    headers: dict[str, str], what: tuple[str, str, dict[str, Any]]
) -> None:
    assert await ask("127.0.0.1", headers, what) == (403, [])


def test_no_other_route_was_forgotten() -> None:
    """What is added later is answered to this machine alone, or is named here."""
    state: Any = None

    def paths(*, talks: bool) -> set[str]:
        return {str(route.resource.canonical) for route in build(state, talks=talks).router.routes() if route.resource}

    assert paths(talks=False) == {"/healthz", "/readyz", "/health", "/metrics"}
    assert paths(talks=True) - paths(talks=False) == {path.partition("?")[0] for _, path, _ in DOORS}
