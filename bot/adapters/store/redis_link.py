"""How this program talks to a Redis server, and what it does while the server is away."""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from bot.core.errors import Misconfigured, Unavailable

log = logging.getLogger(__name__)
FAILURES = (RedisError, OSError, TimeoutError)
"""What the library raises; the texts name the address, so they are not shown."""
PATIENCE = 1.0
"""Seconds to wait for an answer: a member waits meanwhile, and there is a way without Redis."""
OPTIONS: dict[str, Any] = {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "protocol": 2,
    "client_name": "megawatts",
    "max_connections": 50,
    "retry": Retry(NoBackoff(), 0),
}
"""No tries anew inside the library: they take seconds."""
_EXAMPLE = "write it as redis://:password@host:6379/0, rediss://... or unix:///folder/redis.sock"
_VERIFIED = {"ssl_cert_reqs": {"required"}, "ssl_check_hostname": {"true", "yes", "y", "1"}}
"""What the library's switches may say: https://redis.readthedocs.io/en/stable/connections.html"""


def check_address(address: str, setting: str) -> None:
    """Misconfigured, naming the setting and never the address, if it is not one."""
    try:
        if not address.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("another scheme")  # noqa: TRY301  (one way out)
        ConnectionPool.from_url(address, **OPTIONS)
    except (ValueError, TypeError):
        raise Misconfigured(f"{setting} is not the address of a Redis server: {_EXAMPLE}") from None
    asked = parse_qs(urlsplit(address).query)
    loose = [name for name, well in _VERIFIED.items() if not {word.lower() for word in asked.get(name, ())} <= well]
    if loose:
        raise Misconfigured(f"{setting} turns off the check of the server's certificate by {loose[0]}: leave it out")


async def ping(address: str, setting: str) -> None:
    """Ask the server once. Raises Misconfigured for what is no address, Unavailable with what a person can mend."""
    check_address(address, setting)
    client = Redis.from_url(address, **OPTIONS)
    try:
        await client.ping()
    except FAILURES as error:
        raise Unavailable(
            "Redis", f"{why(error)}; does the server that {setting} names run, with that password?"
        ) from None
    finally:
        await client.aclose()


class Away:
    """Whether the server is away, said once when it goes and once when it is back."""

    def __init__(self, what: str, setting: str, *, pause: float = 2.0, clock: Callable[[], float] = time.monotonic):
        """`pause`: seconds between two tries while it is away."""
        self._what, self._setting, self._pause, self._clock = what, setting, pause, clock
        self._again_at: float | None = None

    def worth_a_try(self) -> bool:
        """True while it is there; while it is away, for one caller each pause."""
        if self._again_at is None:
            return True
        if self._clock() < self._again_at:
            return False
        self._again_at = self._clock() + self._pause
        return True

    def lost(self, error: BaseException) -> None:
        """It did not answer."""
        if self._again_at is None:
            because = f"{self._setting}: {why(error)}"
            log.warning(
                "Redis is away (%s); the %s of this process alone is used until it is back", because, self._what
            )
        self._again_at = self._clock() + self._pause

    def back(self) -> None:
        """It answered."""
        if self._again_at is not None:
            self._again_at = None
            log.warning("Redis is back; the %s is shared again", self._what)


def why(error: BaseException) -> str:
    """What a person can do something about, without address or password."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, AuthenticationError | NoPermissionError):
            return "it refuses the password or the user"
        found = found.__cause__
    return "no answer in time" if isinstance(error, TimeoutError) else "no connection"
