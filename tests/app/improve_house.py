"""A small repository with an analyst, an author and a gate that a test steers."""

import subprocess
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import Any

import pytest

from bot.app import improve_run
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

    def govern(self, patch: pytest.MonkeyPatch) -> "House":
        """Put this house's analysts, authors and answers in the place of the real ones."""

        @asynccontextmanager
        async def opened(question: Any, *_: Any, **__: Any) -> Any:
            yield question

        async def judged(question: Any, *_: Any) -> Verdict:
            title = str(question.repo.read(question.head, PurePosixPath("a.py"))).split("'")[1]
            self.judged.append(title)
            status = self.answers.get(title, Status.PASS)
            stages = [Verdict("scope", Status.PASS, "fine", facts={"id": "V-1"})]
            return worst("gate", [*stages, Verdict("tests", status, f"says {status.name}", facts={"id": "V-7"})])

        patch.setattr(improve_run, "find", lambda: None)
        patch.setattr(improve_run, "open_gate", opened)
        patch.setattr(improve_run, "run_gate", judged)
        patch.setattr(improve_run, "shop", lambda _cache, kinds: (
            tuple(self.analysts), tuple(a for a in self.authors if not kinds or a.kind in kinds)
        ))  # fmt: skip
        return self

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


def begun(path: Path) -> Path:
    """A repository with one commit, to be copied: that is much less work than three processes."""
    made = House(path)
    path.mkdir()
    (path / "a.py").write_text("x = 0\n")
    made.git("init", "-q", "-b", "main")
    made.git("add", ".")
    made.git("commit", "-qm", "first")
    rmtree(path / ".git" / "hooks")
    return path
