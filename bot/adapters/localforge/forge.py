"""The embedded forge behind the house's door."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from bot.adapters.git.contents import Contents
from bot.adapters.git.names import check_branch
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge import merging, notices, opening, proposals, remarks, reverting, ticks, versions
from bot.adapters.localforge.desk import ENGINE, Desk
from bot.adapters.localforge.ledger import Ledger, remember
from bot.core.change import Idea, Proposal
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.merge_queue import MergeGroup
from bot.core.ports import Clock, Repository
from bot.core.verdict import Verdict, worst
from bot.core.votes import Approval, Remark


def _now() -> datetime:
    return datetime.now(UTC)


class LocalForge:
    """`core.ports.Forge` over a folder with a bare repository and a database; any number of processes may use it.

    `actor` is who acts through this object. Only what ENGINE opens counts as the engine's own.
    """

    name = "local"

    def __init__(self, folder: Path, *, actor: str = ENGINE, clock: Clock = _now) -> None:
        self.desk = Desk.at(Path(folder), actor, clock)
        self._contents = Contents(self.desk.repo)
        self._handed: frozenset[ProposalId] = frozenset()

    @classmethod
    def create(cls, folder: Path, source_repo: Path, base_branch: str = "main", *, clock: Clock = _now) -> "LocalForge":
        """Begin a forge from another repository's HEAD, whatever its branch is called. May be repeated."""
        source, folder = GitRepository(Path(source_repo)), Path(folder)
        head = source.resolve("HEAD")
        ledger = Ledger(folder / "forge.db")
        repo = GitRepository.begin(folder / "repo.git")
        ledger.create()
        if ledger.meta("imported"):
            return cls(folder, clock=clock)
        ref = f"refs/heads/{check_branch(base_branch)}"
        repo.fetch(source.path, f"+{head}:{ref}", "+refs/tags/*:refs/tags/*")
        repo.git.run("symbolic-ref", "HEAD", ref)
        with ledger.change("create") as db:
            for key, value in (("base_branch", base_branch), ("seen", head), ("imported", head)):
                remember(db, key, value)
        return cls(folder, clock=clock)

    async def main(self) -> Sha:
        """Where the base branch is now."""
        return await asyncio.to_thread(self.desk.main)

    async def fetch(self, into: Repository) -> None:
        """Bring another repository up to date: branches, tags and the heads of pull requests."""
        await asyncio.to_thread(versions.fetch, self.desk, into)

    async def proposals(self, *, everything: bool = False) -> Sequence[Proposal]:
        """Open proposals, or all that ever were, oldest first."""
        return await asyncio.to_thread(self._listed, everything)

    async def branch(self, name: str) -> Sha | None:
        """Where a branch is, or None if there is none of that name."""
        return await asyncio.to_thread(self.desk.repo.ref, f"refs/heads/{check_branch(name)}")

    async def publish(self, source: Repository, branch: str, head: Sha, *, expecting: Sha | None) -> None:
        """Take in a commit of another repository under a branch that is where `expecting` says (None: new)."""
        await asyncio.to_thread(opening.publish, self.desk, source.path, branch, head, expecting)

    async def open(
        self, branch: str, title: str, body: str, idea: Idea, labels: Sequence[str] = (), *, draft: bool = False
    ) -> PullNumber:
        """Open a pull request for a branch; the one there is, if there is one."""
        request = opening.by_engine(self.desk, branch, idea, title=title, body=body, labels=tuple(labels), draft=draft)
        return await asyncio.to_thread(opening.opened, self.desk, request)

    async def open_as(self, author: str, branch: str, title: str, body: str, labels: Sequence[str] = ()) -> PullNumber:
        """Open a pull request as a person: it is a person's, whatever its words claim."""
        request = opening.by_person(author, branch, title, body, tuple(labels))
        return await asyncio.to_thread(opening.opened, self.desk, request)

    async def edit(self, pull: PullNumber, *, body: str | None = None, add: Sequence[str] = ()) -> None:
        """Replace the body, add labels."""
        await asyncio.to_thread(notices.edit, self.desk, pull, body, tuple(add))

    async def report(self, sha: Sha, context: str, verdict: Verdict) -> None:
        """Post a verdict on a commit; a later one of the same context replaces it."""
        await asyncio.to_thread(notices.report, self.desk, sha, context, verdict)

    async def reported(self, sha: Sha, context: str) -> Verdict | None:
        """The verdict posted on exactly this commit, or None."""
        return await asyncio.to_thread(notices.reported, self.desk, sha, context)

    async def checks(self, sha: Sha) -> Verdict | None:
        """What checks outside the engine said (contexts that begin with `check/`); None: there are none here."""
        found = await asyncio.to_thread(notices.checks, self.desk, sha)
        return worst("checks", found) if found else None

    async def review(self, pull: PullNumber, reviewer: str, head: Sha, approves: bool, reason: str = "") -> None:
        """A person's review, for one head. Denied for the engine and for whoever opened the pull request."""
        await asyncio.to_thread(notices.review, self.desk, pull, reviewer, head, approves=approves, reason=reason)

    async def reviews(self, pull: PullNumber) -> Sequence[Approval]:
        """All reviews in the order they were given, each with its head: old heads do not count."""
        return await asyncio.to_thread(notices.reviews, self.desk, pull)

    async def remark(
        self, pull: PullNumber, reviewer: str, head: Sha, text: str, *, path: PurePosixPath, line: int
    ) -> None:
        """A person's comment on a line of one head. Denied for the engine."""
        await asyncio.to_thread(remarks.remark, self.desk, pull, reviewer, head, text, place=(path, line))

    async def remarks(self, pull: PullNumber) -> Sequence[Remark]:
        """What reviewers ask for, oldest first: refusals with a reason, and comments on lines."""
        return await asyncio.to_thread(remarks.remarks, self.desk, pull)

    async def ready(self, pull: PullNumber) -> None:
        """A person offers a draft for a merge. Denied for the engine."""
        await asyncio.to_thread(remarks.ready, self.desk, pull)

    async def request_owners(self, pull: PullNumber, head: Sha, owners: Sequence[str]) -> None:
        """Ask these owners to review this head."""
        await asyncio.to_thread(notices.ask, self.desk, pull, head, tuple(owners))

    async def asked_on(self, pull: PullNumber) -> Sha | None:
        """The head that people were last asked about, or None."""
        row = await asyncio.to_thread(self.desk.pull, pull)
        return Sha(row["asked_on"]) if row["asked_on"] else None

    async def comment(self, pull: PullNumber, text: str, *, marker: str) -> None:
        """Say something; a later comment of the same marker replaces it."""
        await asyncio.to_thread(notices.comment, self.desk, pull, text, marker)

    async def merge(self, pull: PullNumber, *, expecting: Sha, base: Sha, message: str) -> Sha:
        """Merge exactly this head onto exactly this base; the merge commit."""
        return await asyncio.to_thread(merging.merge, self.desk, pull, expecting, base, message)

    async def revert(self, merged: Sha, because: str, *, only: frozenset[PurePosixPath] = frozenset()) -> PullNumber:
        """Propose to take a merge back, or only what it did to these paths."""
        return await asyncio.to_thread(self._reverted, merged, because, only)

    async def close(self, pull: PullNumber, because: str) -> None:
        """Close without a merge. Denied if it is merged."""
        await asyncio.to_thread(notices.close, self.desk, pull, because)

    async def tag(self, name: str, sha: Sha, message: str) -> None:
        """Name a commit for good. Denied if the name is taken by another."""
        await asyncio.to_thread(versions.tag, self.desk, name, sha, message)

    async def tags(self) -> Mapping[str, Sha]:
        """Every tag and the commit it names."""
        return await asyncio.to_thread(versions.tags, self.desk)

    async def release(self, name: str, text: str) -> None:
        """What a tagged version brought; a later text replaces the earlier."""
        await asyncio.to_thread(versions.release, self.desk, name, text)

    async def releases(self) -> Mapping[str, str]:
        """The text of every release by tag, oldest first."""
        return await asyncio.to_thread(versions.releases, self.desk)

    async def dashboard(self, body: str) -> None:
        """Replace the one issue that lists everything, with empty boxes where ticks were handed out."""
        await asyncio.to_thread(notices.dashboard, self.desk, body)
        await asyncio.to_thread(ticks.untick, self.desk, self._handed)
        self._handed = frozenset()

    async def tick(self, idea: ProposalId) -> None:
        """A person asks for another try of an idea. Denied for the engine."""
        await asyncio.to_thread(ticks.tick, self.desk, idea)

    async def ticked(self) -> Sequence[ProposalId]:
        """Ideas that people ticked, each once; a restart before the next dashboard hands them out again."""
        found = await asyncio.to_thread(ticks.ticks, self.desk)
        fresh = [idea for idea in found if idea not in self._handed]
        self._handed |= frozenset(fresh)
        return fresh

    async def merge_groups(self) -> Sequence[MergeGroup]:
        """None: there is no merge queue here."""
        return ()

    async def page(self, pull: PullNumber) -> dict[str, Any]:
        """A pull request as people read it: every word of it is untrusted text."""
        return await asyncio.to_thread(notices.page, self.desk, pull)

    async def events(self, after: int = 0) -> Sequence[dict[str, Any]]:
        """What happened since, oldest first: id, at, actor, what, pull, detail."""
        statement = "SELECT * FROM events WHERE id > ? ORDER BY id"
        return await asyncio.to_thread(self.desk.ledger.rows, statement, after)

    def _listed(self, everything: bool) -> list[Proposal]:
        merging.settle(self.desk)
        return proposals.listed(self.desk, self._contents, everything=everything)

    def _reverted(self, merged: Sha, because: str, only: frozenset[PurePosixPath]) -> PullNumber:
        merging.settle(self.desk)
        return reverting.revert(self.desk, merged, because, only)


def read_dashboard(folder: Path) -> str:
    """The dashboard's text, empty before the first."""
    return Ledger(folder / "forge.db").meta("dashboard")
