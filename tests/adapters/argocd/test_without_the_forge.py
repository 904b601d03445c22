"""The whole way: health goes bad while the forge is away, Argo CD goes back, and git catches up when it returns."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from bot.core.case import Revert, Wait
from bot.core.change import Proposal
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.policy.reconcile import PATIENCE, TABLE, Release, RollBack, RolledBack, merges_of, reconcile, without_forge
from tests.deploy import crds
from tests.servers.argocd.house import House, built

pytestmark = [
    pytest.mark.integration,  # they run git and servers
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BAD = Verdict("health", Status.FAIL, "errors doubled")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as made:
        yield made


class Git:
    """What the forge knows, by merge; it answers when the test asks it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.proposals: list[Proposal] = []

    def merged(self, sha: Sha, reverts: Sha | None = None) -> Sha:
        number = len(self.proposals) + 1
        tree, paths = self.house.repo.tree(sha), frozenset({PurePosixPath("bot/x.py")})
        self.proposals.append(
            Proposal(
                PullNumber(number), f"b{number}", "t", sha, tree, sha, paths, "bot", NOON,
                merged_as=sha, merged_at=NOON + timedelta(minutes=number), reverts=reverts,
            )
        )  # fmt: skip
        return sha

    async def step(self) -> Revert | Release | Wait:
        """As the controller asks: one look, one next step."""
        ((_key, row),) = self.house.records.scan(TABLE)
        left = RolledBack.read(row)
        repo, main = self.house.repo, self.house.argo.head()
        promised = await self.house.deployer.promised(main)
        merges = merges_of(self.proposals, left, repo.is_ancestor)
        taken_back = [m.reverted_by for m in merges if m.reverted_by is not None]
        well = promised is not None and all(repo.is_ancestor(sha, promised) for sha in taken_back)
        running = (await self.house.deployer.rollout(left.good)).running
        return reconcile(left, merges, running=running, promised_well=well)


async def test_from_bad_health_without_a_forge_to_git_saying_what_runs(house: House) -> None:
    git = Git(house)
    good = house.argo.product(house.argo.head())
    one = git.merged(await house.merged("one\n"))
    two = git.merged(await house.merged("two\n"))

    rollout = await house.deployer.rollout(two)
    back = without_forge(replace(rollout, previous=None), BAD, away=PATIENCE, good=good, spent=0, budget=5)
    assert isinstance(back, RollBack)
    await house.deployer.hold(back.because.because)
    await house.deployer.roll_back(back.to, back.because.because)
    assert (await house.deployer.rollout(two)).running == good

    reverts = []
    for expected in (two, one):
        step = await git.step()
        assert isinstance(step, Revert)
        assert step.merged == expected
        reverts.append(git.merged(await house.merged(f"without {expected}\n", promote=False), reverts=expected))
    assert isinstance(await git.step(), Wait), "git still asks for the bad image: a release would bring it back"
    assert (await house.deployer.rollout(two)).running == good
    house.promote(reverts[-1])
    step = await git.step()
    assert isinstance(step, Release)
    await house.deployer.release()
    found = await house.deployer.rollout(reverts[-1])
    assert (found.running, found.contains, found.held) == (reverts[-1], True, False)


async def test_while_held_nothing_new_comes_in_by_the_side(house: House) -> None:
    good = house.argo.product(house.argo.head())
    bad = await house.merged("bad\n")
    await house.deployer.hold("incident")
    await house.deployer.roll_back(good, "bad")
    later = await house.merged("later\n")
    for sha in (bad, later):
        found = await house.deployer.rollout(sha)
        assert (found.running, found.contains, found.failed) == (good, False, "")
