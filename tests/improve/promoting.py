"""A house with environments, and what the promoter and others may try in it."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch, Proposal
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Verdict
from bot.improve.promotions import proven
from bot.policy.charter import PATH, parse
from bot.policy.promotion import written
from tests.improve.conftest import CHARTER

PROMOTER = "promoter[bot]"
STAGING, PRODUCTION = (f"deploy/environments/{name}/bot.yaml" for name in ("staging", "production"))
DIGEST, OTHER = (f"sha256:{char * 64}" for char in "ab")
VALUES = 'bot:\n  image:\n    repository: ghcr.io/o/b\n    digest: ""\n    commit: unknown\n  settings: {A: b}\n'
LANE = f"""
[[wards]]
patterns = ["/deploy/"]
tier = "critical"
owners = ["@maintainer"]
[promotion]
promoter = "{PROMOTER}"
environments = ["staging"]
"""
Files = Mapping[str, bytes | None]


@dataclass
class Stage:
    """The world of the loop's tests, with two environments on its base branch."""

    world: Any
    start: Sha
    """A commit of the base branch of which there could be an image."""
    count: int = 0

    @classmethod
    async def begin(cls, world: Any) -> "Stage":
        world.path = "notes/old.txt"  # it is there: the loop has no idea of its own beside
        both = {STAGING: VALUES.encode(), PRODUCTION: VALUES.encode()}
        stage = cls(world, await world.forge.main())
        await stage.on_main({".github/charter.toml": (CHARTER + LANE).encode(), **both})
        stage.start = await world.forge.main()
        return stage

    def commit(self, base: Sha, files: Files) -> Sha:
        contents = {PurePosixPath(name): data for name, data in files.items()}
        made: Sha = self.world.repo.commit(Patch(base, contents), "deploy(staging): it", author="promoter")
        return made

    async def on_main(self, files: Files) -> Sha:
        """A person commits to the base branch."""
        start = await self.world.forge.main()
        await self.world.forge.fetch(self.world.repo)
        made = self.commit(start, files)
        self.push("main", made)
        return made

    def push(self, branch: str, head: Sha) -> None:
        there = GitRepository(self.world.forge.desk.folder / "repo.git")
        there.fetch(self.world.repo.path, f"+{head}:refs/heads/{branch}")

    async def values(self, commit: Sha | str, digest: str = DIGEST, path: str = STAGING) -> str:
        """The file as `megawatts promote` leaves it."""
        await self.world.forge.fetch(self.world.repo)
        text = self.world.repo.read(await self.world.forge.main(), PurePosixPath(path))
        return written(text.decode(), digest, commit)

    async def opened(self, files: Files, by: str = PROMOTER, onto: Sha | None = None) -> PullNumber:
        await self.world.forge.fetch(self.world.repo)
        return await self.opened_at(self.commit(onto or await self.world.forge.main(), files), by)

    async def opened_at(self, head: Sha, by: str = PROMOTER) -> PullNumber:
        self.count += 1
        branch = f"promote/{self.count}"
        self.push(branch, head)
        pull: PullNumber = await self.world.forge.open_as(by, branch, "deploy(staging)", "An image.")
        return pull

    async def promoted(self, commit: Sha | None = None) -> PullNumber:
        return await self.opened({STAGING: (await self.values(commit or self.start)).encode()})

    async def one(self, pull: PullNumber) -> Proposal:
        found: list[Proposal] = [p for p in await self.world.forge.proposals(everything=True) if p.pull == pull]
        return found[0]

    async def proof(self, pull: PullNumber) -> Verdict | None:
        """What a look has to say of it by the charter of the base branch."""
        repo, main = self.world.repo, await self.world.forge.main()
        await self.world.forge.fetch(repo)
        lane = parse(repo.read(main, PurePosixPath(PATH)).decode()).promotion
        proposal = await self.one(pull)
        return proven(repo, proposal, lane, main, repo.changes(proposal.base, proposal.head))

    def raw(self, base: Sha, blob: str, mode: str, path: str = STAGING) -> Sha:
        """A commit that git's porcelain would not make so easily: an entry of any mode."""
        git = self.world.repo.git
        env = {"GIT_INDEX_FILE": str(self.world.repo.path / f"index-{self.count}")}
        oid = git.run("hash-object", "-w", "--stdin", stdin=blob.encode()).line
        run = lambda *words: subprocess.run(  # noqa: E731  (one argument differs)
            ["git", *words], cwd=self.world.repo.path, env=env, check=True, capture_output=True, text=True
        )
        run("read-tree", base)
        run("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
        tree = run("write-tree").stdout.strip()
        return commit_tree(git, tree, (base,), "deploy(staging): it", author="promoter")
