"""The audit log in a database: what somebody who can write the database may try, and what a server can do wrong."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Misconfigured, Unavailable
from tests.contracts.servers import Postgres

pytestmark = pytest.mark.integration


@dataclass
class House:
    """One database; homes as many as are named."""

    url: str
    folder: Path
    run: Callable[[str], Any]
    off: tuple[str, ...]

    def __post_init__(self) -> None:
        self.made: list[Any] = []

    def log(self, home: str = "bot") -> Any:
        from bot.adapters.store.sql.audit import SqlAuditLog
        from bot.adapters.store.sql.records import SqlRecords

        self.made.append(SqlRecords(self.url))
        return SqlAuditLog(self.made[-1].database, self.witness(home))

    def witness(self, home: str) -> Path:
        return self.folder / home / "audit.witness"

    def attack(self, *statements: str) -> None:
        for statement in (*self.off, *statements):
            self.run(statement)


def on_sqlite(_request: pytest.FixtureRequest, folder: Path) -> House:
    path = folder / "shared.db"

    def run(statement: str) -> None:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(statement)

    off = tuple(f"DROP TRIGGER IF EXISTS audit_no_{verb}" for verb in ("update", "delete"))
    return House(f"sqlite:///{path}", folder, run, off)


def on_postgresql(request: pytest.FixtureRequest, folder: Path) -> House:
    server = request.getfixturevalue("postgres")
    name = server.database()
    off = ("ALTER TABLE audit_entries DISABLE TRIGGER ALL",)
    return House(server.url(name), folder, lambda statement: server.sql(statement, name), off)


@pytest.fixture(params=[on_sqlite, on_postgresql])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    found: House = request.param(request, tmp_path)
    yield found
    for one in found.made:
        one.close()


def filled(house: House, count: int = 3) -> Any:
    log = house.log()
    for number in range(count):
        log.append("ada", "act", str(number), "why")
    return log


def test_the_database_itself_refuses_changes(house: House) -> None:
    log = filled(house)
    for statement in ("UPDATE audit_entries SET reason = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(Exception, match="append-only"):
            house.run(statement)
    assert log.verify().facts["entries"] == 3


def test_postgresql_refuses_to_empty_the_table(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.database()
    house = House(postgres.url(name), tmp_path, lambda statement: postgres.sql(statement, name), ())
    log = filled(house)
    with pytest.raises(Exception, match="append-only"):
        house.run("TRUNCATE audit_entries")
    assert len(log.entries()) == 3
    house.made[0].close()


def test_a_tail_that_was_cut_off_with_its_head_is_seen_by_every_home_that_saw_it(house: House) -> None:
    log = filled(house)
    second = log.entries()[1]
    controller = house.log("controller")
    assert controller.verify().passed, "and what it saw is remembered"
    house.attack(
        "DELETE FROM audit_entries WHERE number = 3",
        f"UPDATE audit_head SET number = 2, digest = '{second.digest}'",
    )
    for one in (log, controller):
        verdict = one.verify()
        assert not verdict.passed
        assert "entry 3 is missing: 3 were seen here" in verdict.because
    assert house.log("stranger").verify().passed, "nobody else can know"
    with pytest.raises(Misconfigured, match="entry 3 is not the one that was seen here"):
        log.append("ada", "act", "on", "why")
    assert not log.verify().passed, "and what was seen is not forgotten"
    house.log("stranger").append("eve", "act", "instead", "why")
    assert "entry 3 is not the one that was seen here" in controller.verify().because


def test_a_log_that_was_made_anew_is_seen(house: House) -> None:
    filled(house)
    tables = ("audit_entries", "audit_head", "audit_version")
    house.attack(*(f"DROP TABLE {table}" for table in tables))
    if "postgresql" in house.url:
        house.run("DROP FUNCTION audit_refuse()")
    assert "entry 1 is missing: 3 were seen here" in house.log().verify().because


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE audit_head SET number = 9", "ends at entry 3, and not with entry 9"),
        ("UPDATE audit_head SET number = 2", "ends at entry 3, and not with entry 2"),
        ("UPDATE audit_head SET digest = 'x'", "not with entry 3 as written"),
        ("DELETE FROM audit_entries WHERE number = 3", "ends at entry 2, and not with entry 3"),
        ("UPDATE audit_entries SET digest = 'x' WHERE number = 3", "not with entry 3 as written"),
        ("DELETE FROM audit_head", "has no head"),
        ("INSERT INTO audit_head SELECT 2, number, digest FROM audit_head", "has 2 heads"),
    ],
)
def test_nothing_is_added_where_the_head_does_not_stand_at_the_end(house: House, harm: str, words: str) -> None:
    log = filled(house)
    house.attack(harm)
    assert not log.verify().passed
    with pytest.raises(Misconfigured, match=words):
        log.append("ada", "act", "s", "r")
    assert not any(entry.subject == "s" for entry in log.entries())


def test_an_entry_that_is_put_in_beside_the_log_is_seen(house: House) -> None:
    from bot.adapters.store.entries import chained

    log = filled(house)
    last = log.entries()[-1]
    forged = chained((last.number, last.digest), last.at, ("ada", "override", "#1", "agreed"), {})
    words = "', '".join(
        (forged.at.isoformat(), "ada", "override", "#1", "agreed", "{}", forged.previous, forged.digest)
    )
    house.run(f"INSERT INTO audit_entries VALUES (4, '{words}')")
    assert "entry 4 was added beside the log" in log.verify().because


@pytest.mark.parametrize("harm", ["facts = 'not json'", "facts = '[]'", "at = 'noon'"])
def test_a_row_that_is_no_entry_is_named(house: House, harm: str) -> None:
    log = filled(house)
    house.attack(f"UPDATE audit_entries SET {harm} WHERE number = 2")
    assert "entry 2" in log.verify().because
    with pytest.raises(Misconfigured, match="entry 2 of the audit log cannot be read"):
        log.entries()


def test_those_who_append_do_not_wait_for_one_who_verifies(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added while the pages are read is not part of what is judged, and is no fault of the log."""
    from bot.adapters.store.sql import audit

    log, other = filled(house, 3), house.log("controller")
    pages: list[Any] = []
    all_of = audit._all

    def paged(statement: Any) -> Any:
        pages.append(statement)
        other.append("bob", "act", str(len(pages)), "meanwhile")
        return all_of(statement)

    with monkeypatch.context() as patched:
        patched.setattr(audit, "PAGE", 2)
        patched.setattr(audit, "_all", paged)
        verdict = log.verify()
    assert verdict.passed, verdict.because
    assert verdict.facts["entries"] == 4
    assert len(pages) >= 3
    assert log.verify().facts["entries"] == 3 + len(pages)


