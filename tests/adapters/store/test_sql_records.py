"""Records over SQLAlchemy: what only a server can do wrong."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from tests.contracts.servers import PASSWORD, Postgres, free_port

pytestmark = pytest.mark.integration


def store(url: str, **more: Any) -> Any:
    from bot.adapters.store.sql.records import SqlRecords

    return SqlRecords(url, **more)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.url(postgres.database())


@pytest.fixture
def records(url: str) -> Iterator[Any]:
    made = store(url)
    yield made
    made.close()


def secret(error: BaseException, *more: str) -> None:
    """Nothing of the address is in what a log would show of the error, causes and contexts included."""
    shown = "".join(traceback.format_exception(error))
    chain: BaseException | None = error
    while chain is not None:
        shown += repr(chain) + repr(chain.args)
        chain = chain.__cause__ or chain.__context__
    for word in (PASSWORD, "pg-Secret", "127.0.0.1", *more):
        assert word not in shown, shown


def test_a_server_that_goes_and_comes_back_is_used_again(postgres: Postgres, records: Any) -> None:
    records.put("t", "k", {"n": 1})
    postgres.stop()
    try:
        for call in (lambda: records.get("t", "k"), lambda: records.add("t", "x", {})):
            with pytest.raises(Unavailable, match="DATABASE_URL") as caught:
                call()
            secret(caught.value, str(postgres.port))
            assert caught.value.door == "database"
    finally:
        postgres.start()
    assert records.get("t", "k") == {"n": 1}
    assert records.add("t", "x", {"n": 2}), "what was refused was not done"


def test_connections_that_the_server_closed_are_not_noticed(postgres: Postgres, records: Any) -> None:
    records.put("t", "k", {"n": 1})
    for call in (records.add, records.put):
        postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'megawatts'")
        call("t", "x", {"n": 2})
    assert records.get("t", "x") == {"n": 2}


@pytest.fixture
def database(url: str) -> Iterator[Any]:
    from bot.adapters.store.sql.database import Database
    from bot.adapters.store.sql.urls import parse

    made = Database(parse(url, "DATABASE_URL"), "DATABASE_URL", pool=1, patience=0.3)
    yield made
    made.close()


def test_what_breaks_in_the_middle_is_tried_again_only_if_that_is_harmless(database: Any) -> None:
    from sqlalchemy import text

    tries: list[int] = []

    async def work(connection: Any) -> int:
        tries.append(1)
        if len(tries) < 3:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return len(tries)

    assert database.run(work) == 3
    tries.clear()
    with pytest.raises(Unavailable):
        database.run(work, again=False)
    assert tries == [1]


def test_what_is_wrong_is_not_tried_again_and_shows_no_row(database: Any) -> None:
    from sqlalchemy import text

    tries: list[int] = []

    async def work(connection: Any) -> None:
        tries.append(1)
        await connection.execute(text("SELECT * FROM nowhere WHERE x = :x"), {"x": "a member's words"})

    with pytest.raises(Unavailable, match="42P01") as caught:
        database.run(work)
    assert tries == [1]
    secret(caught.value, "member's words")


def test_a_full_pool_is_later_and_the_next_call_works(database: Any) -> None:
    from sqlalchemy import text

    held, done = threading.Event(), threading.Event()

    async def hold(connection: Any) -> int:
        held.set()
        await asyncio.to_thread(done.wait, 30)
        return (await connection.execute(text("SELECT 1"))).scalar_one()  # type: ignore[no-any-return]

    async def one(connection: Any) -> int:
        return (await connection.execute(text("SELECT 2"))).scalar_one()  # type: ignore[no-any-return]

    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(database.run, hold)
        held.wait(30)
        try:
            with pytest.raises(Unavailable, match="all connections are busy") as caught:
                database.run(one)
        finally:
            done.set()
        assert caught.value.retry_after
        assert holding.result() == 1
    assert database.run(one) == 2


def test_more_threads_than_connections_wait_their_turn(postgres: Postgres, url: str) -> None:
    records = store(url, pool=2)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda n: records.put("t", str(n), {}), range(120)))
    assert len(records.scan("t")) == 120
    used = postgres.sql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{url.rpartition('/')[2]}'")
    records.close()
    assert used[0][0] <= 2


def test_a_call_that_takes_too_long_is_given_up(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store.sql import database as module

    async def forever(_connection: Any) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(module, "_DEADLINE", 0.1)
        with pytest.raises(Unavailable, match="took too long"):
            database.run(forever)

    async def fine(_connection: Any) -> str:
        return "fine"

    assert database.run(fine) == "fine", "the connection was given back"


def wrong(postgres: Postgres) -> dict[str, tuple[str, str]]:
    return {
        "password": (postgres.url("postgres", password="no"), "refuses the password or the user.*X_URL"),
        "user": (postgres.url("postgres", user="nobody-here"), "refuses the password or the user.*X_URL"),
        "database": (postgres.url("missing"), "no database of that name; create it.*X_URL"),
    }


@pytest.mark.parametrize("what", ["password", "user", "database"])
def test_what_the_server_refuses_is_a_wrong_setting(postgres: Postgres, what: str) -> None:
    url, words = wrong(postgres)[what]
    with pytest.raises(Misconfigured, match=words) as caught:
        store(url, setting="X_URL")
    secret(caught.value, str(postgres.port), "nobody-here")


def test_nobody_there_is_later(postgres: Postgres) -> None:
    nowhere = postgres.url("d").replace(str(postgres.port), str(free_port()))
    with pytest.raises(Unavailable, match="does the server that X_URL names run") as caught:
        store(nowhere, setting="X_URL")
    secret(caught.value)


def test_a_user_without_rights_is_a_wrong_setting(postgres: Postgres) -> None:
    name = postgres.database()
    store(postgres.url(name)).close()
    postgres.sql("CREATE ROLE reader_only LOGIN PASSWORD 'reads'", name)
    theirs = postgres.url(name, user="reader_only", password="reads")
    with pytest.raises(Misconfigured, match=r"may not read and write.*DATABASE_URL") as caught:
        store(theirs)
    secret(caught.value, "reads")
    postgres.sql("REVOKE ALL ON SCHEMA public FROM PUBLIC", name)
    with pytest.raises(Misconfigured, match=r"sees no schema.*DATABASE_URL"):
        store(theirs)


def test_the_error_that_a_thread_left_behind_is_no_part_of_the_next(records: Any, postgres: Postgres) -> None:
    """The failure is raised outside of the block that caught the driver's."""
    postgres.stop()
    try:
        with pytest.raises(MegawattsError) as caught:
            records.put("t", "k", {})
    finally:
        postgres.start()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_database_of_another_version_is_not_used(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    from bot.adapters.store.schema import HEAD
    from bot.adapters.store.sql.upkeep import current, upgrade

    name = postgres.database()
    url = postgres.url(name)
    assert current(url, "DATABASE_URL") == ""
    store(url).close()
    assert current(url, "DATABASE_URL") == HEAD
    postgres.sql("DROP TABLE alembic_version", name)
    with pytest.raises(Misconfigured, match=r"revision none, this version needs .*megawatts db upgrade"):
        store(url)
    assert current(url, "DATABASE_URL") is None
    caplog.set_level(logging.DEBUG)
    upgrade(url, "DATABASE_URL")
    upgrade(url, "DATABASE_URL")
    assert current(url, "DATABASE_URL") == HEAD
    assert "pg-Secret" not in caplog.text
    postgres.sql("UPDATE alembic_version SET version_num = '0099'", name)
    for call in (lambda: store(url), lambda: upgrade(url, "DATABASE_URL")):
        with pytest.raises(Misconfigured, match=r"newer version \(revision 0099"):
            call()
    assert current(url, "DATABASE_URL") == "0099"


def test_many_that_find_an_empty_database_make_it_once(postgres: Postgres, url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: store(url), range(4)))
    assert sum(one.add("t", "k", {}) for one in made) == 1
    for one in made:
        one.close()


