"""The run as a whole, with an analyst, an author and a gate that the tests steer."""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from shutil import copytree, rmtree
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import improve_cmd, improve_run
from bot.app.improve_run import Asked, Improvement
from bot.app.improve_view import Teller
from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal, Severity
from bot.core.ids import ProposalId
from bot.core.verdict import Status, Verdict, worst
from bot.improve.doors import Profile, Workspace

NAMES = ("one", "two", "three")


@dataclass
class Finds:
    name: str = "finds"
    breaks: bool = False
    found: Sequence[str] = NAMES

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        if self.breaks:
            raise RuntimeError("broken")
        path = PurePosixPath("a.py")
        return [Finding("rule", path, 1, 1, Severity.LOW, n, self.name, n, {"n": 1}) for n in self.found]


@dataclass
class Writes:
    name: str = "writes"
    kind: Kind = Kind.REFACTOR
    claim: Claim = Claim.PRESERVING
    refuses: frozenset[str] = frozenset()

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        rows = [(f"{f.symbol:x>12}", f) for f in findings]
        return [
            Idea(ProposalId(i), f.symbol, "why", self.kind, Origin.ANALYST, self.name, (f,), claim=self.claim)
            for i, f in rows
        ]

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        if idea.title in self.refuses:
            return Refusal("cannot")
        return Patch(work.sha, {PurePosixPath("a.py"): f"x = {idea.title!r}\n".encode()}, "summary")


@dataclass
class House:
    """A repository, and what the gate answers by title."""

    path: Path
    analysts: list[Any] = field(default_factory=lambda: [Finds()])
    authors: list[Any] = field(default_factory=lambda: [Writes()])
    answers: dict[str, Status] = field(default_factory=dict)
    judged: list[str] = field(default_factory=list)

    async def run(self, **asked: Any) -> improve_run.Report:
        return await Improvement(Asked(self.path, **asked), Teller(quiet=True)).run()

    def git(self, *words: str) -> str:
        argv = ["git", *words]
        done = subprocess.run(
            argv, cwd=self.path, check=True, capture_output=True, text=True, env=_environment(self.path)
        )
        return done.stdout.strip()

    def branches(self) -> set[str]:
        return set(self.git("branch", "--format=%(refname:short)").split()) - {"main"}


def _environment(home: Path) -> dict[str, str]:
    person = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home.parent), **person}


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied: that is much less work than three processes."""
    made = House(tmp_path_factory.mktemp("pattern") / "repo")
    made.path.mkdir()
    (made.path / "a.py").write_text("x = 0\n")
    made.git("init", "-q", "-b", "main")
    made.git("add", ".")
    made.git("commit", "-qm", "first")
    rmtree(made.path / ".git" / "hooks")
    return made.path


@pytest.fixture
def house(tmp_path: Path, pattern: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(copytree(pattern, tmp_path / "repo"))

    @asynccontextmanager
    async def opened(question: Any, *_: Any, **__: Any) -> Any:
        yield question

    async def judged(question: Any, *_: Any) -> Verdict:
        title = str(question.repo.read(question.head, PurePosixPath("a.py"))).split("'")[1]
        made.judged.append(title)
        status = made.answers.get(title, Status.PASS)
        stages = [Verdict("scope", Status.PASS, "fine", facts={"id": "V-1"})]
        return worst("gate", [*stages, Verdict("tests", status, f"says {status.name}", facts={"id": "V-7"})])

    monkeypatch.setattr(improve_run, "find", lambda: None)
    monkeypatch.setattr(improve_run, "open_gate", opened)
    monkeypatch.setattr(improve_run, "run_gate", judged)
    monkeypatch.setattr(improve_run, "shop", lambda _cache, kinds: (
        tuple(made.analysts), tuple(a for a in made.authors if not kinds or a.kind in kinds)
    ))  # fmt: skip
    return made


def snapshot(path: Path) -> dict[str, bytes]:
    """Everything that must stay: work tree, index, HEAD, configuration, the current branch."""
    files = [p for p in path.rglob("*") if p.is_file() and ".git" not in p.relative_to(path).parts]
    files += [path / ".git" / name for name in ("HEAD", "index", "config", "refs/heads/main")]
    return {str(p.relative_to(path)): p.read_bytes() for p in files}


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


async def test_a_second_run_proposes_nothing_twice(house: House) -> None:
    house.answers = {"one": Status.FAIL}
    await house.run()
    house.judged.clear()
    report = await house.run()
    assert house.judged == []
    assert report.attempts == []
    assert len(report.notes) == 2 + 1


async def test_a_refusal_is_tried_again_on_another_commit_but_a_deleted_branch_is_not(house: House) -> None:
    house.answers = {"one": Status.FAIL}
    await house.run()
    house.git("branch", "-D", f"megawatts/{'two':x>12}")
    house.git("commit", "-q", "--allow-empty", "-m", "second")
    house.judged.clear()
    await house.run()
    assert house.judged == ["one"]


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
