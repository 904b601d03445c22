"""The chain of a proposal as the loop keeps it: whole after every way it may go, and after every kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.app.verify_cmd import verified
from bot.core.ids import Sha
from bot.improve.engine import Engine
from bot.improve.provenance import Book
from bot.policy.provenance import parse

pytestmark = pytest.mark.integration  # they run git
Go = Callable[[int], Any]


@pytest.fixture
def notes(world: Any, engine: Engine) -> Notes:
    notes = Notes(GitRepository(world.forge.desk.folder / "repo.git"))
    world.ctx = replace(world.ctx, chain=Book(notes))
    engine._ctx = world.ctx
    return notes


def repo_of(world: Any) -> Path:
    return Path(world.forge.desk.folder / "repo.git")


def stages(notes: Notes, sha: Sha) -> list[str]:
    return [link.stage.value for link in parse(notes.read(sha))]


async def test_a_good_change_has_a_whole_chain_from_the_finding_to_its_health(world: Any, notes: Notes, go: Go) -> None:
    await go(1)
    (proposal,) = await world.forge.proposals()
    assert stages(notes, proposal.head) == ["finding"]
    await go(24)
    (proposal,) = await world.forge.proposals(everything=True)
    merged = proposal.merged_as

    assert stages(notes, merged) == ["finding", "patch", "gate", "merge", "deploy", "health"]
    verdict = verified(repo_of(world), merged)
    assert verdict.passed, verdict.because
    assert "unsigned" in verdict.because
    chain = parse(notes.read(merged))
    assert [link.pull for link in chain] == [0, *[proposal.pull] * 5]
    assert chain[0].facts["rules"] == ["missing"]
    assert "a note" not in notes.read(merged), "no words of authors or members"
