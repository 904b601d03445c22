"""A database's errors in the words of the house, without its address, its password or a row."""

import sqlite3

from asyncpg import InterfaceError as ClientError  # type: ignore[import-untyped]
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.core.errors import MegawattsError, Misconfigured, Unavailable

FAILURES = (SQLAlchemyError, PostgresError, ClientError, sqlite3.Error, OSError, TimeoutError)
"""What the library and its drivers raise; the drivers' own come through while connecting."""
_GONE = ("08", "57P")
"""Classes of SQLSTATE: the connection broke, the server stops or starts. Appendix A of PostgreSQL's manual."""
_REFUSED = {
    "28P01": "it refuses the password or the user; correct them in {setting}",
    "28000": "it does not let this user in from here; correct the user in {setting}, or the server's pg_hba.conf",
    "3D000": "there is no database of that name; create it, or correct the name in {setting}",
    "3F000": "the user sees no schema; grant it one, or name another user in {setting}",
    "42501": "the user may not read and write there; grant it the rights, or name another user in {setting}",
}
_WORDS = {"53100": "its disk is full", "53300": "it has no connection left", "25006": "it takes no writes now"}


def translated(error: BaseException, setting: str) -> MegawattsError:
    """Misconfigured where a setting is wrong, Unavailable for all the rest. `setting` names the variable."""
    state = _state(error)
    if state in _REFUSED:
        return Misconfigured(f"the database cannot be used: {_REFUSED[state].format(setting=setting)}")
    if isinstance(error, PoolTimeout):
        return Unavailable("database", "all connections are busy", retry_after=1)
    if isinstance(error, TimeoutError):
        return Unavailable("database", "it took too long", retry_after=1)
    if lost(error):
        return Unavailable("database", f"it does not answer; does the server that {setting} names run?", retry_after=1)
    return Unavailable("database", _WORDS.get(state) or _embedded(error) or f"{type(error).__name__} {state}".strip())


def lost(error: BaseException) -> bool:
    """Whether the connection broke or never came about, so that the same statement may pass on a new one."""
    if _state(error).startswith(_GONE) or isinstance(error, ClientError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


def _state(error: BaseException | None) -> str:
    """The SQLSTATE, wherever in the chain the driver left it."""
    while error is not None:
        state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
        if state:
            return str(state)
        error = error.__cause__
    return ""


def _embedded(error: BaseException) -> str:
    """SQLite says what is wrong without saying where."""
    found = error.orig if isinstance(error, DBAPIError) else error
    return str(found) if isinstance(found, sqlite3.Error) else ""
