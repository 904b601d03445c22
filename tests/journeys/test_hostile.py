"""Five changes that a captured author might push under the engine's own name: each is refused, wherever it stands."""

from pathlib import Path

import pytest

from bot.adapters.git.repository import GitRepository
from bot.app.demo.hostile import HOSTILE, Hostile
from bot.core.change import Idea, Origin
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.verdict import Status
from bot.improve.context import GATE
from tests.journeys._place import Place

pytestmark = pytest.mark.journey


async def pushed(place: Place, clone: GitRepository, case: Hostile, number: int) -> tuple[PullNumber, Sha]:
    """The branch and the pull request, as whoever holds the engine's credential would make them."""
    patch = case.make(clone, clone.resolve("refs/heads/main"))
    head = clone.commit(patch, f"chore: {case.title}\n", author="megawatts[bot]")
    idea = Idea(ProposalId(f"{number:012x}"), case.title, "so", case.kind, Origin.ANALYST, "captured")
    branch = f"megawatts/{idea.id}"
    await place.forge.publish(clone, branch, head, expecting=None)
    return await place.forge.open(branch, f"chore: {case.title}", "so", idea, ("megawatts",)), head


async def test_each_is_refused_and_closed_and_nothing_of_it_merges(place: Place, tmp_path: Path) -> None:
    first, tip = place.main(), place.bare.resolve("refs/heads/main")
    clone = GitRepository.mirror(place.bare.path, tmp_path / "captured.git")
    opened = {case: await pushed(place, clone, case, number) for number, case in enumerate(HOSTILE)}
    place.start("controller", "--no-ideas")
    closed = lambda: {row["pull"] for row in place.events("controller", "closed")}  # noqa: E731  (asked many times)
    place.until("all are closed", lambda: closed() >= {pull for pull, _head in opened.values()}, 600)
    assert (place.main(), place.bare.resolve("refs/heads/main")) == (first, tip)
    assert place.events("controller", "merged") == []
    assert all(
        proposal.closed and proposal.merged_as is None for proposal in await place.forge.proposals(everything=True)
    )
    for case, (_pull, head) in opened.items():
        verdict = await place.forge.reported(head, GATE)
        failed = [one.name for one in verdict.children if one.status is Status.FAIL] if verdict is not None else []
        assert verdict is None or case.stage in failed, f"{case.step}: refused by {failed}"
