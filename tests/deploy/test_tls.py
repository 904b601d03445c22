"""Every client that goes out, against servers that it must not trust: another's name, expired, unknown, too old."""

import json
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from bot.core.errors import Misconfigured
from tests.deploy.tls import HERE, Authority, Server, speaking

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
CLIENTS = """
import asyncio, json, sys, time
from pathlib import Path
import aiohttp, httpx, httpx2
from sqlalchemy import text
from bot.adapters.advisories.transport import Service as Index
from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.transport import Server as ArgoServer, Transport
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.api import Api
from bot.adapters.github.app_auth import PersonalToken
from bot.adapters.github.transport import Remote
from bot.adapters.prometheus.client import Server as Prometheus
from bot.adapters.store.redis_link import ping
from bot.adapters.store.sql.database import Database
from bot.adapters.store.sql.urls import parse
from bot.adapters.vectors.qdrant import QdrantVectors

cases, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
repo = GitRepository.begin(folder / "repo.git")

async def discord(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status

def database(port, mode):
    made = Database(parse(f"postgresql://u:p@127.0.0.1:{port}/d?sslmode={mode}", "DATABASE_URL"), "DATABASE_URL")
    try:
        made.run(lambda one: one.execute(text("select 1")), again=False)
    finally:
        made.close()

for case, (port, log) in cases.items():
    url = f"https://127.0.0.1:{port}"
    ways = {
        "argocd": lambda: asyncio.run(ArgoClient(Transport(ArgoServer.at(url, "token")), Target("app")).get()),
        "prometheus": lambda: asyncio.run(Prometheus(url).query("vector(1)")),
        "advisories": lambda: asyncio.run(Index("x", "X_URL", url).ask("/p")),
        "github": lambda: Api(PersonalToken("token"), url).get("/user"),
        "git": lambda: Remote(f"{url}/o/r.git", lambda: "").refs(repo, "refs/heads/main"),
        "httpx": lambda: httpx.get(url),
        "httpx2": lambda: httpx2.get(url),
        "discord": lambda: asyncio.run(discord(url)),
        "qdrant": lambda: asyncio.run(QdrantVectors(url, "key").found()),
        "redis": lambda: asyncio.run(ping(url.replace("https", "rediss"), "REDIS_URL")),
        "postgresql": lambda: database(port, "verify-full"),
        "postgresql by its authority": lambda: database(port, "verify-ca"),
    }
    for name, way in ways.items():
        before = Path(log).read_text()
        try:
            way()
            said = "answered"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        print(json.dumps([case, name, len(Path(log).read_text()) > len(before), said]), flush=True)
"""
OLD, NEW, NEWEST = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
Spoken = dict[tuple[str, str], tuple[bool, str]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[dict[str, Server]]:
    (authority.folder / "stranger").mkdir()
    stranger, good = Authority(authority.folder / "stranger"), authority.leaf(HERE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        contexts = {
            "1.3": speaking(good, NEWEST, NEWEST),
            "1.2": speaking(good, NEW, NEW),
            "1.1": speaking(good, ssl.TLSVersion.TLSv1, OLD),
            "another's name": speaking(authority.leaf(x509.DNSName("other.example")), NEW, NEWEST),
            "expired": speaking(authority.leaf(HERE, days=-1), NEW, NEWEST),
            "unknown": speaking(stranger.leaf(HERE), NEW, NEWEST),
        }
    made = {name: Server(context, authority.folder / f"{name}.log") for name, context in contexts.items()}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture(scope="module")
def spoken(servers: dict[str, Server], authority: Authority) -> Spoken:
    """Case and client, whether a word of it reached the server, and what it said of that."""
    cases = {name: (one.port, str(one.log)) for name, one in servers.items()}
    trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"), str(authority.file))
    env = {"PATH": "/usr/bin:/bin", "HOME": str(authority.folder), **trusted}
    argv = [sys.executable, "-B", "-W", "ignore", "-c", CLIENTS, json.dumps(cases), str(authority.folder)]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = map(json.loads, done.stdout.splitlines())
    return {(case, name): (heard, said) for case, name, heard, said in rows}


NAMES = {
    "argocd", "prometheus", "advisories", "github", "git", "httpx", "httpx2", "discord", "qdrant", "redis",
    "postgresql", "postgresql by its authority",
}  # fmt: skip


def test_the_old_server_is_one_that_a_careless_client_speaks_to(servers: dict[str, Server]) -> None:
    """Else the refusals below would be the server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = OLD
    with (
        socket.create_connection(("127.0.0.1", servers["1.1"].port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as inside,
    ):
        assert inside.version() == "TLSv1.1"


@pytest.mark.parametrize("case", ["1.3", "1.2"])
def test_every_client_speaks_to_who_is_whom_it_says(spoken: Spoken, case: str) -> None:
    assert {name for one, name in spoken if one == case} == NAMES
    assert {name: said for (one, name), (heard, said) in spoken.items() if one == case and not heard} == {}


@pytest.mark.parametrize("case", ["1.1", "expired", "unknown", "another's name"])
def test_no_client_says_a_word_to_another(spoken: Spoken, case: str) -> None:
    told = {name: said for (one, name), (heard, said) in spoken.items() if one == case and heard}
    may = {"postgresql by its authority"} if case == "another's name" else set()
    assert told.keys() == may, told
    assert not [name for (one, name), (_, said) in spoken.items() if one == case and said == "answered"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("ssl_cert_reqs=OPTIONAL", "ssl_cert_reqs"),
        ("ssl_check_hostname=False", "ssl_check_hostname"),
        ("ssl_cert_reqs=required&ssl_check_hostname=true", ""),
        ("ssl_ca_certs=/our/ca.crt", ""),
    ],
)
def test_an_address_of_redis_turns_no_check_off(query: str, named: str) -> None:
    from bot.adapters.store.redis_link import check_address

    address = f"rediss://:hunter2@h:6379/0?{query}"
    if not named:
        check_address(address, "REDIS_URL")
        return
    with pytest.raises(Misconfigured, match=f"^REDIS_URL turns off the check .* by {named}: leave it out$") as caught:
        check_address(address, "REDIS_URL")
    assert "hunter2" not in repr(caught.value)


def test_the_dump_of_a_database_trusts_whom_the_bot_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store.backup.postgres import environment

    monkeypatch.setenv("SSL_CERT_FILE", "/etc/megawatts/certificates/ca.crt")
    told = environment("postgresql://u:p@h/d?sslmode=verify-full")
    assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", "/etc/megawatts/certificates/ca.crt")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert environment("postgresql://u:p@h/d?sslmode=verify-ca")["PGSSLROOTCERT"].startswith("/")
    assert "PGSSLROOTCERT" not in environment("postgresql://u:p@h/d?sslmode=require")
