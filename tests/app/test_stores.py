"""Which stores the settings lead to, and what a wrong setting says."""

import ast
import base64
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.local_cache import LocalCache
from bot.adapters.store.local_limiter import LocalLimiter
from bot.adapters.store.records import SqliteRecords
from bot.app import stores
from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.settings import Settings, load
from bot.core.errors import Misconfigured, Unavailable
from tests.servers.absent import absent

ROOT = Path(__file__).parents[2]
PLAIN = Settings()


async def test_nothing_set_is_this_machine_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    records = stores.open_records(PLAIN, home)
    assert isinstance(records, SqliteRecords)
    records.put("t", "k", {"n": 1})
    records.close()
    assert home.records.exists()
    cache, limiter = stores.open_cache(PLAIN), stores.open_limiter(PLAIN)
    assert isinstance(cache, LocalCache)
    assert isinstance(limiter, LocalLimiter)
    await cache.close()
    await limiter.close()


def test_only_a_damaged_file_is_rebuilt_and_only_when_asked(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.records.write_bytes(b"a letter, no database" * 500)
    with pytest.raises(Misconfigured, match="damaged"):
        stores.open_records(PLAIN, home)
    records = stores.open_records(PLAIN, home, rebuild=True)
    assert records.scan("t") == []
    records.close()
    assert (tmp_path / "records.db.damaged-1").exists()


LEAN = """
import sys
from pathlib import Path
from bot.app import settings, stores
from bot.app.home import Home
given = settings.load({})
home = Home(Path(sys.argv[1]))
records = stores.open_records(given, home)
stores.open_switch(given, home, records), stores.open_audit(given, home, records)
records.close()
stores.open_cache(given), stores.open_limiter(given)
print(sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
"""
HEAVY = ("redis", "cashews", "throttled", "sqlalchemy", "sqlmodel", "alembic", "asyncpg", "aiosqlite", "pydantic")


@pytest.mark.integration
def test_the_embedded_stores_import_no_library(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", LEAN, str(tmp_path), *HEAVY]
    assert subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "[]"


EMBEDDED = (
    "local_cache", "flights", "local_limiter", "records", "sqlite_file", "rows", "schema",
    "audit", "entries", "switch", "shared_switch", "witness",
)  # fmt: skip


def test_what_the_embedded_stores_name_is_the_standard_library() -> None:
    for name in EMBEDDED:
        tree = ast.parse((ROOT / f"bot/adapters/store/{name}.py").read_text())
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {(node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name for node in top}
        foreign = {one.partition(".")[0] for one in names} - set(sys.stdlib_module_names) - {"bot"}
        assert foreign == set(), name
        assert not any(one.startswith("bot.adapters.store.sql.") for one in names), name


def given(**environment: str) -> Settings:
    return load(environment)


def named(**parts: Any) -> Settings:
    return replace(PLAIN, **{name: Secret(one) if name in SECRETS else one for name, one in parts.items()})


SECRETS = {"database_url", "postgres_password", "redis_url", "redis_password", "discord_bot_token"}


def test_one_address_wins_over_its_parts() -> None:
    settings = named(database_url="postgresql://one/d", postgres_host="x", redis_url="redis://one", redis_host="x")
    assert stores.database_url(settings).reveal() == "postgresql://one/d"
    assert stores.database_setting(settings) == "DATABASE_URL"
    assert stores.redis_url(settings).reveal() == "redis://one"
    assert stores.redis_setting(settings) == "REDIS_URL"


def test_an_address_is_made_of_its_parts_and_never_shows_itself() -> None:
    settings = named(
        postgres_host="db", postgres_port=1, postgres_user="u@", postgres_password="p/:%", redis_host="::1"
    )
    assert stores.database_url(settings).reveal() == "postgresql://u%40:p%2F%3A%25@db:1/megawatts"
    assert stores.redis_url(settings).reveal() == "redis://[::1]:6379/0"
    assert stores.redis_url(named(redis_host="r", redis_password="p@")).reveal() == "redis://:p%40@r:6379/0"
    assert stores.database_url(named(postgres_host="db")).reveal() == "postgresql://megawatts@db:5432/megawatts"
    assert "POSTGRES_HOST" in stores.database_setting(settings)
    assert "REDIS_HOST" in stores.redis_setting(settings)
    for shown in (stores.database_url(settings), stores.redis_url(settings)):
        assert (str(shown), repr(shown), f"{shown}") == ("set", "Secret(set)", "set")
    assert stores.database_url(PLAIN) == stores.redis_url(PLAIN) == ""


@pytest.mark.parametrize("host", ["postgresql://h", "user@h", "h/d", "h?x", "two hosts"])
def test_a_host_that_is_none_is_named_by_its_setting(host: str) -> None:
    with pytest.raises(Misconfigured, match=r"^POSTGRES_HOST should be a host name"):
        stores.database_url(replace(PLAIN, postgres_host=host))
    with pytest.raises(Misconfigured, match=r"^REDIS_HOST should be a host name"):
        stores.redis_url(replace(PLAIN, redis_host=host))


@pytest.mark.parametrize(
    ("settings", "library", "opening"),
    [
        (replace(PLAIN, postgres_host="h"), "asyncpg", "open_records"),
        (replace(PLAIN, redis_host="h"), "redis", "open_cache"),
        (replace(PLAIN, redis_host="h"), "throttled", "open_limiter"),
    ],
)
def test_a_server_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, library: str, opening: str
) -> None:
    monkeypatch.setattr(stores, "find_spec", lambda name: None if name == library else object())
    words = rf"_HOST.* needs {library}, which is not installed: pip install 'megawatts\[stores\]'"
    with pytest.raises(Misconfigured, match=words):
        getattr(stores, opening)(settings, *([Home(tmp_path)] if opening == "open_records" else []))


def test_keys_of_an_installation_begin_with_the_bots_id_in_all_of_its_processes() -> None:
    token = base64.b64encode(b"123456789").decode().rstrip("=") + ".Gx-Yz.hunter2"
    assert stores.installation(named(discord_bot_token=token)) == "megawatts:123456789:"
    assert stores.installation(named(discord_bot_token=token, discord_client_id="42")) == "megawatts:42:"
    assert stores.installation(PLAIN) == "megawatts:local:"
    others = {stores.installation(named(discord_bot_token=text)) for text in ("hunter2", "hunter3", "é")}
    assert len(others) == 3
    assert not any("hunter" in one for one in others)


@pytest.mark.integration
class TestServers:
    """The settings with real libraries and servers."""

    def test_postgresql_by_its_parts(self, tmp_path: Path, postgres: Any) -> None:
        from tests.contracts.servers import PASSWORD

        parts = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(postgres.port), "POSTGRES_USER": "postgres"}
        settings = given(**parts, POSTGRES_PASSWORD=PASSWORD, POSTGRES_DATABASE=postgres.database())
        records = stores.open_records(settings, Home(tmp_path), rebuild=True)
        records.put("t", "k", {"n": 1})
        assert records.get("t", "k") == {"n": 1}
        records.close()
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(Misconfigured, match=r"refuses the password.*POSTGRES_HOST, _PORT"):
            stores.open_records(given(**parts, POSTGRES_PASSWORD="wrong"), Home(tmp_path))

    @pytest.mark.parametrize(
        ("url", "error", "words"),
        [
            ("hunter2", Misconfigured, "DATABASE_URL is not the address of a database"),
            ("mysql://u:hunter2@h/d", Misconfigured, "DATABASE_URL begins with 'mysql'"),
            ("postgresql://u:hunter2@127.0.0.1:1/d", Unavailable, "does the server that DATABASE_URL names run"),
        ],
    )
    def test_a_wrong_database_url(self, tmp_path: Path, url: str, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words) as caught:
            stores.open_records(given(DATABASE_URL=url), Home(tmp_path))
        assert "hunter2" not in repr(caught.value)

    def test_sqlite_by_its_url(self, tmp_path: Path) -> None:
        records = stores.open_records(given(DATABASE_URL=f"sqlite:///{tmp_path}/here.db"), Home(tmp_path / "home"))
        assert records.add("t", "k", {})
        records.close()
        assert not (tmp_path / "home").exists()

    async def test_redis(self, redis_server: Any) -> None:
        settings = given(REDIS_URL=redis_server.url, DISCORD_CLIENT_ID="4242")
        cache, limiter = stores.open_cache(settings), stores.open_limiter(settings)
        await cache.set("k", 1, 60)
        assert await limiter.take("k", burst=1, per_minute=1) == 0
        found = sorted(redis_server.ask("KEYS", "megawatts:4242:*"))
        assert [key.split(b":")[2][:5] for key in found] == [b"cache", b"limit"]
        await cache.close()
        await limiter.close()

    @pytest.mark.parametrize("url", ["hunter2", "http://:hunter2@h", "redis://:hunter2@h:x"])
    def test_a_wrong_redis_url(self, url: str) -> None:
        for opening in (stores.open_cache, stores.open_limiter):
            with pytest.raises(Misconfigured, match="REDIS_URL is not the address of a Redis") as caught:
                opening(given(REDIS_URL=url))
            assert "hunter2" not in repr(caught.value)

    @pytest.fixture
    def postgres(self) -> Any:
        from tests.contracts import servers

        try:
            return servers.postgres()
        except servers.NoServerError as error:
            absent(error)

    @pytest.fixture
    def redis_server(self) -> Any:
        from tests.contracts import servers

        try:
            return servers.redis_server()
        except servers.NoServerError as error:
            absent(error)
