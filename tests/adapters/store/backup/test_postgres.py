"""A real server's database is dumped, read from end to end, and restored into an empty one."""

import sys
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.backup import postgres as pg
from bot.adapters.store.backup.folder import FolderBackups
from bot.adapters.store.backup.parts import Source
from bot.app.bot_wiring import now
from bot.core.errors import Denied, Misconfigured, Unavailable
from tests.contracts.servers import PASSWORD

pytestmark = pytest.mark.integration  # they need a real server


def test_without_programs_on_path_those_of_the_wheel_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "wheel"
    for name in ("pginstall", "pginstall17", "pginstall9"):
        (folder / name / "bin").mkdir(parents=True)
        (folder / name / "bin" / "pg_dump").touch()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(pg, "WHEEL", "wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pg.program("pg_dump") == str(folder / "pginstall17" / "bin" / "pg_dump")
    with pytest.raises(Misconfigured, match="pg_restore is not installed"):
        pg.program("pg_restore")
    own = tmp_path / "pg_restore"
    own.touch(mode=0o755)
    assert pg.program("pg_restore") == str(own)


@pytest.fixture
def address(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    if not (postgres._bin / "pg_dump").exists():
        pytest.skip("the server's own pg_dump is not installed")
    monkeypatch.setenv("PATH", f"{postgres._bin}:/usr/bin:/bin")
    name = postgres.database()
    postgres.sql("CREATE TABLE rows (tbl text, n int); INSERT INTO rows VALUES ('a', 1), ('b', 2)", name)
    return str(postgres.url(name))


def test_what_was_dumped_is_listed_and_comes_back_into_an_empty_one_only(
    postgres: Any, address: str, tmp_path: Path
) -> None:
    backups = FolderBackups(tmp_path / "backups", lambda: [Source("database", "postgres", address=address)], now)
    receipt = backups.made("a test", 1)
    (part,) = backups.manifest(receipt.id).parts
    assert part.facts == {"tables": "public.rows"}
    assert backups.verified(receipt.id, deep=True).passed
    with pytest.raises(Denied, match="the database megawatts is not empty"):
        backups.restore(receipt.id, tmp_path / "again", address)
    with pytest.raises(Misconfigured, match="set DATABASE_URL to an empty one"):
        backups.restore(receipt.id, tmp_path / "again")
    assert postgres.sql("SELECT count(*) FROM rows", "megawatts") == [(2,)]
    empty = postgres.database()
    backups.restore(receipt.id, tmp_path / "again", postgres.url(empty))
    assert sorted(postgres.sql("SELECT tbl, n FROM rows", empty)) == [("a", 1), ("b", 2)]
    held = tmp_path / "backups" / receipt.id / "database"
    assert PASSWORD.encode() not in held.read_bytes() + (held.parent / "manifest.json").read_bytes()


def test_half_a_dump_and_one_of_nothing_are_none(postgres: Any, address: str, tmp_path: Path) -> None:
    dump = tmp_path / "all.dump"
    facts = pg.copy(address, dump)
    half = tmp_path / "half.dump"
    half.write_bytes(dump.read_bytes()[:-20])
    with pytest.raises(Denied, match="pg_restore ended with an error"):
        pg.check(half, facts)
    with pytest.raises(Denied, match="does not hold the tables"):
        pg.check(dump, {"tables": "public.rows public.more"})
    with pytest.raises(Denied, match="holds no table"):
        pg.copy(postgres.url(postgres.database()), tmp_path / "none.dump")


def test_a_server_that_refuses_or_is_away_is_told_without_the_password(
    postgres: Any, address: str, tmp_path: Path
) -> None:
    wrong = address.replace("pg-Secret%2F7%25", "not-the-word")
    with pytest.raises(Unavailable, match="password authentication failed") as refused:
        pg.copy(wrong, tmp_path / "x")
    away = address.replace(f":{postgres.port}/", ":1/")
    with pytest.raises(Unavailable, match="pg_dump") as gone:
        pg.copy(away, tmp_path / "x")
    for told in (refused, gone):
        assert "not-the-word" not in str(told.value)
        assert PASSWORD not in str(told.value)


def test_the_password_is_in_no_command_line(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nopen({str(seen)!r}, 'w').write(' '.join(sys.argv))\n"
        "sys.exit(f'word {os.environ[\"PGPASSWORD\"]}: server version mismatch')\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(Misconfigured, match=r"pg_dump is older than the server \(word \(password\): server") as told:
        pg.copy(address, tmp_path / "x")
    assert PASSWORD not in seen.read_text() + str(told.value)
    assert "--no-password" in seen.read_text()


def test_it_is_known_beforehand_whether_a_dump_could_be_made(
    postgres: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pg.able(address)
    name = address.rpartition("/")[2]
    postgres.sql("CREATE ROLE reader LOGIN PASSWORD 'reads-a-little'; GRANT CONNECT ON DATABASE " + name + " TO reader")
    user, _, rest = address.partition("@")
    assert user
    little = f"postgresql://reader:reads-a-little@{rest}"
    with pytest.raises(Denied, match="permission denied") as refused:
        pg.able(little)
    assert "reads-a-little" not in str(refused.value)
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    pg.able(little)
    monkeypatch.setattr(pg, "WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misconfigured, match=r"pg_restore is not installed.*postgresql-client"):
        pg.able(address)