@pytest.mark.parametrize("content", [b"garbage", b"{}", b'{"number": 0, "digest": ""}', b'{"number": 1, "digest": ""}'])
def test_a_witness_that_was_tampered_with_is_seen(house: House, content: bytes) -> None:
    log = filled(house)
    house.witness("bot").write_bytes(content)
    verdict = log.verify()
    assert not verdict.passed
    assert "delete" in verdict.because
    with pytest.raises(Misconfigured, match="delete"):
        log.append("ada", "act", "s", "r")
    house.witness("bot").unlink()
    assert log.verify().passed


def test_what_this_home_cannot_look_up_is_not_done(house: House) -> None:
    log = house.log()
    house.witness("bot").mkdir(parents=True)
    with pytest.raises(Misconfigured, match=r"audit\.witness cannot be read"):
        log.append("ada", "act", "s", "r")
    assert log.entries() == []


def test_what_this_home_cannot_remember_is_not_taken_for_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store import witness

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(witness, "replace", full)
    with pytest.raises(Unavailable, match=r"audit\.witness: No space left"):
        house.log().append("ada", "act", "s", "r")


def test_a_log_of_a_newer_version_is_refused(house: House) -> None:
    filled(house)
    house.run("UPDATE audit_version SET version_num = '0099'")
    with pytest.raises(Misconfigured, match=r"newer version \(revision 0099"):
        house.log()


