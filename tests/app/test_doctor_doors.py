"""What the doctor says of Discord, models and stores; no answer holds a secret."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.app import doctor_cmd, doctor_doors
from bot.app.doctor_doors import Unwell
from bot.app.home import Home
from bot.app.settings import Settings, load
from bot.core.errors import Misconfigured, Unavailable
from bot.core.verdict import Status
from tests.servers.absent import absent

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde." + "a" * 38
"""The form of a token: base64 of 123456789012345678, and two parts that are of no use to anybody."""
NOWHERE = "http://127.0.0.1:9"


def given(**environment: str) -> Settings:
    return load(environment)


def test_nothing_set_is_well_and_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_doors, "_asked", lambda work: pytest.fail(f"{work} was asked"))
    plain, home = Settings(), Home(tmp_path)
    assert "DISCORD_BOT_TOKEN is not set" in doctor_doors.discord(plain)
    assert "offline responder" in doctor_doors.models(plain)
    assert "is empty" in doctor_doors.database(plain, home)
    assert "REDIS_URL" in doctor_doors.redis(plain)
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("123456789012345678", "Application ID"),
        ("abcdefABCDEF0123456789abcdef0123", "client secret"),
        (f"Bot {TOKEN}", "begins with a word"),
        ("not.base64!.at-all", "was it cut"),
        (TOKEN[2:], "was it cut"),
        (f"{TOKEN.rpartition('.')[0]}.", "three parts"),
    ],
)
def test_what_is_no_token_is_told_without_asking_and_without_showing_it(token: str, why: str) -> None:
    with pytest.raises(Unwell, match=why) as told:
        doctor_doors.discord(given(DISCORD_BOT_TOKEN=token))
    assert "Reset Token" in str(told.value)
    assert token not in str(told.value)


def test_a_token_has_no_problem() -> None:
    assert doctor_doors.token_problem(TOKEN) == ""


def test_an_application_id_that_is_none() -> None:
    with pytest.raises(Unwell, match="DISCORD_CLIENT_ID should be a number"):
        doctor_doors.discord(given(DISCORD_BOT_TOKEN=TOKEN, DISCORD_CLIENT_ID="megawatts"))


@pytest.mark.parametrize(
    ("content", "members", "asked", "named"),
    [
        (True, False, {}, ()),
        (False, False, {}, ("Message Content",)),
        (False, False, {"DISCORD_MESSAGE_CONTENT": "false"}, ()),
        (True, False, {"DISCORD_MEMBERS": "true"}, ("Server Members",)),
        (False, False, {"DISCORD_MEMBERS": "true"}, ("Message Content", "Server Members")),
        (True, True, {"DISCORD_MEMBERS": "true"}, ()),
    ],
)
def test_intents_that_are_asked_for_and_off(content: bool, members: bool, asked: Any, named: tuple[str, ...]) -> None:
    said = doctor_doors.intents_problem(given(**asked), content=content, members=members)
    assert {one for one in ("Message Content", "Server Members") if one in said} == set(named)
    assert bool(said) == bool(named)


class Provider(BaseHTTPRequestHandler):
    """A server with a list of models, for those who have the key."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = json.dumps({"data": [{"id": "gpt-5-mini"}, {"id": "claude-haiku-4-5-20251001"}]}).encode()

    def do_GET(self) -> None:
        known = "key-1234567890" in (self.headers.get("Authorization", "") + self.headers.get("x-api-key", ""))
        self.send_response(self.status if known else 401)
        self.end_headers()
        self.wfile.write(self.body if known else b"{}")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def provider(status: int = 200, body: bytes = Provider.body) -> Iterator[str]:
    handler = type("Handler", (Provider,), {"status": status, "body": body})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def openai(address: str, key: str = "key-1234567890", models: str = "gpt-5-mini") -> str:
    return doctor_doors.models(given(OPENAI_API_KEY=key, OPENAI_BASE_URL=f"{address}/v1", OPENAI_MODEL=models))


