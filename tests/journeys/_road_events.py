"""What GitHub does by itself on the stage: webhooks to the controller and Argo CD, and the workflow that promotes."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

import aiohttp

from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.ids import Sha
from bot.policy.promotion import written
from tests.adapters.github.hooks import payload, signature
from tests.servers.argocd.controller import VALUES
from tests.servers.github.peer import Place

SECRET = "webhook-secret-of-the-stage"
EVENTS = (
    ("POST", r"/pulls", "pull_request"),
    ("PATCH", r"/pulls/\d+", "pull_request"),
    ("POST", r"/issues/\d+/labels", "pull_request"),
    ("PUT", r"/pulls/\d+/merge", "pull_request"),
    ("POST", r"/pulls/\d+/reviews", "pull_request_review"),
    ("POST", r"/statuses/[0-9a-f]{40}", "status"),
    ("POST", r"/check-runs", "check_run"),
    ("POST", r"/issues/\d+/comments", "issue_comment"),
    ("PATCH", r"/issues/\d+", "issues"),
)
"""Requests that change something, and the webhook that GitHub sends of each."""


@dataclass
class Events:
    """Hears of all that changes on the peer. `lost`: no delivery arrives anywhere; the workflows still run."""

    place: Place
    argo: Callable[[], Awaitable[Any]]
    """Argo CD's own webhook: it looks at git."""
    controller: str = ""
    """Address of the controller's webhook; empty: it does not listen."""
    lost: bool = False
    answers: list[tuple[str, int]] = field(default_factory=list)
    """What the controller answered to each."""
    refused: list[str] = field(default_factory=list)
    """What GraphQL would not do."""
    _queue: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def listen(self) -> Callable[[], None]:
        """From now on, every request that changes this repository is told; gives what ends that."""
        loop, front, name = asyncio.get_running_loop(), self.place.hub.front, self.place.house.name
        answer = front.answer

        def told(verb: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
            found = answer(verb, target, headers, body)
            rest = target.partition("?")[0].removeprefix(f"/repos/{name}")
            if target == "/graphql" and "errors" in found[1]:
                self.refused.append(str(found[1]["errors"]))
            if found[0] < 300:
                for kind, pattern, event in EVENTS:
                    if kind == verb and re.fullmatch(pattern, rest):
                        loop.call_soon_threadsafe(self._queue.put_nowait, event)
                if verb == "PUT" and rest.endswith("/merge"):
                    loop.call_soon_threadsafe(self._queue.put_nowait, "push")
            return found

        front.answer = told  # type: ignore[method-assign]

        def end() -> None:
            front.answer = answer  # type: ignore[method-assign]

        return end

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                event = await self._queue.get()
                if event == "push":
                    await asyncio.to_thread(promote, self.place)
                if self.lost:
                    continue
                if event == "push":
                    await self.argo()
                if self.controller:
                    await self._deliver(session, event)

    async def _deliver(self, session: aiohttp.ClientSession, event: str) -> None:
        body = json.dumps(payload(event, at=datetime.now(UTC), name=self.place.house.name)).encode()
        headers = {
            "content-type": "application/json", "x-github-event": event, "x-github-delivery": str(uuid4()),
            "x-hub-signature-256": signature(body, SECRET),
        }  # fmt: skip
        try:
            async with session.post(self.controller, data=body, headers=headers) as answer:
                self.answers.append((event, answer.status))
        except aiohttp.ClientError:
            self.answers.append((event, 0))


def promote(place: Place) -> Sha | None:
    """The workflow `promote`: the image of what was merged is written into the values of production."""
    with place.hub.front.lock:
        repo = GitRepository(place.house.git_dir)
        main = repo.resolve("refs/heads/main")
        before = (repo.read(main, VALUES) or b"").decode()
        digest = f"sha256:{hashlib.sha256(repo.tree(main).encode()).hexdigest()}"
        after = written(before, digest, main)
        files = {PurePosixPath(VALUES): after.encode()}
        made = repo.commit(Patch(main, files), f"deploy(production): {main[:12]}", author="github-actions[bot]")
        repo.branch("main", made, expecting=main)
        return made
