"""Listens for webhooks beside the controller and wakes its loop; whatever is odd is refused, counted and not acted on.

Polling goes on without it: a delivery that is lost costs time and nothing else.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog
from aiohttp import web

from bot.adapters.github.webhook import KEPT, LIMIT, SHORTEST, Reason, Ruling, before_body, judge
from bot.core.errors import Misconfigured
from bot.core.ports import Clock, Records

log = structlog.get_logger()

TABLE = "deliveries"
TOGETHER = 0.25
"""Seconds in which deliveries become one wake: an event on GitHub is often several webhooks."""
READ_WITHIN = 10.0
"""Seconds that a body may take to arrive."""
AT_ONCE = 32
"""Bodies that are read at the same time."""
_FORGET_EVERY = 256


class Seen:
    """Deliveries that were accepted, as long as they could come again. Shared by all processes with these records."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._since = 0

    def remember(self, ruling: Ruling) -> Ruling:
        """The same ruling if it is new; else what it repeats. Of two at the same time, one is new."""
        row = {"at": self._clock().isoformat(), "delivery": ruling.delivery, "digest": ruling.digest}
        fresh = self._records.add(TABLE, f"body/{ruling.digest}", row)
        if not fresh:
            earlier = self._records.get(TABLE, f"body/{ruling.digest}") or {}
            if earlier.get("delivery") == ruling.delivery:
                return Ruling(200, Reason.DUPLICATE, "this delivery was already taken")
            return Ruling(409, Reason.REPLAY, "this body was already delivered under another id")
        if not self._records.add(TABLE, f"id/{ruling.delivery}", row):
            return Ruling(409, Reason.REPLAY, "this delivery id came with another body")
        self._forget()
        return ruling

    def _forget(self) -> None:
        """Now and then: what is too old to be taken again need not be known."""
        self._since += 1
        if self._since % _FORGET_EVERY != 1:
            return
        before = self._clock() - 2 * KEPT
        for key, row in self._records.scan(TABLE):
            if datetime.fromisoformat(str(row["at"])) < before:
                self._records.delete(TABLE, key)


class Bell:
    """Calls `wake` once for all rings within `together` seconds."""

    def __init__(self, wake: Callable[[], None], together: float = TOGETHER) -> None:
        self._wake = wake
        self._together = together
        self._due: asyncio.TimerHandle | None = None

    def ring(self) -> None:
        """Wake soon. Must be called inside the event loop."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._together, self._call)

    def _call(self) -> None:
        self._due = None
        try:
            self._wake()
        except Exception as error:  # noqa: BLE001  (the next delivery must still be heard)
            log.error("wake failed", error=type(error).__name__)  # noqa: TRY400  (no traceback)


class HookServer:
    """What the controller's port answers to webhooks: POST /webhook.

    `secrets`: the present one, and during a change the one before it. `repository`: `OWNER/NAME`. `wake` is called in
    the event loop and must return at once. `count` is told the reason of every answer, for metrics.
    Raises Misconfigured if there is no secret, one is short, or the repository is not `OWNER/NAME`.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        repository: str,
        wake: Callable[[], None],
        *,
        records: Records,
        clock: Clock,
        count: Callable[[str], None] = lambda _reason: None,
        together: float = TOGETHER,
    ) -> None:
        if not secrets or any(len(secret) < SHORTEST for secret in secrets):
            raise Misconfigured(
                f"a webhook secret must have {SHORTEST} characters or more: make one and set it at both ends"
            )
        if repository.count("/") != 1 or not all(repository.split("/")):
            raise Misconfigured(f"{repository[:80]!r} is no repository: write OWNER/NAME")
        self._secrets = tuple(secrets)
        self._repository = repository
        self._seen = Seen(records, clock)
        self._clock = clock
        self._bell = Bell(wake, together)
        self._count = count
        self._reading = 0
        self.outcomes: Counter[Reason] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """What the controller's application takes along; it needs `client_max_size` of at least `webhook.LIMIT`."""
        return [web.post("/webhook", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Errors tell nothing of the inside."""
        try:
            return await self._webhook(request)
        except web.HTTPException as error:
            return web.json_response({"because": error.reason}, status=error.status)
        except Exception as error:  # noqa: BLE001  (whatever breaks, the sender hears one sentence)
            log.error("webhook failed", error=type(error).__name__)  # noqa: TRY400  (no traceback)
            return web.json_response({"because": "something went wrong on our side"}, status=500)

    async def _webhook(self, request: web.Request) -> web.Response:
        ruling = await self._ruling(request)
        self.outcomes[ruling.reason] += 1
        self._count(ruling.reason.value)
        if ruling.wakes:
            self._bell.ring()
        return web.json_response({"reason": ruling.reason.value, "because": ruling.because}, status=ruling.status)

    async def _ruling(self, request: web.Request) -> Ruling:
        headers = _headers(request)
        refused = before_body(headers, request.content_length)
        if refused is not None:
            return refused
        if self._reading >= AT_ONCE:
            return Ruling(503, Reason.BUSY, "too many deliveries at once")
        self._reading += 1
        try:
            async with asyncio.timeout(READ_WITHIN):
                body = await request.read()
        except (TimeoutError, ConnectionError):
            return Ruling(408, Reason.HALF, "the body did not arrive")
        except web.HTTPRequestEntityTooLarge:
            return Ruling(413, Reason.SIZE, f"the body is longer than {LIMIT} bytes")
        finally:
            self._reading -= 1
        return await self._settled(
            judge(headers, body, secrets=self._secrets, repository=self._repository, now=self._clock())
        )

    async def _settled(self, ruling: Ruling) -> Ruling:
        """New or a repetition. Where that cannot be known nothing is woken: the poll comes anyway."""
        if not ruling.wakes:
            return ruling
        try:
            return await asyncio.to_thread(self._seen.remember, ruling)
        except Exception as error:  # noqa: BLE001  (whatever the store raises, the sender hears one sentence)
            log.error("delivery not remembered", error=type(error).__name__)  # noqa: TRY400  (no traceback)
            return Ruling(503, Reason.STORE, "it cannot be remembered now")


def _headers(request: web.Request) -> Mapping[str, Sequence[str]]:
    return {name.casefold(): request.headers.getall(name) for name in request.headers}
