"""`megawatts watch` at the command line: what is refused, what one look does on a home, what the report says."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.prometheus.client import Rows, Server
from bot.adapters.store.records import SqliteRecords
from bot.app import watch_cmd
from bot.app.home import Home
from bot.app.watch_doors import rows
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.core.ids import Sha, Tree
from bot.improve.watcher.book import Book, Watch

pytestmark = pytest.mark.integration  # they run git
T0 = datetime(2026, 6, 1, 12, tzinfo=UTC)
FILE = """
application = "own"
repository = "local"
mode = "act"
[[health.rules]]
name = "messages"
kind = "rate"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path / "home"))
    return Home.find().create()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "watch.toml"
    path.write_text(FILE)
    return path


def run(*argv: str) -> tuple[int, str]:
    app = typer.Typer()
    app.callback()(lambda: None)
    watch_cmd.register(app)
    result = CliRunner().invoke(app, ["watch", *argv])
    if isinstance(result.exception, Misconfigured):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def begun(home: Home, tmp_path: Path) -> None:
    source = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(source.git, Tree(source.git.run("mktree").line), (), "root", author="ada")
    source.branch("main", source.commit(Patch(root, {PurePosixPath("a"): b"a\n"}), "first", author="ada"))
    LocalForge.create(home.forge, tmp_path / "source.git")


def test_one_look_at_the_bot_s_own_home_opens_every_door_and_does_nothing(
    home: Home, config: Path, tmp_path: Path
) -> None:
    begun(home, tmp_path)
    code, said = run("run", str(config), "--once")
    assert code == 0
    assert "held" not in said, "every door answered"
    assert Book(SqliteRecords(home.records), "own").all() == ()


def test_a_file_that_is_missing_wrong_or_of_elsewhere_is_refused_before_anything_is_done(
    home: Home, config: Path, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match=r"docs/watcher\.md"):
        run("run", str(tmp_path / "none.toml"))
    config.write_text(FILE.replace('mode = "act"', 'mode = "acts"'))
    with pytest.raises(Misconfigured, match="did you mean"):
        run("report", str(config))
    assert not home.records.exists()
    config.write_text(FILE.replace('"local"', '"org/shop"'))
    with pytest.raises(Misconfigured, match=r"org/shop.*ARGOCD_SERVER and PROMETHEUS_URL"):
        run("run", str(config), "--once")


def test_what_runs_elsewhere_is_never_taken_for_what_runs_here(
    home: Home, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(FILE.replace('"local"', '"org/shop"'))
    monkeypatch.setenv("ARGOCD_SERVER", "https://argocd.invalid")
    with pytest.raises(Misconfigured, match="PROMETHEUS_URL"):
        run("run", str(config), "--once")
    monkeypatch.setenv("PROMETHEUS_URL", "http://127.0.0.1:9")
    with pytest.raises(Misconfigured, match="GITHUB_TOKEN"):
        run("run", str(config), "--once")


def test_the_branch_is_the_one_that_the_forge_follows_and_queries_need_a_server(
    home: Home, config: Path, tmp_path: Path
) -> None:
    begun(home, tmp_path)
    config.write_text('branch = "release"\n' + FILE)
    with pytest.raises(Misconfigured, match='another branch than "release"'):
        run("run", str(config), "--once")
    query = '[[queries]]\nrule = "messages"\nvalue = "a{r=\'$revision\'}"\ntotal = "b{r=\'$revision\'}"\n'
    config.write_text(FILE + query)
    with pytest.raises(Misconfigured, match="PROMETHEUS_URL"):
        run("run", str(config), "--once")


async def test_a_query_gives_the_rows_of_its_answer() -> None:
    found = [({"pod": "a"}, 2.0), ({"pod": "b"}, 3.0)]

    class Two(Server):
        async def query(self, promql: str) -> tuple[float, Rows]:
            return 1.0, found if promql == "two" else []

    ask = rows(Two("http://127.0.0.1:9"))
    assert await ask("two") == found
    assert await ask("none") == []


def test_the_report_counts_what_was_right_and_says_what_is_not_known(home: Home, config: Path) -> None:
    records = SqliteRecords(home.records)
    book = Book(records, "own")
    code, said = run("report", str(config))
    assert code == 0
    assert "precision not known" in said
    assert "for now propose (0 of 5 alarms have a score" in said
    for number, (would, score) in enumerate([("revert", "right")] * 3 + [("revert", "wrong"), ("nothing", "missed")]):
        sha = Sha(str(number) * 40)
        at = T0 + timedelta(hours=number)
        book.put(Watch(sha, "9" * 40, at, would, "errors\nrose", at.isoformat(), sha, number, score=score))
    Book(records, "other").put(Watch(Sha("8" * 40), "9" * 40, T0, "revert", "x", T0.isoformat(), score="wrong"))
    found = json.loads(run("report", str(config), "--json")[1])
    assert (found["precision"], found["recall"]) == (0.75, 0.75)
    assert found["alarms"] == {"right": 3, "wrong": 1}
    assert 0 < found["precision_at_least"] < 0.75
    assert len(found["watches"]) == 5, "of this application only"
    lines = run("report", str(config))[1].splitlines()
    assert "alarms: 3 right, 1 wrong; precision 75%" in lines[1]
    assert lines[4].split()[1:5] == ["0" * 12, "pushed", "revert", "right"]
    assert "errors rose" in lines[4]


def test_a_report_of_a_home_that_is_not_there_makes_none(tmp_path: Path, config: Path) -> None:
    with pytest.raises(Misconfigured, match="no home folder"):
        run("report", str(config), "--home", str(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
