"""What every part of the forge shares: the repository's name, the client, git, who acts, and the last look."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.git.repository import GitRepository
from bot.adapters.github.api import Api, Identity
from bot.adapters.github.snapshot import Snapshot
from bot.adapters.github.transport import Remote
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import Sha

ACTIONS_APP = 15368
"""GitHub Actions' own number among Apps on github.com."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is settable about the judgement of what GitHub shows."""

    base_branch: str = ""
    """Empty: the default branch, as it is at the first look."""
    required: frozenset[str] = frozenset()
    """Check runs that must pass, beside those that the branch's rules name."""
    trusted_apps: frozenset[int] = frozenset({ACTIONS_APP})
    """Check runs of other Apps do not count, whatever their name."""
    auto_merge: bool = False
    """Leave a merge that waits for GitHub's own rules to GitHub."""
    all_merges: bool = False
    """Whether all that people ever merged is listed, or what they merged since the bot's dashboard was opened."""
    fresh: float = 60.0
    """Seconds for which what a look has seen answers the questions about it."""


@dataclass(slots=True)
class Desk:
    """One repository on GitHub, seen by one identity."""

    owner: str
    name: str
    api: Api
    remote: Remote
    repo: GitRepository
    rules: Rules = Rules()
    reverts: Api | None = None
    elapsed: Callable[[], float] = time.monotonic
    seen: Snapshot = field(default_factory=Snapshot)
    _base: str = ""

    @property
    def path(self) -> str:
        """Where the repository is in the REST API."""
        return f"/repos/{self.owner}/{self.name}"

    @property
    def me(self) -> Identity:
        return self.api.identity()

    def base(self) -> str:
        """The base branch. Misconfigured if it is not what it was when we started."""
        if not self._base:
            self._base = self.rules.base_branch or self.default_branch()
        return self._base

    def default_branch(self) -> str:
        try:
            return str(self.api.get(self.path)["default_branch"])
        except Denied as error:
            fix = "check GITHUB_REPOSITORY, and that the App is installed on it"
            raise Misconfigured(f"{self.owner}/{self.name} is not to be seen on GitHub: {fix}") from error

    def main(self) -> Sha:
        """Where the base branch is now."""
        base = self.base()
        found = self.api.find(f"{self.path}/git/ref/heads/{base}")
        if found is None:
            default = self.default_branch()
            fix = f"set GITHUB_BASE_BRANCH={default} if that is meant, and restart"
            raise Misconfigured(f"{self.owner}/{self.name} has no branch {base} any more (default {default}): {fix}")
        return Sha(str(found["object"]["sha"]))

    def ask(self, document: str, **variables: Any) -> Any:
        """The answer of a GraphQL document about this repository."""
        answer = self.api.graphql(document, owner=self.owner, name=self.name, **variables)
        found = answer.get("repository")
        if found is None:
            raise Denied(f"{self.owner}/{self.name} is not to be seen on GitHub by GraphQL")
        return found

    def fetch(self, into: GitRepository) -> None:
        """Branches of a bare repository follow GitHub's; an ordinary one gets them beside its own."""
        where = "refs/heads" if into.bare else "refs/megawatts/forge"
        pulls = "+refs/pull/*/head:refs/pull/*/head"
        self.remote.fetch(into, f"+refs/heads/*:{where}/*", "+refs/tags/*:refs/tags/*", pulls)

    def need(self, *shas: Sha) -> None:
        """Have these commits in the clone, fetched if they are not."""
        if all(self.repo.has(sha) for sha in shas):
            return
        self.fetch(self.repo)
        missing = [sha for sha in shas if not self.repo.has(sha)]
        if missing:
            raise Denied(f"GitHub shows {missing[0][:12]}, but git cannot fetch it: it was pushed over, look again")
