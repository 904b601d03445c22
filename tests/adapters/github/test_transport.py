"""Git over the network: leases hold, and the secret is in no argument, address, file, message or other host's hands."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.github.transport import Remote, git_address
from bot.core.change import Patch
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha
from tests.adapters.github.scene import P

pytestmark = pytest.mark.integration  # it starts servers and runs git

TOKEN = "ghs_aVerySecretTokenThatMustNotBeSeen"
REF = "refs/heads/megawatts/0123456789ab"


@dataclass
class Server:
    """git's own HTTP server behind a password."""

    folder: Path
    wanted: str = TOKEN
    url: str = ""
    elsewhere: str = ""
    """Redirect everything there."""
    seen: list[str] = field(default_factory=list)
    """What was said in each `Authorization`."""
    words: list[str] = field(default_factory=list)
    """The arguments of every process while git was talking to us."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.seen.append(handler.headers.get("Authorization", ""))
        self.words += arguments()
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if self.elsewhere:
            handler.send_response(302)
            handler.send_header("Location", f"{self.elsewhere}{handler.path}")
        elif self.seen[-1] != f"Basic {base64.b64encode(f'x-access-token:{self.wanted}'.encode()).decode()}":
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="git"')
        else:
            self._backend(handler, body)
            return
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _backend(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path, _, query = handler.path.partition("?")
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": handler.command, "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_USER": "x",
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        handler.send_response(int(fields.pop("Status", "200").split(" ")[0]))
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        handler.wfile.write(rest)


def arguments() -> list[str]:
    """The command lines of this machine's processes, as any of them could read them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(place.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def serve(server: Server) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{found.server_address[1]}"
    threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
    return found


@pytest.fixture
def server(tmp_path: Path, template: Path) -> Iterator[Server]:
    made = Server(tmp_path / "served")
    repo = GitRepository.mirror(template, made.folder / "repo.git")
    repo.git.run("config", "http.receivepack", "true")
    found = serve(made)
    yield made
    found.shutdown()
    found.server_close()


@pytest.fixture
def clone(template: Path, tmp_path: Path) -> GitRepository:
    return GitRepository.mirror(template, tmp_path / "clone.git")


def commit(clone: GitRepository, text: str) -> Sha:
    return clone.commit(Patch(clone.resolve("main"), {P("c.txt"): text.encode()}), "feat: x", author="megawatts")


def test_the_token_opens_the_door_and_is_seen_nowhere(server: Server, clone: GitRepository) -> None:
    remote, head = Remote(f"{server.url}/repo.git", lambda: TOKEN), commit(clone, "c\n")
    remote.push(clone, REF, head, expecting=None)
    remote.fetch(clone, "+refs/heads/*:refs/elsewhere/*")
    assert remote.refs(clone, REF) == {REF: head}
    assert clone.resolve("refs/elsewhere/megawatts/0123456789ab") == head

    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert any("git" in words for words in server.words)
    assert not [words for words in server.words if TOKEN in words or secret in words]
    kept = [path for path in clone.path.rglob("*") if path.is_file()]
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes() or secret.encode() in path.read_bytes()]
    assert TOKEN not in repr(remote)


def test_a_token_that_is_refused_is_our_fault_and_not_told(server: Server, clone: GitRepository) -> None:
    server.wanted = "another"
    with pytest.raises(Misconfigured, match="not accepted") as caught:
        Remote(f"{server.url}/repo.git", lambda: TOKEN).push(clone, REF, commit(clone, "c\n"), expecting=None)
    assert TOKEN not in str(caught.value)
    assert caught.value.__context__ is None or TOKEN not in str(caught.value.__context__)


def test_a_redirect_carries_the_token_nowhere(server: Server, clone: GitRepository, tmp_path: Path) -> None:
    thief = Server(tmp_path / "thief")
    found = serve(thief)
    server.elsewhere = thief.url
    with pytest.raises(Unavailable):
        Remote(f"{server.url}/repo.git", lambda: TOKEN).refs(clone, REF)
    found.shutdown()
    found.server_close()
    assert server.seen
    assert thief.seen == []


@pytest.fixture
def remote(tmp_path: Path, template: Path) -> Remote:
    GitRepository.mirror(template, tmp_path / "there.git")
    return Remote(f"file://{tmp_path}/there.git")


def test_a_ref_moves_only_from_where_the_caller_thinks_it_is(remote: Remote, clone: GitRepository) -> None:
    one, two, three = (commit(clone, text) for text in ("1", "2", "3"))
    remote.push(clone, REF, one, expecting=None)
    remote.push(clone, REF, one, expecting=None)
    for wrong in (None, two):
        with pytest.raises(Denied, match="not at"):
            remote.push(clone, REF, three, expecting=wrong)
    assert remote.refs(clone, REF) == {REF: one}
    remote.push(clone, REF, two, expecting=one)
    remote.push(clone, REF, two, expecting=one)
    assert remote.refs(clone, REF) == {REF: two}
    with pytest.raises(Unavailable):
        remote.delete(clone, REF, expecting=one)
    remote.delete(clone, REF, expecting=two)
    remote.delete(clone, REF, expecting=two)
    assert remote.refs(clone, REF) == {}


def test_what_the_other_side_s_rules_refuse_is_denied_in_its_words(
    remote: Remote, clone: GitRepository, tmp_path: Path
) -> None:
    hook = tmp_path / "there.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH013: Repository rule violations found' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Denied, match="rules refuse"):
        remote.push(clone, REF, commit(clone, "1"), expecting=None)
    assert remote.refs(clone, REF) == {}


def test_an_address_that_hides_something_is_refused(clone: GitRepository, tmp_path: Path) -> None:
    for url in ("ssh://github.com/a/b", "/tmp/x", "--upload-pack=x", "ext::sh -c x", ""):
        with pytest.raises(Misconfigured, match="git address"):
            Remote(url)
    with pytest.raises(Misconfigured, match="token by itself"):
        Remote("https://x:secret@github.com/a/b")
    with pytest.raises(Misconfigured, match="no such repository"):
        Remote(f"file://{tmp_path}/nothing.git").refs(clone, REF)
    with pytest.raises(Denied):
        Remote(f"file://{tmp_path}/x.git").push(clone, "refs/heads/-x..y", Sha("1" * 40), expecting=None)
    with pytest.raises(Misconfigured, match="object id"):
        Remote(f"file://{tmp_path}/x.git").push(clone, REF, "main:refs/heads/main", expecting=None)


def test_the_address_of_git_follows_the_address_of_the_api() -> None:
    assert git_address("https://api.github.com", "a/b") == "https://github.com/a/b.git"
    assert git_address("https://git.corp.invalid/api/v3", "a/b") == "https://git.corp.invalid/a/b.git"