def test_one_that_makes_it_between_two_looks_of_another_is_no_trouble(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.adapters.store.sql import migrate

    looks = {name: getattr(migrate, name) for name in ("empty", "current")}
    made: list[Any] = []

    def slow(name: str) -> Any:
        def look(connection: Any) -> Any:
            found = looks[name](connection)
            with monkeypatch.context() as patch:
                for other, ours in looks.items():
                    patch.setattr(migrate, other, ours)
                with ThreadPoolExecutor(1) as thread:
                    made.append(thread.submit(store, url).result())
            return found

        return look

    for name in looks:
        monkeypatch.setattr(migrate, name, slow(name))
    late = store(url)
    assert len(made) == 2, "another process came between"
    assert late.add("t", "k", {})
    for one in (late, *made):
        one.close()


def test_tables_and_migrations_say_the_same(postgres: Postgres, tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from bot.adapters.store.sql.database import Database
    from bot.adapters.store.sql.tables import METADATA
    from bot.adapters.store.sql.urls import parse

    def differences(connection: Any) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA))

    for address in (postgres.url(postgres.database()), f"sqlite:///{tmp_path}/r.db"):
        store(address).close()
        database = Database(parse(address, "X"), "X")
        assert database.run(lambda connection: connection.run_sync(differences)) == []
        database.close()


def test_a_prefix_is_a_range_of_the_index(postgres: Postgres, tmp_path: Path) -> None:
    where = "tbl = 't' AND key >= 'a/' AND key < 'a0' ORDER BY key"
    name = postgres.database()
    store(postgres.url(name)).close()
    postgres.sql("INSERT INTO rows SELECT 't', lpad(n::text, 6, '0'), '{}' FROM generate_series(1, 5000) n", name)
    plan = " ".join(row[0] for row in postgres.sql(f"EXPLAIN SELECT key, row FROM rows WHERE {where}", name))
    assert "Index" in plan
    assert "Index Cond: ((tbl = 't'::text) AND (key >= 'a/'::text)" in plan
    assert "Sort" not in plan
    from bot.adapters.store.sqlite_file import open_file

    db = open_file(tmp_path / "r.db")
    (row,) = db.execute(f"EXPLAIN QUERY PLAN SELECT key, row FROM rows WHERE {where}").fetchall()
    db.close()
    assert "USING INDEX" in row[3]
    assert "(tbl=? AND key>? AND key<?)" in row[3]


def test_a_row_that_is_no_object_is_named(postgres: Postgres) -> None:
    name = postgres.database()
    records = store(postgres.url(name))
    postgres.sql("INSERT INTO rows VALUES ('t', 'k', '[1]')", name)
    for call in (lambda: records.get("t", "k"), lambda: records.scan("t")):
        with pytest.raises(Misconfigured, match="t/k"):
            call()
    records.close()
