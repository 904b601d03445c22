"""GitHub behind the house's door."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TypeVar

from bot.adapters.git.contents import Contents
from bot.adapters.git.repository import GitRepository
from bot.adapters.github import (
    dashboard,
    judging,
    marks,
    merging,
    nightly,
    opening,
    proposals,
    queueing,
    reverting,
    rows,
    verdicts,
    versions,
)
from bot.adapters.github.api import Api, Calls
from bot.adapters.github.app_auth import API_URL, Auth
from bot.adapters.github.desk import Desk, Rules
from bot.adapters.github.transport import Remote, git_address
from bot.core.change import Idea, Proposal
from bot.core.errors import Misconfigured
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.merge_queue import MergeGroup
from bot.core.ports import Repository
from bot.core.verdict import Verdict
from bot.core.votes import Approval, Remark

_T = TypeVar("_T")
_EVER = datetime.min.replace(tzinfo=UTC)


class GitHubForge:
    """`core.ports.Forge` over one repository on GitHub or GitHub Enterprise Server.

    `repo` is the controller's bare clone, in which commits are compared and made. `reverts` is a second App that may
    pass the branch's review rule; it merges proved reverts and does nothing else. Every call runs in a thread, one at
    a time. Raises Misconfigured at once for a name, address or key that cannot work.
    """

    name = "github"

    def __init__(
        self,
        repository: str,
        auth: Auth,
        repo: GitRepository,
        *,
        reverts: Auth | None = None,
        api_url: str = API_URL,
        git_url: str = "",
        rules: Rules = Rules(),  # noqa: B008  (frozen)
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        owner, _, name = repository.partition("/")
        if not owner or not name or "/" in name or not repository.replace("/", "").replace(".", "").isprintable():
            raise Misconfigured(f"GITHUB_REPOSITORY {repository[:80]!r} is not owner/name")
        api = Api(auth, api_url)
        remote = Remote(git_url or git_address(api_url, repository), api.token)
        second = Api(reverts, api_url) if reverts is not None else None
        self.desk = Desk(owner, name, api, remote, repo, rules, second, elapsed)
        self._contents = Contents(self.desk.repo)
        self._nightly = nightly.Nightly(self.desk)
        self._lock = threading.Lock()
        self._handed: set[ProposalId] = set()
        self._since: datetime | None = None

    @property
    def calls(self) -> Calls:
        """What was asked of the API so far."""
        return self.desk.api.calls

    async def main(self) -> Sha:
        """Where the base branch is now."""
        return await self._do(self.desk.main)

    async def fetch(self, into: Repository) -> None:
        """Bring a repository up to date: branches, tags and the heads of pull requests."""
        target = into if isinstance(into, GitRepository) else GitRepository(into.path)
        await self._do(lambda: self.desk.fetch(target))

    async def proposals(self, *, everything: bool = False) -> Sequence[Proposal]:
        """Open proposals, or all that are the bot's to care for, oldest first."""
        return await self._do(lambda: self._listed(everything))

    async def branch(self, name: str) -> Sha | None:
        """Where a branch is, or None if there is none of that name."""
        return await self._do(lambda: opening.branch(self.desk, name))

    async def publish(self, source: Repository, branch: str, head: Sha, *, expecting: Sha | None) -> None:
        """Push a commit of a repository under a branch that is where `expecting` says (None: new)."""
        repo = source if isinstance(source, GitRepository) else GitRepository(source.path)
        await self._do(lambda: opening.publish(self.desk, repo, branch, head, expecting))

    async def open(
        self, branch: str, title: str, body: str, idea: Idea, labels: Sequence[str] = (), *, draft: bool = False
    ) -> PullNumber:
        """Open a pull request for a branch; the one there is, if there is one."""
        wanted = opening.Request(branch, title, body, marks.About(), tuple(labels), draft)
        request = opening.by_engine(idea, wanted)
        return opening.numbered(await self._do(lambda: opening.opened(self.desk, request)))

    async def edit(self, pull: PullNumber, *, body: str | None = None, add: Sequence[str] = ()) -> None:
        """Replace the body's words, add labels."""
        await self._do(lambda: opening.edit(self.desk, pull, body, add))

    async def report(self, sha: Sha, context: str, verdict: Verdict) -> None:
        """Post a verdict on a commit; a later one of the same context replaces it."""
        await self._do(lambda: verdicts.report(self.desk, sha, context, verdict))

    async def reported(self, sha: Sha, context: str) -> Verdict | None:
        """The verdict that we posted on exactly this commit, or None."""
        return await self._do(lambda: verdicts.reported(self.desk, sha, context))

    async def measured(self, sha: Sha, context: str) -> Verdict | None:
        """The last status of that context that GitHub Actions posted on a commit, its fact `at` when; None: none."""
        return await self._do(lambda: self._nightly.measured(sha, context))

    async def checks(self, sha: Sha) -> Verdict | None:
        """What required checks of other Apps say of this head; None: there are none."""
        return await self._do(lambda: verdicts.checks(self.desk, sha))

    async def reviews(self, pull: PullNumber) -> Sequence[Approval]:
        """The standing review of each person, oldest first, each with its head: old heads do not count."""
        return await self._do(lambda: self._reviews(pull))

    async def remarks(self, pull: PullNumber) -> Sequence[Remark]:
        """What reviewers ask for and nobody resolved yet, oldest first."""
        return await self._do(lambda: self._remarks(pull))

    async def request_owners(self, pull: PullNumber, head: Sha, owners: Sequence[str]) -> None:
        """Ask these owners, users and teams, to review this head."""
        await self._do(lambda: opening.ask(self.desk, pull, head, owners))

    async def asked_on(self, pull: PullNumber) -> Sha | None:
        """The head, if people were asked about it; else None."""
        return await self._do(lambda: opening.asked_on(self.desk, pull))

    async def comment(self, pull: PullNumber, text: str, *, marker: str) -> None:
        """Say something; a later comment of the same marker replaces it."""
        await self._do(lambda: opening.comment(self.desk, pull, text, marker))

    async def merge(self, pull: PullNumber, *, expecting: Sha, base: Sha, message: str) -> Sha:
        """Merge exactly this head onto exactly this base; the merge commit."""
        return await self._do(lambda: merging.merge(self.desk, pull, expecting, base, message))

    async def revert(self, merged: Sha, because: str, *, only: frozenset[PurePosixPath] = frozenset()) -> PullNumber:
        """Propose to take a merge back; with `only`, what it did to these paths alone."""
        return opening.numbered(await self._do(lambda: reverting.revert(self.desk, merged, because, only)))

    async def close(self, pull: PullNumber, because: str) -> None:
        """Close without a merge. Denied if it is merged."""
        await self._do(lambda: opening.close(self.desk, pull, because))

    async def tag(self, name: str, sha: Sha, message: str) -> None:
        """Name a commit for good. Denied if the name is taken by another."""
        await self._do(lambda: versions.tag(self.desk, name, sha, message))

    async def tags(self) -> Mapping[str, Sha]:
        """Every tag and the commit it names."""
        return await self._do(lambda: versions.tags(self.desk))

    async def release(self, name: str, text: str) -> None:
        """A release of a tag with its part of the changelog. Denied for a tag that is not there."""
        await self._do(lambda: versions.release(self.desk, name, text))

    async def dashboard(self, body: str) -> None:
        """Replace the one issue that lists everything; boxes ticked meanwhile stay ticked."""
        await self._do(lambda: dashboard.write(self.desk, body, self._handed))

    async def ticked(self) -> Sequence[ProposalId]:
        """Ideas whose box on the dashboard was ticked by somebody who may write here, each once."""
        return await self._do(self._ticked)

    async def merge_groups(self) -> Sequence[MergeGroup]:
        """What the merge queue of the base branch has put together; one look at refs where something is queued."""
        return await self._do(lambda: queueing.groups(self.desk))

    async def _do(self, work: Callable[[], _T]) -> _T:
        return await asyncio.to_thread(self._alone, work)

    def _alone(self, work: Callable[[], _T]) -> _T:
        with self._lock:
            return work()

    def _listed(self, everything: bool) -> list[Proposal]:
        if everything and self._since is None:
            self._since = _EVER if self.desk.rules.all_merges else dashboard.born(self.desk)
        return proposals.listed(self.desk, self._contents, everything=everything, since=self._since)

    def _reviews(self, pull: int) -> list[Approval]:
        row = self.desk.seen.known(pull, self.desk.elapsed(), self.desk.rules.fresh)
        if row is not None:
            return judging.approvals(row.reviews, row.author, self.desk.me.login)
        author = str(self.desk.api.get(f"{self.desk.path}/pulls/{pull}")["user"]["login"])
        found = self.desk.api.pages(f"{self.desk.path}/pulls/{pull}/reviews")
        return judging.approvals([r for r in map(rows.rest_review, found) if r], author, self.desk.me.login)

    def _remarks(self, pull: int) -> list[Remark]:
        if self.desk.seen.known(pull, self.desk.elapsed(), self.desk.rules.fresh) is None:
            proposals.look(self.desk)
        row = self.desk.seen.open.get(pull)
        if row is None:
            return []
        outsiders = (row.author, self.desk.me.login)
        said = judging.asked_changes(row.reviews, *outsiders)
        if row.threads:
            found = self.desk.ask("threads", number=int(pull))["pullRequest"]["reviewThreads"]["nodes"]
            said += judging.line_remarks([thread for thread in found if thread], *outsiders)
        return sorted(said, key=lambda remark: (remark.at, remark.id))

    def _ticked(self) -> list[ProposalId]:
        there = dashboard.find(self.desk)
        fresh = dashboard.ticks(self.desk, there) - self._handed if there else set[ProposalId]()
        self._handed |= fresh
        return sorted(fresh)
