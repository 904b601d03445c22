"""The chain of a proposal as the loop keeps it: whole after every way it may go, and after every kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.adapters.signing.ed25519 import Key
from bot.app.verify_cmd import verified
from bot.core.change import Origin, Patch
from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.improve.engine import Engine
from bot.improve.provenance import Book
from bot.policy.provenance import parse, render, signed

pytestmark = pytest.mark.integration  # they run git
Go = Callable[[int], Any]


@pytest.fixture
def notes(world: Any, engine: Engine) -> Notes:
    notes = Notes(GitRepository(repo_of(world)))
    begin_with(world, engine, Book(notes))
    return notes


def begin_with(world: Any, engine: Engine, book: Book) -> None:
    world.ctx = replace(world.ctx, chain=book)
    engine._ctx = world.ctx


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
    assert chain[3].facts["how"] == ["safe"]
    assert "a note" not in notes.read(merged), "no words of authors or members"
    assert not verified(repo_of(world), proposal.base).passed, "what was not made by this road has no chain"

    # What is complete is neither asked for nor written again.
    before = notes.all()
    ref = GitRepository(repo_of(world)).ref("refs/notes/megawatts-chain")
    asked: list[str] = []
    given = world.forge.reviews

    async def reviews(pull: Any) -> Any:
        asked.append("reviews")
        return await given(pull)

    world.forge.reviews = reviews
    await go(3)
    assert notes.all() == before
    assert GitRepository(repo_of(world)).ref("refs/notes/megawatts-chain") == ref
    assert asked == []


async def test_a_change_that_is_taken_back_has_two_whole_chains_and_a_copied_or_cut_one_is_found(
    world: Any, notes: Notes, go: Go
) -> None:
    world.bad = 5.0
    while not world.saw("healthy"):
        await go(1)
    await go(2)
    change, revert, again = await world.forge.proposals(everything=True)
    assert stages(notes, change.merged_as)[-2:] == ["revert", "health"]
    assert stages(notes, revert.merged_as) == ["patch", "inverse", "merge", "deploy", "health"]
    assert stages(notes, again.head) == ["finding", "patch"], "what comes again as a draft has its own beginning"
    for proposal in (change, revert):
        verdict = verified(repo_of(world), proposal.merged_as)
        assert verdict.passed, verdict.because
    anchor = parse(notes.read(revert.merged_as))[2].facts["before"]
    assert isinstance(anchor, dict)
    assert anchor["gitCommit"] == change.merged_as
    assert anchor["record"] in {link.digest for link in parse(notes.read(change.merged_as))}

    notes.write(revert.merged_as, notes.read(change.merged_as))
    assert "the chain is of" in verified(repo_of(world), revert.merged_as).because
    # Cut off after the merge: history shows the revert.
    cut = "".join(f"{line}\n" for line in notes.read(change.merged_as).splitlines()[:5])
    notes.write(change.merged_as, cut)
    assert "missing: revert" in verified(repo_of(world), change.merged_as).because


async def test_a_push_goes_on_in_the_chain_and_only_approvals_of_the_last_head_enter(
    world: Any, notes: Notes, go: Go
) -> None:
    world.path, world.origin = "said/new.txt", Origin.MEMBER
    await go(3)
    (proposal,) = await world.forge.proposals()
    await world.forge.review(proposal.pull, "early", proposal.head, True)
    pushed = world.repo.commit(Patch(proposal.head, {PurePosixPath("said/new.txt"): b"else\n"}), "x", author="m")
    await type(world.forge)(world.forge.desk.folder, actor="mallory", clock=world.ctx.clock).publish(
        world.repo, proposal.branch, pushed, expecting=proposal.head
    )
    await go(3)
    await world.forge.review(proposal.pull, "maintainer", pushed, True)
    while not world.saw("healthy"):
        await go(1)
    await go(1)
    (proposal,) = await world.forge.proposals(everything=True)
    assert stages(notes, proposal.merged_as) == [
        "finding", "patch", "gate", "patch", "gate", "approval", "merge", "deploy", "health",
    ]  # fmt: skip
    assert "early" not in notes.read(proposal.merged_as)
    assert parse(notes.read(proposal.merged_as))[6].facts["how"] == ["maintainer"]
    assert verified(repo_of(world), proposal.merged_as).passed


async def test_a_note_that_was_tampered_with_is_said_and_left_as_evidence(
    world: Any, engine: Engine, notes: Notes, go: Go
) -> None:
    while not world.saw("merged"):
        await go(1)
    await go(2)
    (proposal,) = await world.forge.proposals(everything=True)
    forged = notes.read(proposal.merged_as).replace('"result":"pass"', '"result":"fail"')
    assert forged != notes.read(proposal.merged_as)
    notes.write(proposal.merged_as, forged)
    begin_with(world, engine, Book(notes))
    while not world.saw("healthy"):
        await go(1)
    await go(1)
    assert notes.read(proposal.merged_as) == forged
    assert "was changed after it was written" in world.saw("provenance")[-1]["because"]
    assert not verified(repo_of(world), proposal.merged_as).passed


async def test_a_shelf_that_does_not_answer_holds_nothing_up(world: Any, engine: Engine, notes: Notes, go: Go) -> None:
    class Away(Notes):
        def write(self, sha: Sha, text: str) -> None:
            raise Unavailable("git", "the disk is full")

    begin_with(world, engine, Book(Away(GitRepository(repo_of(world)))))
    pull = await world.forge.open_as("ada", await branch_of(world), "a person's", "body")
    await go(2)
    assert any(facts.get("pull") == pull and "disk is full" in facts["because"] for facts in world.saw("provenance"))


async def branch_of(world: Any) -> str:
    head = world.repo.commit(Patch(await world.forge.main(), {PurePosixPath("notes/p.txt"): b"p\n"}), "p", author="ada")
    await world.forge.publish(world.repo, "ada/p", head, expecting=None)
    return "ada/p"


async def test_with_a_key_at_the_base_every_record_is_signed_through_any_number_of_kills(
    world: Any, engine: Engine, notes: Notes, go: Go
) -> None:
    private, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    start = await world.forge.main()
    line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" controller\n"
    keyed = world.repo.commit(Patch(start, {PurePosixPath(".github/provenance.keys"): line}), "keys", author="a")
    inner = GitRepository(repo_of(world))
    inner.fetch(world.repo.path, f"+{keyed}:refs/heads/keyed")
    inner.branch("main", keyed, expecting=start)
    for _ in range(25):
        begin_with(world, engine, Book(notes, Key(private)))  # as after a kill: nothing is remembered
        await go(1)
    (proposal,) = await world.forge.proposals(everything=True)
    verdict = verified(repo_of(world), proposal.merged_as)
    assert verdict.passed, verdict.because
    assert "; signed" in verdict.because
    assert stages(notes, proposal.merged_as) == ["finding", "patch", "gate", "merge", "deploy", "health"]

    whole = notes.read(proposal.merged_as)
    forger = Key(other)
    for signer in (None, forger):
        links = [replace(link, signatures={}) for link in parse(whole)]
        notes.write(proposal.merged_as, render([signed(link, signer) for link in links]))
        assert not verified(repo_of(world), proposal.merged_as).passed
