"""Addresses of databases as people write them, made into what SQLAlchemy wants."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.core.errors import Misconfigured

_DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
_OPTIONS = {"sslmode": "ssl", "ssl": "ssl"}
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_EXAMPLE = "write it as postgresql://user:password@host:5432/database or sqlite:////folder/file.db"


def parse(text: str, setting: str) -> URL:
    """The address with its asynchronous driver. Misconfigured names `setting`, never the text: it holds a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise Misconfigured(f"{setting} is not the address of a database: {_EXAMPLE}") from None
    kind = url.drivername.partition("+")[0]
    if url.drivername not in {*_DRIVERS, *_DRIVERS.values()}:
        raise Misconfigured(f"{setting} begins with {kind[:20]!r}, which is not supported: {_EXAMPLE}")
    if not url.database or (kind != "sqlite" and not url.host) or url.database == ":memory:":
        raise Misconfigured(f"{setting} names no {'file' if kind == 'sqlite' else 'host or no database'}: {_EXAMPLE}")
    wrong = sorted(set(url.query) - set(_OPTIONS if kind != "sqlite" else ()))
    if wrong:
        raise Misconfigured(f"{setting} has the option {wrong[0][:40]!r}, which is not supported: use sslmode, or none")
    if not {*url.query.values()} <= {*_MODES}:
        raise Misconfigured(f"{setting} has a sslmode that is none: use one of {', '.join(_MODES)}")
    query = {_OPTIONS[name]: value for name, value in url.query.items()}
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername), query=query)
