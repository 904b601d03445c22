"""An App is registered by a page on this machine; its key is kept where only this user reads it, and is never shown."""

import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bot.adapters.github.manifest_flow import ManifestFlow
from bot.app.setup import registering
from bot.app.setup.registering import register, server_of
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.policy.app_access import ENGINE, REVERTS, Role, needed
from tests.app.setup.peer import Repository, served

pytestmark = pytest.mark.integration  # it listens on sockets


@pytest.fixture(autouse=True)
def _not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registering, "PATIENCE", 10.0)


MADE = {
    "id": 11,
    "slug": "bot-engine-octo",
    "html_url": "https://github.com/apps/bot-engine-octo",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nkey\n",
    "webhook_secret": "hook-secret-hook-secret",
    "client_secret": "never wanted",
}


class Person:
    """Opens the page as a browser would, and comes back as GitHub sends them."""

    def __init__(self, code: str = "abcdefgh12345678", state: str = "") -> None:
        self.code, self.state = code, state
        self.posted: dict[str, Any] = {}
        self.actions: list[str] = []
        self.answers: list[int] = []
        self.said: list[str] = []
        self.thread: threading.Thread | None = None

    def hear(self, text: str) -> None:
        self.said.append(text)
        found = re.search(r"http://127\.0\.0\.1:\d+/", text)
        if found:
            self.thread = threading.Thread(target=self.come, args=(found[0],))
            self.thread.start()

    def come(self, address: str) -> None:
        page = requests.get(address, timeout=5)
        assert "<script" not in page.text
        self.posted = json.loads(html.unescape(re.findall(r'name="manifest" value="([^"]*)"', page.text)[0]))
        self.actions = [html.unescape(one) for one in re.findall(r'action="([^"]*)"', page.text)]
        state = self.state or parse_qs(urlsplit(self.actions[0]).query)["state"][0]
        for sent in ("wrong", state, state):
            answer = requests.get(self.posted["redirect_url"], {"code": self.code, "state": sent}, timeout=5)
            self.answers.append(answer.status_code)
            if sent == state:
                break


@pytest.fixture
def github() -> Iterator[tuple[Repository, str]]:
    repo = Repository(codes={"abcdefgh12345678": MADE})
    with served(repo) as address:
        yield repo, address


def registered(role: Role, api: str, folder: Path, person: Person, hook: str = "https://bot.example/webhook") -> None:
    try:
        register(role, "octo/bot", folder, api=api, hook=hook, queue=False, say=person.hear)
    finally:
        if person.thread is not None:
            person.thread.join()


def test_an_app_is_registered_and_its_key_kept(github: tuple[Repository, str], tmp_path: Path) -> None:
    _, api = github
    person = Person()
    registered(ENGINE, api, tmp_path / "github", person)
    key, secret = tmp_path / "github/engine.pem", tmp_path / "github/webhook.secret"
    assert (key.read_text(), secret.read_text()) == (MADE["pem"], MADE["webhook_secret"])
    assert [path.stat().st_mode & 0o777 for path in (key, secret, key.parent)] == [0o600, 0o600, 0o700]
    assert person.posted["default_permissions"] == needed(ENGINE)
    assert person.answers == [400, 200], "whoever does not know the state is not heard"
    said = "\n".join(person.said)
    assert "GITHUB_APP_ID=11" in said
    assert "https://github.com/apps/bot-engine-octo/installations/new" in said
    assert not any(str(MADE[name]) in said for name in ("pem", "webhook_secret", "client_secret"))


def test_the_app_for_reverts_has_no_webhook(github: tuple[Repository, str], tmp_path: Path) -> None:
    person = Person()
    registered(REVERTS, github[1], tmp_path, person)
    assert "hook_attributes" not in person.posted
    assert not (tmp_path / "webhook.secret").exists()
    assert f"GITHUB_REVERT_APP_PRIVATE_KEY={tmp_path / 'reverts.pem'}" in person.said


def test_a_key_that_is_there_is_never_written_over(github: tuple[Repository, str], tmp_path: Path) -> None:
    (tmp_path / "engine.pem").write_text("mine")
    person = Person()
    with pytest.raises(Misconfigured, match="is there already"):
        registered(ENGINE, github[1], tmp_path, person)
    assert (tmp_path / "engine.pem").read_text() == "mine"
    assert person.said == []


def test_a_code_that_github_does_not_take_is_told(github: tuple[Repository, str], tmp_path: Path) -> None:
    with pytest.raises(Denied, match="good once"):
        registered(ENGINE, github[1], tmp_path, Person("zzzzzzzzzzzz"))
    assert list(tmp_path.iterdir()) == []


def test_an_answer_without_a_key_is_told(github: tuple[Repository, str], tmp_path: Path) -> None:
    github[0].codes["abcdefgh12345678"] = {"id": 11}
    with pytest.raises(Denied, match="holds no App"):
        registered(ENGINE, github[1], tmp_path, Person())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "error"), [(500, Unavailable), (422, Denied)])
def test_github_that_does_not_answer_is_told(
    github: tuple[Repository, str], tmp_path: Path, status: int, error: type[Exception]
) -> None:
    github[0].fails["POST /app-manifests/.*"] = (status, {})
    with pytest.raises(error):
        registered(ENGINE, github[1], tmp_path, Person())


class Asked:
    """A request with these words in its address."""

    def __init__(self, code: str, state: str) -> None:
        self.query = {"code": code, "state": state}


CODE = "abcdefgh12345678"


@pytest.mark.parametrize(
    ("code", "state"), [("../../user", ""), ("short", ""), ("", ""), (CODE, "guessed"), (CODE, "é"), ("x" * 200, "")]
)
async def test_nobody_else_can_bring_a_code(code: str, state: str) -> None:
    flow = ManifestFlow("http://127.0.0.1:1", lambda _redirect, _state: "")
    answer = await flow._done(Asked(code, state or flow._state))  # type: ignore[arg-type]
    assert (answer.status, flow._code.done()) == (400, False)


async def test_a_second_answer_is_too_late() -> None:
    flow = ManifestFlow("http://127.0.0.1:1", lambda _redirect, _state: "")
    first, second = (Asked(code, flow._state) for code in (CODE, CODE[::-1]))
    assert (await flow._done(first)).status == 200  # type: ignore[arg-type]
    assert (await flow._done(second)).status == 409  # type: ignore[arg-type]
    assert flow._code.result() == CODE


async def test_nobody_who_comes_is_told_and_nothing_is_asked() -> None:
    flow = ManifestFlow("http://127.0.0.1:1", lambda _redirect, _state: "")
    with pytest.raises(Unavailable, match="nobody came back"):
        await flow.registered(0.0)


def test_a_server_of_ones_own_is_where_its_api_is() -> None:
    assert server_of("https://api.github.com") == "https://github.com"
    assert server_of("https://git.example/api/v3") == "https://git.example"
