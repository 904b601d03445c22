"""One repository on the peer, the forge under test, and a clone in which changes are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.adapters.git.repository import GitRepository
from bot.adapters.github.desk import Rules
from bot.adapters.github.forge import GitHubForge
from bot.core.change import Claim, Idea, Kind, Origin, Patch, Proposal
from bot.core.ids import ProposalId, PullNumber, Sha, UserId
from tests.servers.github.peer import GitHub, Place

P = PurePosixPath
OLD = "".join(f"line {number}\n" for number in range(1, 21))
BRANCH = "megawatts/0123456789ab"
LATER = "megawatts/aaaaaaaaaaaa"
IDEA = Idea(
    ProposalId("0123456789ab"), "t", "w", Kind.TEST, Origin.MEMBER, "x", asked_by=UserId("7"), claim=Claim.PRESERVING
)


@dataclass
class Scene:
    """The forge acts as the App unless `again` says otherwise."""

    place: Place
    clone: GitRepository
    forge: GitHubForge

    @classmethod
    def on(cls, hub: GitHub, template: Path, clone: Path) -> "Scene":
        place, repo = hub.repository(template), GitRepository(clone)
        return cls(place, repo, place.forge(repo))

    def again(self, **more: Any) -> GitHubForge:
        """The same forge after a restart: it remembers nothing."""
        return self.place.forge(self.clone, **more)

    def lasting(self, **rules: Any) -> GitHubForge:
        """A forge whose look answers the questions of its round, as in the product."""
        return self.again(rules=Rules(**rules))

    async def commit(self, files: Mapping[str, str | None], base: Sha | None = None) -> Sha:
        await self.forge.fetch(self.clone)
        contents = {P(name): text if text is None else text.encode() for name, text in files.items()}
        return self.clone.commit(Patch(base or await self.forge.main(), contents), "feat: x", author="megawatts")

    async def opened(self, files: Mapping[str, str | None], branch: str = BRANCH) -> tuple[PullNumber, Sha]:
        head = await self.commit(files)
        await self.forge.publish(self.clone, branch, head, expecting=None)
        idea = Idea(ProposalId(branch[-12:]), "t", "w", Kind.TEST, Origin.MEMBER, "x", asked_by=UserId("7"))
        return await self.forge.open(branch, "feat: x", "body", idea), head

    async def merged(self, files: Mapping[str, str | None], branch: str = BRANCH) -> tuple[PullNumber, Sha]:
        pull, head = await self.opened(files, branch)
        return pull, await self.forge.merge(pull, expecting=head, base=await self.forge.main(), message="feat: x")

    async def one(self) -> Proposal:
        (found,) = await self.forge.proposals()
        return found

    def push(self, branch: str, head: Sha | None) -> None:
        """What a person does with git: force a branch somewhere, or delete it."""
        repo = GitRepository(self.place.house.git_dir)
        if head is None:
            repo.git.run("update-ref", "-d", f"refs/heads/{branch}")
            return
        repo.fetch(self.clone.path, f"+{head}:refs/heads/{branch}")

    async def main_moves(self, files: Mapping[str, str | None]) -> Sha:
        """Somebody pushes to the base branch."""
        head = await self.commit(files)
        self.push("main", head)
        return head
