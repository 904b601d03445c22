"""A person's word at the command line: on record first, seen by all at once, refused when it is not clear."""

import json
from pathlib import Path, PurePosixPath

import pytest
from typer.testing import CliRunner

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.commands import build
from bot.app.home import Home
from bot.core.change import Patch
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.ids import Tree
from bot.improve.rollback import order_of

pytestmark = pytest.mark.integration  # they run git


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path / "home"))
    return Home.find().create()


def run(*argv: str) -> str:
    """One command; its output. An expected error is raised as such."""
    result = CliRunner().invoke(build(list(argv)), list(argv))
    if isinstance(result.exception, MegawattsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def acts(home: Home) -> list[tuple[str, str, str, str]]:
    return [(e.actor, e.act, e.subject, e.reason) for e in FileAuditLog(home.audit).entries()]


def test_a_stop_is_seen_recorded_and_announced(home: Home) -> None:
    other = FileSwitch(home.switch)
    said = json.loads(run("stop", "errors\nrose", "--json"))
    state = other.state()
    assert state is not None
    assert (state.reason, state.by) == ("errors rose", "ada")
    assert said["reason"] == "errors rose"
    assert acts(home) == [("ada", "stop", "everything", "errors rose")]
    announced = [row for _key, row in SqliteRecords(home.records).scan("announcements")]
    assert [(row["act"], row["by"], row["reason"]) for row in announced] == [("stop", "ada", "errors rose")]

    run("resume")
    assert other.state() is None
    assert acts(home)[1][:2] == ("ada", "resume")
    assert json.loads(run("resume", "--json"))["was_stopped"] is False
    assert len(acts(home)) == 2


def test_a_broken_log_does_not_keep_a_person_from_stopping(home: Home) -> None:
    home.audit.write_bytes(b"garbage\n")
    with pytest.raises(Misconfigured, match="everything is stopped, but"):
        run("stop", "now")
    assert FileSwitch(home.switch).state() is not None


def test_a_broken_log_keeps_everything_else_from_happening(home: Home) -> None:
    FileSwitch(home.switch).stop("x", "ada")
    home.audit.write_bytes(b"garbage\n")
    for argv in (("resume",), ("rollback", "--reason", "x")):
        with pytest.raises(Misconfigured):
            run(*argv)
    assert FileSwitch(home.switch).state() is not None
    assert SqliteRecords(home.records).scan("rollbacks") == []


def test_a_reason_is_needed(home: Home) -> None:
    for argv in (("stop", " "), ("rollback",), ("override", "1", "\u200b")):
        with pytest.raises(Misconfigured, match="reason"):
            run(*argv)
    assert acts(home) == []
    assert FileSwitch(home.switch).state() is None


def test_the_wrong_home_does_not_seem_to_work(tmp_path: Path) -> None:
    for argv in (("stop", "x"), ("resume",), ("rollback", "--reason", "x"), ("override", "1", "x")):
        with pytest.raises(Misconfigured, match="no home folder"):
            run(*argv, "--home", str(tmp_path / "wrong"))
    assert not (tmp_path / "wrong").exists()


async def test_rollback_and_override_are_asked_of_the_controller(home: Home, tmp_path: Path) -> None:
    repo = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    repo.branch("main", root)
    forge = LocalForge.create(home.forge, tmp_path / "source.git")
    await forge.tag("v0.1.0", root, "first")
    head = repo.commit(Patch(root, {PurePosixPath("a"): b"a"}), "feat: a", author="eve")
    await forge.publish(repo, "feature/x", head, expecting=None)
    pull = await forge.open_as("eve", "feature/x", "t", "b")
    records = SqliteRecords(home.records)

    import asyncio

    await asyncio.to_thread(run, "rollback", "v0.1.0", "--reason", "slow")
    await asyncio.to_thread(run, "override", str(pull), "agreed by phone")

    (row,) = [row for _key, row in records.scan("rollbacks")]
    assert (row["version"], row["by"], row["reason"]) == ("v0.1.0", "ada", "slow")
    found = records.get("overrides", str(pull))
    assert found is not None
    assert (found["head"], found["by"], found["reason"]) == (head, "ada", "agreed by phone")
    assert acts(home) == [
        ("ada", "rollback", "v0.1.0", "slow"),
        ("ada", "override", f"#{pull}", "agreed by phone"),
    ]
    with pytest.raises(Misconfigured, match=f"#{pull} is no merge"):
        await asyncio.to_thread(run, "rollback", "--pull", str(pull), "--reason", "x")
    with pytest.raises(Misconfigured, match=r"no version.*v0\.1\.0"):
        await asyncio.to_thread(run, "rollback", "v9", "--reason", "x")
    with pytest.raises(Denied, match="look at it again"):
        await asyncio.to_thread(run, "override", str(pull), "x", "--head", "1" * 40)
    with pytest.raises(Denied, match="no open pull request"):
        await asyncio.to_thread(run, "override", "99", "x")
    assert len(acts(home)) == 2
    assert await forge.main() == root


def orders(home: Home) -> list[dict[str, object]]:
    return [row for _key, row in SqliteRecords(home.records).scan("rollbacks")]


def test_one_merge_or_a_part_of_it_is_ordered_as_the_controller_reads_it(home: Home) -> None:
    run("rollback", "--pull", "7", "--reason", "slow")
    run("rollback", "--pull", "7", "--only", "bot/chat/", "--only", "docs/a.md", "--reason", "half of it")
    whole, part = (order_of(row) for row in orders(home))
    assert (whole.pull, whole.only, whole.version) == (7, frozenset(), "")
    assert (part.pull, part.only) == (7, {PurePosixPath("bot/chat"), PurePosixPath("docs/a.md")})
    assert acts(home) == [("ada", "rollback", "#7", "slow"), ("ada", "rollback", "a part of #7", "half of it")]
    assert [e.facts for e in FileAuditLog(home.audit).entries()][1] == {"only": "bot/chat, docs/a.md"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("v0.1.0", "--pull", "7"), "two orders"),
        (("--only", "bot"), "--only needs --pull"),
        (("--pull", "-1"), "no number"),
        (("--pull", "7", "--only", "/etc"), "no path in the repository"),
        (("--pull", "7", "--only", "bot/../.."), "no path in the repository"),
        (("--pull", "7", "--only", "."), "no path in the repository"),
        (("--pull", "7", "--only", ""), "no path in the repository"),
        (("--pull", "7", "--only", "a\nb"), "no path in the repository"),
    ],
)
def test_an_order_that_is_not_clear_is_no_order(home: Home, argv: tuple[str, ...], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        run("rollback", *argv, "--reason", "x")
    assert orders(home) == []
    assert acts(home) == [], "nor is it on record"
