"""Merges on a real forge, a gate and health that follow from what the files say, and one controller over them."""

import hashlib
import subprocess
import sys
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.core.change import Idea, Kind, Origin, Patch, Proposal
from bot.core.errors import Unavailable
from bot.core.health import Reading
from bot.core.ids import ProposalId, Sha
from bot.core.sandbox import Finished
from bot.core.verdict import Status, Verdict, worst
from bot.improve.context import HEALTH, Asked
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop

P = PurePosixPath
SICK = b"SICK = True\n"
"""What a file holds that makes the health of what runs bad."""
WARD = b"""
[[wards]]
patterns = ["/app/"]
tier = "safe"
[[wards]]
patterns = ["/tests/reverts/test_*.py"]
tier = "safe"
only_adds = true
"""
"""Where the engine may work in these tests."""
REFUSED = b"REFUSED = True\n"
"""What a file holds that the stages refuse when they look at the whole again."""


class Killed(Unavailable):
    """Stands for a kill: everything that is in memory is thrown away after it."""


def running(repo: Any, folder: Path) -> Any:
    """Checkouts in which programs really run, as this user: what is run here is this test's own."""
    count = iter(range(100))

    @asynccontextmanager
    async def checkout(sha: Sha) -> AsyncIterator[Any]:
        place = folder / str(next(count))
        repo.materialise(sha, place)

        class Work:
            path = place

            async def run(self, argv: list[str], **_more: Any) -> Finished:
                words = [sys.executable if word == "{python}" else word for word in argv]
                done = await to_thread(subprocess.run, words, cwd=place, capture_output=True, check=False)
                return Finished(done.returncode, done.stdout, done.stderr, 0.1)

        yield Work()

    return checkout


class Scene:
    """What happens on the base branch, and what a controller makes of it."""

    def __init__(self, world: Any) -> None:
        self.world, self.forge, self.repo = world, world.forge, world.repo
        self.sick: Callable[[Sha], bool] = lambda sha: self.holds(sha, SICK)
        self.more: list[Callable[[Sha], Sequence[Reading]]] = []
        self.asked: list[Asked] = []
        world.read = self.read
        checkout = running(self.repo, self.forge.desk.folder.with_name("runs"))
        self.ctx = replace(world.ctx, validate=self.validate, checkout=checkout)
        self.engine = self.fresh()

    def fresh(self, **doors: Any) -> Engine:
        """A controller that remembers nothing."""
        return Engine(replace(self.ctx, **doors), Workshop((), (), lambda _sha: None), new_ideas=False)

    def holds(self, sha: Sha, text: bytes) -> bool:
        return any(self.repo.read(sha, path) == text for path in self.repo.files(sha) if path.suffix == ".py")

    async def read(self, revision: Sha) -> Sequence[Reading]:
        bad = 5.0 if self.sick(revision) else 0.0
        found = [Reading("messages", revision, self.world.time, bad, 10.0)]
        return (*found, *(row for one in self.more for row in one(revision)))

    async def validate(self, asked: Asked) -> Verdict:
        self.asked.append(asked)
        bad = self.holds(asked.head, REFUSED)
        stage = Verdict("tests", Status.FAIL if bad else Status.PASS, "a test fails" if bad else "all pass")
        return worst("gate", (stage, Verdict("scope", Status.PASS, "within bounds")))

    async def merge(self, files: Mapping[str, bytes | None], *labels: str, kind: Kind = Kind.FIX) -> Proposal:
        """A change of the engine's, merged on the base branch as it is."""
        await self.forge.fetch(self.repo)
        main = await self.forge.main()
        name = hashlib.sha256(f"{main}{sorted(files)}".encode()).hexdigest()[:12]
        patch = Patch(main, {P(path): content for path, content in files.items()})
        head = self.repo.commit(patch, "fix: it", author="megawatts[bot]")
        branch = f"megawatts/{name}"
        await self.forge.publish(self.repo, branch, head, expecting=None)
        idea = Idea(ProposalId(name), "it", "why", kind, Origin.ANALYST, "codemods")
        pull = await self.forge.open(branch, f"fix: {name}", "body", idea, labels)
        await self.forge.merge(pull, expecting=head, base=main, message="fix: it")
        return await self.of(pull)

    async def by_hand(self, files: Mapping[str, bytes | None]) -> Sha:
        """A person's commit, straight to the base branch."""
        await self.forge.fetch(self.repo)
        start = await self.forge.main()
        made = self.repo.commit(Patch(start, {P(p): c for p, c in files.items()}), "docs: by hand", author="ada")
        repo = type(self.repo)(self.forge.desk.folder / "repo.git")
        repo.fetch(self.repo.path, f"+{made}:refs/heads/by-hand")
        repo.branch("main", made, expecting=start)
        return made

    async def of(self, pull: int) -> Proposal:
        return next(p for p in await self.forge.proposals(everything=True) if p.pull == pull)

    async def reverts(self) -> list[Proposal]:
        return [p for p in await self.forge.proposals(everything=True) if p.reverts]

    async def taken_back(self) -> list[int]:
        """Numbers of the merges that merged reverts name, in the order of the reverts."""
        known = {p.merged_as: p.pull for p in await self.forge.proposals(everything=True)}
        return [known[p.reverts] for p in await self.reverts() if p.merged_as]

    async def health(self, proposal: Proposal) -> Verdict | None:
        return await self.forge.reported(Sha(str(proposal.merged_as)), HEALTH)

    async def files(self) -> dict[str, bytes]:
        await self.forge.fetch(self.repo)
        main = await self.forge.main()
        return {str(p): self.repo.read(main, p) or b"" for p in self.repo.files(main)}

    async def rounds(self, count: int, engine: Engine | None = None) -> None:
        one = engine or self.engine
        for _ in range(count):
            await one.reconcile()
            await one.settle_tasks()
            self.world.time += timedelta(seconds=1)

    async def rest(self, limit: int = 40, engine: Engine | None = None) -> None:
        """Reconcile until nothing is left to watch or a person is called, and thrice more: then nothing may happen."""
        for _ in range(limit):
            await self.rounds(1, engine)
            if self.pages() or await self._done():
                break
        await self.rounds(3, engine)

    async def _done(self) -> bool:
        known = await self.forge.proposals(everything=True)
        waiting: list[object] = [p for p in known if p.merged_as is None and not p.closed and not p.draft]
        waiting += self.ctx.records.scan("rollbacks")
        return not waiting and None not in [await self.health(p) for p in known if p.merged_as]

    async def killed_at(self, point: str, count: int = 30, **doors: Any) -> None:
        """Reconcile with controllers that are killed the first time they come to that point."""
        died: list[str] = []

        def die(name: str) -> None:
            if name == point and not died:
                died.append(name)
                raise Killed("this test")

        for _ in range(count):
            await self.rounds(1, self.fresh(crash_point=die, **doors))
            if died and await self._done():
                break
        assert died, f"{point} was never passed"

    def pages(self) -> list[str]:
        return list(dict.fromkeys(str(facts["because"]) for facts in self.world.saw("page")))

    def order(self, **row: Any) -> None:
        at = self.world.time.isoformat()
        self.ctx.records.put("rollbacks", at, {"version": "", "by": "ada", "reason": "slow", "at": at, **row})


@pytest.fixture
async def scene(world: Any) -> Scene:
    """Two readings are enough to judge: what is tested here is what follows from a verdict."""
    made = Scene(world)
    path = ".github/charter.toml"
    text = made.repo.read(await made.forge.main(), P(path)) or b""
    await made.by_hand({path: text + b"minimum = 2\n" + WARD})
    return made
