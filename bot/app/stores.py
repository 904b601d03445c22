"""Which stores the settings ask for; their libraries are imported only where a server is named."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Protocol
from urllib.parse import quote

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.shared_switch import SharedSwitch
from bot.adapters.store.switch import FileSwitch
from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.settings import Settings
from bot.core.errors import Misconfigured
from bot.core.ports import AuditLog, Records, Switch
from bot.core.stores import Cache, RateLimiter


class OpenRecords(Records, Protocol):
    """Records that are let go of in the end."""

    def close(self) -> None: ...


def open_records(settings: Settings, home: Home, *, rebuild: bool = False) -> OpenRecords:
    """The records: in the database that is set, else in a file of the home folder.

    With `rebuild` a damaged file is put aside; a database is never touched by it. Raises Misconfigured or Unavailable.
    """
    address = database_url(settings)
    if not address:
        from bot.adapters.store.records import SqliteRecords  # noqa: PLC0415

        return SqliteRecords(home.records, rebuild=rebuild)
    need_sql(settings)
    from bot.adapters.store.sql.records import SqlRecords  # noqa: PLC0415  (half a second)

    return SqlRecords(address.reveal(), setting=database_setting(settings))


def open_switch(settings: Settings, home: Home, records: Records) -> Switch:
    """The emergency stop: in the database that is set, for all processes that share it, else a file of the home."""
    file = FileSwitch(home.switch)
    return SharedSwitch(records, file) if database_url(settings) else file


def open_audit(settings: Settings, home: Home, records: Records) -> AuditLog:
    """The audit log: in the database that is set, over the connections of `records`, else a file of the home.

    Raises Misconfigured or Unavailable.
    """
    if not database_url(settings):
        return FileAuditLog(home.audit)
    from bot.adapters.store.sql.audit import SqlAuditLog  # noqa: PLC0415  (half a second)
    from bot.adapters.store.sql.records import SqlRecords  # noqa: PLC0415

    if not isinstance(records, SqlRecords):
        raise TypeError(f"the audit log of a database needs its records, not {type(records).__name__}")
    return SqlAuditLog(records.database, home.witness)


@contextmanager
def audit_alone(settings: Settings, home: Home) -> Iterator[AuditLog]:
    """The audit log for a command that needs nothing else; a home without a database gets no file of records by it."""
    if not database_url(settings):
        yield FileAuditLog(home.audit)
        return
    with closing(open_records(settings, home)) as records:
        yield open_audit(settings, home, records)


def open_cache(settings: Settings) -> Cache:
    """The cache: on the Redis that is set, else in this process. Raises Misconfigured."""
    address = redis_url(settings)
    if not address:
        from bot.adapters.store.local_cache import LocalCache  # noqa: PLC0415

        return LocalCache()
    setting = redis_setting(settings)
    _need("redis", setting)
    from bot.adapters.store.redis_cache import RedisCache  # noqa: PLC0415

    return RedisCache(address.reveal(), prefix=installation(settings), setting=setting)


def open_limiter(settings: Settings) -> RateLimiter:
    """The rate limits: on the Redis that is set, else in this process. Raises Misconfigured."""
    address = redis_url(settings)
    if not address:
        from bot.adapters.store.local_limiter import LocalLimiter  # noqa: PLC0415

        return LocalLimiter()
    setting = redis_setting(settings)
    _need("throttled", setting)
    from bot.adapters.store.redis_limiter import RedisLimiter  # noqa: PLC0415

    return RedisLimiter(address.reveal(), prefix=installation(settings), setting=setting)


def need_sql(settings: Settings) -> None:
    """Misconfigured if a database is set and its libraries are not installed."""
    for library in ("sqlmodel", "alembic", "asyncpg", "aiosqlite"):
        _need(library, database_setting(settings))


def database_url(settings: Settings) -> Secret:
    """Address of the database: DATABASE_URL, else of POSTGRES_*; empty for the file in the home folder."""
    if settings.database_url:
        return settings.database_url
    if not settings.postgres_host:
        return Secret()
    _plain("POSTGRES_HOST", settings.postgres_host)
    who = _login(settings.postgres_user, settings.postgres_password)
    at = f"{_bracketed(settings.postgres_host)}:{settings.postgres_port}"
    return Secret(f"postgresql://{who}{at}/{quote(settings.postgres_database, safe='')}")


def database_setting(settings: Settings) -> str:
    """The variables that an error about the database should name."""
    return "DATABASE_URL" if settings.database_url else "POSTGRES_HOST, _PORT, _DATABASE, _USER and _PASSWORD"


def redis_url(settings: Settings) -> Secret:
    """Address of Redis: REDIS_URL, else of REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; empty for none."""
    if settings.redis_url:
        return settings.redis_url
    if not settings.redis_host:
        return Secret()
    _plain("REDIS_HOST", settings.redis_host)
    who = _login("", settings.redis_password)
    return Secret(f"redis://{who}{_bracketed(settings.redis_host)}:{settings.redis_port}/0")


def redis_setting(settings: Settings) -> str:
    """The variables that an error about Redis should name."""
    return "REDIS_URL" if settings.redis_url else "REDIS_HOST, REDIS_PORT and REDIS_PASSWORD"


def installation(settings: Settings) -> str:
    """What this installation's keys begin with on a shared Redis, in all of its processes: the bot's own id."""
    return f"megawatts:{settings.discord_client_id or _id_of(settings.discord_bot_token.reveal()) or 'local'}:"


def _id_of(token: str) -> str:
    """A token begins with the bot's id in base64; of any other text a digest, which tells nothing of it."""
    if not token:
        return ""
    first = token.partition(".")[0]
    try:
        found = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        found = ""
    return found if found.isdecimal() else hashlib.sha256(token.encode()).hexdigest()[:16]


def _plain(setting: str, host: str) -> None:
    if any(c in host for c in "/@?#") or any(c.isspace() for c in host):
        raise Misconfigured(f"{setting} should be a host name or an address only; a whole URL has a setting of its own")


def _login(user: str, password: Secret) -> str:
    if not user and not password:
        return ""
    hidden = f":{quote(password.reveal(), safe='')}" if password else ""
    return f"{quote(user, safe='')}{hidden}@"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _need(library: str, setting: str) -> None:
    if find_spec(library) is None:
        raise Misconfigured(f"{setting} needs {library}, which is not installed: pip install 'megawatts[stores]'")