@pytest.mark.integration
class TestModels:
    def test_a_provider_that_answers_and_has_the_model(self) -> None:
        with provider() as address:
            assert openai(address) == "openai: answers and has gpt-5-mini"

    def test_a_name_stands_for_its_newest_version(self) -> None:
        with provider() as address:
            there = given(
                ANTHROPIC_API_KEY="key-1234567890", ANTHROPIC_BASE_URL=address, ANTHROPIC_MODEL="claude-haiku-4-5"
            )
            assert "answers and has claude-haiku-4-5" in doctor_doors.models(there)

    def test_a_model_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = given(OPENAI_API_KEY="key-1234567890", OPENAI_MODEL="gpt-5-mini,gpt-6")
        with provider() as address:
            monkeypatch.setattr("bot.adapters.models.openai.BASE", f"{address}/v1")
            with pytest.raises(Unwell, match=r"has no gpt-6; set OPENAI_MODEL"):
                doctor_doors.models(asked)

    def test_a_proxy_may_serve_more_than_it_lists(self) -> None:
        with provider() as address:
            told = openai(address, models="gpt-5-mini,gpt-6")
            assert told == "openai: answers, and does not list gpt-6; if these do not work, correct OPENAI_MODEL"

    def test_a_refused_key_is_named_by_its_setting_and_not_shown(self) -> None:
        with provider() as address, pytest.raises(Unwell, match="set another OPENAI_API_KEY") as told:
            openai(address, key="wrong-key-987654")
        assert "wrong-key" not in str(told.value)

    @pytest.mark.parametrize("status", [404, 429])
    def test_a_proxy_without_a_list_is_well(self, status: int) -> None:
        with provider(status) as address:
            assert openai(address) == "openai: answers, and does not list its models"

    @pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"<html>"), (200, b'{"data": 3}'), (200, b"[]")])
    def test_something_else_serves_there(self, status: int, body: bytes) -> None:
        with provider(status, body) as address, pytest.raises(Unwell, match=r"openai at .* is unavailable"):
            openai(address)

    def test_one_that_is_away_does_not_hide_the_others(self) -> None:
        with provider() as address, pytest.raises(Unwell) as told:
            doctor_doors.models(
                given(
                    OPENAI_API_KEY="key-1234567890",
                    OPENAI_BASE_URL=f"{address}/v1",
                    OPENAI_MODEL="gpt-5-mini",
                    LLAMA_API_ENDPOINT=NOWHERE,
                )
            )
        assert "openai: answers" in str(told.value)
        assert "LLAMA_API_ENDPOINT" in str(told.value)

    def test_a_key_that_no_header_can_carry_is_not_shown(self) -> None:
        with provider() as address, pytest.raises(Unwell) as told:
            openai(address, key="schlüssel-geheim")
        assert "geheim" not in str(told.value)


def test_a_chosen_provider_that_is_not_set_up() -> None:
    with pytest.raises(Unwell, match="DEFAULT_AI_PROVIDER is anthropic"):
        doctor_doors.models(given(DEFAULT_AI_PROVIDER="anthropic", OPENAI_API_KEY="x"))


def test_an_older_database_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.store.sqlite_file.revision_of", lambda _: "0000")
    with pytest.raises(Unwell, match="megawatts db upgrade"):
        doctor_doors.database(Settings(), Home(tmp_path))


def test_a_backup_is_asked_about_only_where_one_would_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("bot.adapters.store.backup.postgres.able", asked.append)
    server, home = "postgresql://me:hidden-one@127.0.0.1:9/x", Home(tmp_path)
    assert "files alone" in doctor_doors.backup(Settings(), home, "ada/bot")
    assert "files alone" in doctor_doors.backup(given(DATABASE_URL=f"sqlite:///{tmp_path}/x.db"), home, "ada/bot")
    assert "not used" in doctor_doors.backup(given(DATABASE_URL=server), home, "")
    assert asked == []
    assert "programs are there" in doctor_doors.backup(given(DATABASE_URL=server), home, "ada/bot")
    home.forge.mkdir()
    assert "programs are there" in doctor_doors.backup(given(DATABASE_URL=server), home, "")
    assert len(asked) == 2


@pytest.mark.integration
def test_stores_that_are_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        doctor_doors.database(given(DATABASE_URL="postgresql://me:hidden-one@127.0.0.1:9/x"), home)
    with pytest.raises(Unavailable, match=r"no connection; does the server that REDIS_URL names run"):
        doctor_doors.redis(given(REDIS_URL="redis://:hidden-one@127.0.0.1:9/0"))
    with pytest.raises(Unavailable, match="VECTOR_DB_ENDPOINT"):
        doctor_doors.vectors(given(VECTOR_DB_ENDPOINT=NOWHERE), home)
    with pytest.raises(Misconfigured, match="VECTOR_DB_ENDPOINT is not set"):
        doctor_doors.vectors(given(VECTOR_DB_TYPE="qdrant"), home)


@pytest.mark.integration
def test_stores_that_answer(tmp_path: Path) -> None:
    from tests.contracts import servers

    try:
        database, cache = servers.postgres(), servers.redis_server()
    except servers.NoServerError as error:
        absent(error)
    url = database.url(database.database())
    assert "is empty" in doctor_doors.database(given(DATABASE_URL=url), Home(tmp_path))
    assert doctor_doors.redis(given(REDIS_URL=cache.url)) == "answers"


def test_a_secret_in_an_error_does_not_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hidden-one@127.0.0.1:9/0")

    def leak(settings: Settings) -> str:
        raise RuntimeError(settings.redis_url.reveal())

    monkeypatch.setattr(doctor_doors, "redis", leak)
    monkeypatch.setattr(doctor_cmd, "sandbox", lambda: "bubblewrap")
    found = doctor_cmd.examine(tmp_path).find("redis")
    assert found is not None
    assert found.status is Status.ERROR
    assert "hidden-one" not in found.because


def test_wrong_settings_are_told_once_and_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_TIMEOUT", "soon")
    monkeypatch.setattr(doctor_cmd, "sandbox", lambda: "bubblewrap")
    verdict = doctor_cmd.examine(tmp_path)
    told = [one.name for one in verdict.children if not one.passed]
    assert "settings" in told
    assert verdict.find("redis") is None


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")  # of the client's local mode
async def test_whether_a_qdrant_server_has_the_collection_makes_nothing() -> None:
    from qdrant_client import AsyncQdrantClient

    from bot.adapters.vectors.qdrant import QdrantVectors

    store = QdrantVectors("", client=AsyncQdrantClient(location=":memory:"))
    assert not await store.found()
    assert not await store.found(), "asking made it"
    await store.put([])
    assert await store.found()
    await store.close()
