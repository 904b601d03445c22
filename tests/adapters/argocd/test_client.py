"""The client's calls and their faults, against a server on a port; and its certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.errors import Missing, NotPermitted, Refused
from bot.adapters.argocd.transport import Server, Transport
from bot.core.errors import Misconfigured, Unavailable
from tests.deploy import crds
from tests.servers.argocd.house import APPLICATION, House, built

pytestmark = [
    pytest.mark.integration,  # they run git and servers
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as made:
        yield made


def client(house: House, token: str = "all-rights", name: str = APPLICATION, project: str = "") -> ArgoClient:
    return ArgoClient(Transport(Server.at(house.peer.url, token, patience=0.5)), Target(name, "", project))


async def test_listing_and_reading(house: House) -> None:
    (one,) = await house.client.applications()
    got = await house.client.get()
    assert one == got
    assert (got.metadata.name, got.spec.project, got.spec.auto_sync) == (APPLICATION, "megawatts", True)
    (row,) = got.status.history
    assert (row.id, row.revision, got.status.sync.revision) == (0, house.argo.head(), house.argo.head())
    assert (await house.client.windows()).can_sync
    assert {node.kind for node in await house.client.tree()} == {"Pod"}


@pytest.mark.parametrize("how", ["normal", "hard"])
async def test_a_refresh_looks_at_git(house: House, how: str) -> None:
    new = house.commit({"bot/y.py": "y\n"})
    assert (await house.client.get()).status.sync.revision != new
    assert (await house.client.get("hard" if how == "hard" else "normal")).status.sync.revision == new
    assert house.peer.asked[-1].query == {"projects": "megawatts", "refresh": how}


async def test_what_a_token_may_is_asked_of_one_application(house: House) -> None:
    reader, where = client(house, token="reader"), f"megawatts/{APPLICATION}"
    assert [await reader.may(action, where) for action in ("get", "sync", "update")] == [True, False, False]
    assert [await house.client.may(action, where) for action in ("sync", "update", "delete")] == [True, True, False]
    assert not await house.client.may("sync", "megawatts/another")
    with pytest.raises(Refused, match="supported actions"):
        await house.client.may("anything", where)
    house.peer.fail("can-i", 200, {"value": None})
    assert not await house.client.may("sync", where), "an answer that is neither is a no"


async def test_a_sync_says_why(house: House) -> None:
    await house.client.sync(prune=True, why="asked by the loop")
    (asked,) = house.peer.calls("POST", "/sync")
    assert asked.body["infos"] == [{"name": "Reason", "value": "asked by the loop"}]
    with pytest.raises(Refused, match="auto-sync currently set to main"):
        await house.client.sync("1" * 40)


async def test_what_the_server_refuses_is_refused_here(house: House) -> None:
    with pytest.raises(Refused, match="rollback cannot be initiated when auto-sync is enabled"):
        await house.client.rollback(0)
    with pytest.raises(Refused, match="No operation is in progress"):
        await house.client.terminate()
    with pytest.raises(NotPermitted, match="`applications, sync` on `megawatts/megawatts-bot`"):
        await client(house, "reader").sync()


async def test_the_id_of_a_rollback_keeps_all_its_digits(house: House) -> None:
    await house.client.patch({"spec": {"syncPolicy": {"automated": None}}})
    with pytest.raises(Refused, match="does not have deployment with id 9223372036854775807"):
        await house.client.rollback(2**63 - 1, dry_run=True)


async def test_missing_with_and_without_a_project(house: House) -> None:
    with pytest.raises(Missing, match="no application nobody in the project megawatts"):
        await client(house, name="nobody", project="megawatts").get()
    with pytest.raises(NotPermitted, match="or there is no such application: set ARGOCD_PROJECT"):
        await client(house, name="nobody").get()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_in_trouble(house: House, status: int) -> None:
    house.peer.fail(APPLICATION, status, "<html>bad gateway</html>", retry_after="7")
    with pytest.raises(Unavailable) as caught:
        await house.client.get()
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("{", Unavailable, "no JSON"),
        ("[]", Unavailable, "no Application"),
        ('{"metadata": {}}', Unavailable, "metadata.name"),
        ('{"metadata": {"name": "x"}, "status": {"history": [{"id": "many"}]}}', Unavailable, "history.0.id"),
    ],
)
async def test_an_answer_that_is_none(house: House, body: str, kind: type[Exception], says: str) -> None:
    house.peer.fail(APPLICATION, 200, body)
    with pytest.raises(kind, match=says):
        await house.client.get()


async def test_a_web_page_is_not_the_api(house: House) -> None:
    house.peer.fail(APPLICATION, 200, "<html>log in</html>", content_type="text/html")
    with pytest.raises(Misconfigured, match="web page"):
        await house.client.get()


async def test_a_redirect_is_not_followed_with_the_token(house: House) -> None:
    house.peer.fail(APPLICATION, 307, location=f"{house.peer.url}/api/v1/applications")
    with pytest.raises(Misconfigured, match="redirect"):
        await house.client.get()
    assert len(house.peer.asked) == 1


async def test_no_answer_in_time(house: House) -> None:
    over = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    house.peer.faults.append((APPLICATION, silent))
    with pytest.raises(Unavailable, match="no answer in time when asked to read megawatts-bot"):
        await client(house).get()
    over.set()


async def test_half_an_answer_is_none(house: House) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"metadata": {"name": "x"}}')
        assert request.transport is not None
        request.transport.close()
        return answer

    house.peer.faults.append((APPLICATION, half))
    with pytest.raises(Unavailable, match="ClientPayloadError"):
        await house.client.get()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for 127.0.0.1 that signs itself, with its key in the same file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argocd")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "argocd.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


async def test_only_a_trusted_certificate_gets_the_token(certificate: Path, tmp_path: Path) -> None:
    seen: list[str] = []

    async def answers(request: web.Request) -> web.Response:
        seen.append(request.headers["authorization"])
        return web.json_response({"metadata": {"name": "app"}})

    app = web.Application()
    app.router.add_get("/api/v1/applications/app", answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    url = str(server.make_url(""))
    with pytest.raises(Misconfigured, match="set ARGOCD_CA_FILE"):
        await ArgoClient(Transport(Server.at(url, "token")), Target("app")).get()
    assert seen == []
    trusting = ArgoClient(Transport(Server.at(url, "token", certificate)), Target("app"))
    assert (await trusting.get()).metadata.name == "app"
    assert seen == ["Bearer token"]
    with pytest.raises(Misconfigured, match=r"ARGOCD_CA_FILE .* cannot be used"):
        await ArgoClient(Transport(Server.at(url, "token", tmp_path / "none.pem")), Target("app")).get()
    await server.close()
