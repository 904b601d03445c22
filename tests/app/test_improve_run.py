"""The run as a whole, with an analyst, an author and a gate that the tests steer."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import improve_cmd, improve_run
from bot.core.change import Claim, Kind
from bot.core.verdict import Status, Verdict
from tests.app.improve_house import NAMES, Finds, House, Writes, begun


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begun(tmp_path_factory.mktemp("pattern") / "repo")


@pytest.fixture
def house(tmp_path: Path, pattern: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(copytree(pattern, tmp_path / "repo")).govern(monkeypatch)


@pytest.fixture(scope="module")
def once_run(pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after one run, in which the idea `one` was refused."""
    made = House(copytree(pattern, tmp_path_factory.mktemp("once") / "repo"), answers={"one": Status.FAIL})
    with pytest.MonkeyPatch.context() as patch:
        asyncio.run(made.govern(patch).run())
    assert sorted(made.judged) == sorted(NAMES)
    return made.path


@pytest.fixture
def later(tmp_path: Path, once_run: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The same house again, some time after that run."""
    return House(copytree(once_run, tmp_path / "repo"), answers={"one": Status.FAIL}).govern(monkeypatch)


def snapshot(path: Path) -> dict[str, bytes]:
    """Everything that must stay: work tree, index, HEAD, configuration, the current branch."""
    files = [p for p in path.rglob("*") if p.is_file() and ".git" not in p.relative_to(path).parts]
    files += [path / ".git" / name for name in ("HEAD", "index", "config", "refs/heads/main")]
    return {str(p.relative_to(path)): p.read_bytes() for p in files}


@pytest.mark.slow
async def test_accepted_ideas_become_branches_from_head_with_their_evidence(house: House) -> None:
    report = await house.run()
    assert house.branches() == {f"megawatts/{n:x>12}" for n in NAMES}
    assert all(a.accepted for a in report.attempts)
    parents = house.git("rev-parse", "main", *(f"{a.branch}~1" for a in report.attempts))
    assert parents.split() == [report.base] * 4
    for attempt in report.attempts:
        note = json.loads(house.git("notes", "--ref=megawatts", "show", attempt.branch))
        assert note["verdict"]["status"] == "pass"
        assert note["idea"] == attempt.idea.id


@pytest.mark.slow
async def test_nothing_else_is_touched(house: House, tmp_path: Path) -> None:
    (house.path / "a.py").write_text("x = 'mine'\n")
    house.git("add", "a.py")
    (house.path / "a.py").write_text("x = 'mine, later'\n")
    (house.path / "new.py").write_text("y = 1\n")
    before, outside = snapshot(house.path), set(tmp_path.iterdir())
    report = await house.run()
    assert report.attempts
    assert snapshot(house.path) == before
    assert set(tmp_path.iterdir()) == outside
    assert {p.name for p in (house.path / ".git").iterdir()} - {"COMMIT_EDITMSG", "logs", "hooks", "branches"} == {
        "HEAD", "config", "description", "index", "info", "objects", "refs", "megawatts",
    }  # fmt: skip
    assert any("a.py differ in the work tree" in note for note in report.notes)


@pytest.mark.slow
async def test_what_a_stage_refuses_leaves_no_branch_and_no_note(house: House) -> None:
    house.answers = {"one": Status.FAIL, "two": Status.PENDING, "three": Status.INCONCLUSIVE}
    report = await house.run()
    assert house.branches() == set()
    assert house.git("for-each-ref", "refs/notes") == ""
    assert [a.accepted for a in report.attempts] == [False] * 3


async def test_a_stage_that_could_not_run_is_asked_once_more(house: House) -> None:
    house.analysts = [Finds(found=("one", "two"))]
    house.answers = {"one": Status.ERROR}
    await house.run()
    assert house.judged.count("one") == 2
    assert house.judged.count("two") == 1


@pytest.mark.slow
async def test_a_second_run_proposes_nothing_twice(later: House) -> None:
    report = await later.run()
    assert later.judged == []
    assert report.attempts == []
    assert len(report.notes) == 2 + 1


async def test_a_refusal_is_tried_again_on_another_commit_but_a_deleted_branch_is_not(later: House) -> None:
    later.git("branch", "-D", f"megawatts/{'two':x>12}")
    later.git("commit", "-q", "--allow-empty", "-m", "second")
    await later.run()
    assert later.judged == ["one"]


@pytest.mark.slow
async def test_what_was_merged_is_learned_as_good(house: House) -> None:
    await house.run()
    house.git("merge", "-q", "--ff-only", f"megawatts/{'one':x>12}")
    house.judged.clear()
    await house.run()
    records = improve_run.SqliteRecords(house.path / ".git" / "megawatts" / "records.db")
    results = {o.title: o.result.value for o in improve_run.Knowledge(records).outcomes()}
    assert results == {"one": "merged", "two": "open", "three": "open"}
    assert house.judged == []


async def test_as_many_as_asked_for(house: House) -> None:
    report = await house.run(most=1)
    assert len(report.attempts) == len(house.branches()) == 1


async def test_a_dry_run_writes_nothing_at_all(house: House) -> None:
    report = await house.run(dry_run=True)
    assert len(report.ideas) == 3
    assert house.judged == []
    assert house.branches() == set()
    assert not (house.path / ".git" / "megawatts" / "records.db").exists()


async def test_only_one_kind(house: House) -> None:
    house.authors = [Writes(), Writes(name="tests", kind=Kind.TEST, claim=Claim.NONE)]
    report = await house.run(kinds=(Kind.TEST,), most=1)
    assert [i.author for i in report.ideas] == ["tests"] * 3
    assert [a.idea.author for a in report.attempts] == ["tests"]


@pytest.mark.slow
async def test_a_broken_analyst_and_a_broken_author_stop_nobody(house: House) -> None:
    house.analysts = [Finds(name="bad", breaks=True), Finds()]
    house.authors = [Writes(refuses=frozenset({"one"}))]
    report = await house.run()
    assert any("bad found nothing: RuntimeError: broken" in note for note in report.notes)
    assert {a.idea.title: a.accepted for a in report.attempts} == {"one": False, "two": True, "three": True}


async def test_a_repository_without_tests_is_told_what_falls_away(house: House) -> None:
    house.analysts = []
    report = await house.run()
    assert any(note.startswith("no tests:") and "V-10" in note for note in report.notes)


def command(house: House, *words: str) -> Any:
    import typer

    app = typer.Typer()
    app.callback()(lambda: None)
    improve_cmd.register(app)
    return CliRunner().invoke(app, ["improve", str(house.path), *words])


@pytest.mark.slow
def test_the_json_that_others_rely_on(house: House) -> None:
    house.answers = {"two": Status.FAIL}
    done = command(house, "--json")
    assert done.exit_code == 0
    data = json.loads(done.stdout)
    assert {"repo", "base", "findings", "proposals"} <= set(data)
    assert data["repo"] == str(house.path)
    by_title = {row["title"]: row for row in data["proposals"]}
    assert set(by_title["one"]) == {"branch", "kind", "author", "title", "files", "accepted", "stages"}
    assert by_title["one"]["files"] == ["a.py"]
    assert [by_title[n]["accepted"] for n in NAMES] == [True, False, True]
    assert [s["name"] for s in by_title["two"]["stages"]] == ["scope", "tests"]
    assert done.stderr == ""


@pytest.mark.slow
def test_the_table_names_the_stage_that_refused(house: House) -> None:
    house.analysts = [Finds(found=("one", "two"))]
    house.answers = {"two": Status.FAIL}
    done = command(house)
    assert done.exit_code == 0
    assert "V-7 tests (fail): says FAIL" in done.stdout
    assert "megawatts/xxxxxxxxxone" in done.stdout


def test_nothing_found_is_no_failure(house: House) -> None:
    house.analysts = []
    done = command(house)
    assert (done.exit_code, done.stdout) == (0, "nothing was found that could be improved\n")


def test_a_dry_run_lists_findings_and_ranked_ideas(house: House) -> None:
    done = command(house, "--dry-run")
    assert "3 findings: rule 3" in done.stdout
    assert "3 ideas, best first:" in done.stdout


def test_ctrl_c_leaves_nothing_behind(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def interrupted(*_: Any) -> Verdict:
        raise KeyboardInterrupt

    monkeypatch.setattr(improve_run, "run_gate", interrupted)
    monkeypatch.setattr(improve_run.tempfile, "tempdir", str(tmp_path))
    before = snapshot(house.path)
    assert command(house).exit_code == 130
    assert snapshot(house.path) == before
    assert house.branches() == set()
    assert [p.name for p in tmp_path.iterdir()] == ["repo"]


def no_folder(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def no_git(path: Path) -> None:
    (path / ".git").rename(path / "git")


def no_commits(path: Path) -> None:
    (path / ".git" / "refs" / "heads" / "main").unlink()


@pytest.mark.parametrize(
    ("breaks", "word"),
    [(no_folder, "folder"), (no_git, "git init"), (no_commits, "no commits")],
    ids=lambda v: str(v)[:20],
)
def test_what_is_no_ground_is_one_sentence_and_code_3(house: House, breaks: Callable[[Path], None], word: str) -> None:
    breaks(house.path)
    done = command(house)
    assert done.exit_code == 3
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
