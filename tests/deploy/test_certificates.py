"""Authorities of one's own: mounted where every client looks, and what each client then trusts is really so."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.rendering import ROOT, VALUES, WORKLOADS, documents, pods

pytestmark = pytest.mark.integration  # they render the chart, and listen on a socket
NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
CLIENTS = """
import asyncio, json, sys
from pathlib import Path
import httpx
from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.transport import Server as ArgoServer, Transport
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.api import Api
from bot.adapters.github.app_auth import PersonalToken
from bot.adapters.github.transport import Remote
from bot.adapters.prometheus.client import Server as Prometheus

url, folder = sys.argv[1:]
repo = GitRepository.begin(Path(folder) / "repo.git")
ways = {
    "argocd": lambda: asyncio.run(ArgoClient(Transport(ArgoServer.at(url, "token")), Target("app")).get()),
    "prometheus": lambda: asyncio.run(Prometheus(url).query("vector(1)")),
    "github": lambda: Api(PersonalToken("token"), url).get("/user"),
    "git": lambda: Remote(f"{url}/o/r.git", lambda: "").refs(repo, "refs/heads/main"),
    "models": lambda: httpx.get(url).raise_for_status(),
}
for name, way in ways.items():
    try:
        way()
        print(json.dumps([name, "answered"]))
    except Exception as error:
        print(json.dumps([name, f"{type(error).__name__}: {error}"]))
"""


def containers(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each pod and its container."""
    for document in documents(name):
        if document["kind"] in WORKLOADS:
            spec = document["spec"]["template"]["spec"]
            yield spec, spec["containers"][0]


def test_every_pod_has_them_read_only_under_the_names_that_clients_look_for() -> None:
    found = list(containers("trusting"))
    assert len(found) == 2, "bot and controller"
    for spec, container in found:
        (volume,) = [one for one in spec["volumes"] if one["name"] == "certificates"]
        assert volume["configMap"]["name"] == "our-authorities"
        assert volume["configMap"]["items"] == [{"key": "trust-bundle.pem", "path": "ca.crt"}]
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == "certificates"]
        assert mount["readOnly"] is True
        told = {one["name"]: one.get("value") for one in container["env"]}
        assert {told[name] for name in NAMES} == {f"{mount['mountPath']}/ca.crt"}


def test_without_the_value_nothing_is_mounted_or_named() -> None:
    assert [name for name in VALUES if "certificates" in VALUES[name]] == ["trusting"]
    for name, pod in pods():
        if not name.startswith("trusting"):
            (container,) = pod["spec"]["containers"]
            assert not set(NAMES) & {one["name"] for one in container["env"]}, name
            assert "certificates" not in {one["name"] for one in pod["spec"]["volumes"]}, name


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that nobody knows, with its key in the same file; it is the server's certificate too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ours")]), datetime.now(UTC)
    where = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(where, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    (path.parent / "ca.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


class Empty(BaseHTTPRequestHandler):
    """Answers everybody that there is nothing here."""

    def _none(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        body = b'{"message": "Not Found", "code": 5}'
        self.send_response(404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _none  # noqa: N815  (named so by the library)

    def log_message(self, *_words: Any) -> None:
        """Nothing."""


class Quiet(ThreadingHTTPServer):
    """One whose callers hang up on it, which is what they shall do."""

    asked: list[str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server(authority: Path) -> Iterator[Quiet]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    made = Quiet(("127.0.0.1", 0), Empty)
    made.asked = []
    # Not at once: a client that does not trust it would keep the next one from being served.
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def asked(server: Quiet, folder: Path, env: dict[str, str]) -> dict[str, str]:
    """What each client said, started as the pod's process is: with these variables and no others."""
    argv = [sys.executable, "-B", "-c", CLIENTS, f"https://127.0.0.1:{server.server_port}", str(folder)]
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(argv, cwd=ROOT, env=plain | env, capture_output=True, text=True, timeout=120, check=True)
    return dict(map(json.loads, done.stdout.splitlines()))


def test_each_client_trusts_what_is_mounted(server: Quiet, authority: Path, tmp_path: Path) -> None:
    _spec, container = next(containers("trusting"))
    told = {one["name"]: one["value"] for one in container["env"] if one["name"] in NAMES}
    env = {name: value.replace("/etc/megawatts/certificates", str(authority.parent)) for name, value in told.items()}
    server.asked.clear()
    found = asked(server, tmp_path, env)
    assert len(found) == 5
    assert not [said for said in found.values() if "certificate" in said.casefold()], found
    assert found["argocd"].startswith("Missing: "), "it was asked, and had no such application"
    assert len(server.asked) >= 5


def test_without_it_none_says_a_word_to_that_server_and_each_says_what_to_set(server: Quiet, tmp_path: Path) -> None:
    server.asked.clear()
    found = asked(server, tmp_path, {})
    assert server.asked == []
    assert "set ARGOCD_CA_FILE" in found["argocd"]
    assert "in REQUESTS_CA_BUNDLE" in found["github"]
    assert found["github"].startswith("Misconfigured: ")
    assert "in GIT_SSL_CAINFO" in found["git"]
    assert found["git"].startswith("Misconfigured: ")
    assert found["prometheus"].startswith("Misconfigured: PROMETHEUS_URL shows a certificate that is not trusted: set ")
    assert "CERTIFICATE_VERIFY_FAILED" in found["models"]