def test_versions_without_the_log_go_on_with_the_database(house: House) -> None:
    """The records' own revision does not move: a revert of the bot finds its database as it left it."""
    from bot.adapters.store.schema import HEAD
    from bot.adapters.store.sql.records import SqlRecords
    from bot.adapters.store.sql.upkeep import current

    first = SqlRecords(house.url)
    first.put("t", "k", {"n": 1})
    first.close()
    filled(house)
    again = SqlRecords(house.url)
    assert again.get("t", "k") == {"n": 1}
    again.close()
    assert current(house.url, "DATABASE_URL") == HEAD


def test_pages_are_put_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store.sql import audit

    monkeypatch.setattr(audit, "PAGE", 2)
    for count in (4, 1):
        filled(house, count)
        assert house.log().verify().passed
    assert [entry.subject for entry in house.log().entries()] == ["0", "1", "2", "3", "0"]


def test_tables_and_migration_say_the_same(house: House) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from bot.adapters.store.sql.audit_tables import HEAD, METADATA, VERSION
    from bot.adapters.store.sql.migrate import current

    def ours(_object: Any, name: str | None, *_more: Any) -> bool:
        return str(name).startswith("audit_")

    def differences(connection: Any) -> list[Any]:
        opts = {"compare_type": True, "include_object": ours, "version_table": VERSION}
        return list(compare_metadata(MigrationContext.configure(connection, opts=opts), METADATA))

    filled(house)
    database = house.made[0].database
    assert database.run(lambda connection: connection.run_sync(differences)) == []
    assert database.run(lambda connection: connection.run_sync(lambda bound: current(bound, VERSION))) == HEAD


def test_a_server_that_goes_and_comes_back_is_used_again(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.database()
    house = House(postgres.url(name), tmp_path, lambda statement: postgres.sql(statement, name), ())
    log = filled(house, 1)
    postgres.stop()
    try:
        for call in (lambda: log.append("ada", "act", "lost", "r"), log.verify, log.entries):
            with pytest.raises(Unavailable, match="does the server that DATABASE_URL names run"):
                call()
    finally:
        postgres.start()
    assert log.append("ada", "act", "again", "r").number == 2
    assert log.verify().facts["entries"] == 2
    house.made[0].close()


def test_a_user_of_its_own_can_add_and_read_and_nothing_else(postgres: Postgres, tmp_path: Path) -> None:
    """The grants of docs/stores.md."""
    from bot.adapters.store.sql.audit import SqlAuditLog
    from bot.adapters.store.sql.records import SqlRecords

    name = postgres.database()
    owner = House(postgres.url(name), tmp_path, lambda statement: postgres.sql(statement, name), ())
    controller = owner.log("controller")
    controller.append("controller", "merge", "#1", "all stages pass")
    postgres.sql("DROP ROLE IF EXISTS audit_bot")
    postgres.sql("CREATE ROLE audit_bot LOGIN PASSWORD 'adds'")
    page = (Path(__file__).parents[3] / "docs" / "stores.md").read_text(encoding="utf-8")
    grants = [line.replace("TO bot;", "TO audit_bot") for line in page.splitlines() if line.startswith("GRANT ")]
    assert len(grants) == 4
    for statement in grants:
        owner.run(statement)

    records = SqlRecords(postgres.url(name, user="audit_bot", password="adds"))
    bot = SqlAuditLog(records.database, tmp_path / "bot" / "audit.witness")
    bot.append("ada", "stop", "everything", "errors")
    records.put("t", "k", {})
    assert bot.verify().passed
    assert [entry.act for entry in controller.entries()] == ["merge", "stop"]

    for statement in (
        "UPDATE audit_entries SET reason = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DROP TABLE audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "DELETE FROM audit_head",
    ):
        with pytest.raises(Misconfigured, match="may not read and write there"):
            records.database.run(_statement(statement))
    records.close()
    owner.made[0].close()
    owner.run("DROP OWNED BY audit_bot")
    postgres.sql("DROP ROLE audit_bot")


def _statement(text: str) -> Callable[[Any], Any]:
    async def work(connection: Any) -> None:
        await connection.exec_driver_sql(text)

    return work
