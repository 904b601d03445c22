"""Keeps the chain of every proposal. What is missing in it is read from the forge, so that a kill loses nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.change import Idea, Proposal
from bot.core.errors import MegawattsError
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.core.votes import Approval
from bot.policy.provenance import Broken, Link, Signer, Stage, Step, Word, extend, fingerprint, parse, render
from bot.policy.provenance_check import links

if TYPE_CHECKING:
    from bot.improve.context import Context
    from bot.improve.look import View

GATE, CONSENT = "megawatts/gate", "megawatts/consent"
Chain = tuple[Link, ...]


class Shelf(Protocol):
    """Where chains are kept by commit: notes of the forge's repository."""

    def all(self) -> Mapping[Sha, str]: ...
    def write(self, sha: Sha, text: str) -> None: ...
    def reverts(self, head: Sha) -> Mapping[Sha, frozenset[Sha]]: ...


@dataclass(slots=True)
class Book:
    """The chains, read once and then written through. What is damaged is said once and left as it was found."""

    shelf: Shelf
    signer: Signer | None = None
    damaged: dict[Sha, str] = field(default_factory=dict)
    """Why a note is no chain of its commit."""
    _chains: dict[Sha, Chain] | None = None
    _pulls: dict[PullNumber, Sha] = field(default_factory=dict)
    _done: dict[PullNumber, object] = field(default_factory=dict)
    _reverts: tuple[Sha, Mapping[Sha, frozenset[Sha]]] | None = None

    async def of(self, pull: PullNumber, commit: Sha) -> Chain:
        """The chain of a pull request, or what was begun for this commit before it was opened; else empty."""
        chains = await self._loaded()
        known = self._pulls.get(pull)
        begun = chains.get(commit, ())
        return chains[known] if known else begun if begun and not begun[-1].pull else ()

    async def write(self, commit: Sha, chain: Chain) -> None:
        """Keep a chain at a commit. Nothing is written over a note that is damaged: it is evidence."""
        if commit in self.damaged:
            return
        await asyncio.to_thread(self.shelf.write, commit, render(chain))
        self._take(commit, chain)

    async def reverts(self, main: Sha) -> Mapping[Sha, frozenset[Sha]]:
        """What the base branch says was taken back, and by which commits; read anew when it has moved."""
        if self._reverts is None or self._reverts[0] != main:
            self._reverts = main, await asyncio.to_thread(self.shelf.reverts, main)
        return self._reverts[1]

    def rests(self, pull: PullNumber, seen: object) -> bool:
        """Whether a chain was complete when the forge last showed the same."""
        return self._done.get(pull) == seen

    def rest(self, pull: PullNumber, seen: object) -> None:
        """Say that it is complete as far as the forge shows now."""
        self._done[pull] = seen

    async def _loaded(self) -> dict[Sha, Chain]:
        if self._chains is None:
            texts = await asyncio.to_thread(self.shelf.all)
            self._chains = {}
            for commit, text in texts.items():
                try:
                    chain = parse(text)
                except Broken as error:
                    self.damaged[commit] = str(error)
                    continue
                why = _unfit(chain, commit)
                if why:
                    self.damaged[commit] = why
                else:
                    self._take(commit, chain)
        return self._chains

    def _take(self, commit: Sha, chain: Chain) -> None:
        chains = self._chains if self._chains is not None else {}
        chains[commit] = chain
        pull = chain[-1].pull
        longest = self._pulls.get(pull)
        if pull and (longest is None or len(chains[longest]) <= len(chain)):
            self._pulls[pull] = commit


def _unfit(chain: Chain, commit: Sha) -> str:
    whole = links(chain) if chain else Verdict("links", Status.FAIL, "the note is empty")
    if not whole.passed:
        return whole.because
    return "" if commit in {link.commit for link in chain} else f"it is the chain of {chain[-1].commit[:12]}"


async def begin(ctx: "Context", idea: Idea, head: Sha) -> None:
    """Put on record what was found or wished, before the head that answers it is pushed."""
    if ctx.chain is None:
        return
    facts: dict[str, Word] = {
        "idea": idea.id,
        "origin": idea.origin.value,
        "author": idea.author,
        "rules": sorted({finding.rule for finding in idea.findings}),
        "findings": sorted(finding.fingerprint for finding in idea.findings),
    }
    step, known = Step(Stage.FINDING, head, ctx.repo.tree(head), facts), await ctx.chain.of(PullNumber(0), head)
    chain = extend(known, PullNumber(0), step, ctx.clock(), ctx.chain.signer)
    if chain != known:
        await ctx.chain.write(head, chain)


async def keep(ctx: "Context", seen: "View") -> int:
    """Complete every chain by what the forge shows; how many records were missing.

    A door that does not answer, or a note that is damaged, is said; it holds up nothing else.
    """
    book, count = ctx.chain, 0
    if book is None:
        return 0
    order = sorted(seen.proposals, key=lambda p: (p.merged_at is None, p.merged_at or p.opened, p.pull))
    before: Proposal | None = None
    for proposal in order:
        try:
            count += 0 if proposal.closed else await _keep(ctx, book, seen, proposal, before)
        except (MegawattsError, OSError) as error:
            ctx.say("provenance", {"pull": proposal.pull, "because": str(error)})
        before = proposal if proposal.merged_as else before
    return count


async def _keep(ctx: "Context", book: Book, seen: "View", proposal: Proposal, before: Proposal | None) -> int:
    place = proposal.merged_as or proposal.head
    reverts = (await book.reverts(seen.main)).get(place, frozenset())
    settled = seen.settled.get(proposal.pull)
    state = (place, settled is not None, reverts)
    if book.rests(proposal.pull, state):
        return 0
    chain = await book.of(proposal.pull, proposal.head)
    if place in book.damaged or (settled is not None and not chain):
        why = book.damaged.get(place)
        if why:
            ctx.say("provenance", {"pull": proposal.pull, "because": f"the record of {place[:12]} is damaged: {why}"})
        book.rest(proposal.pull, state)  # what was merged before there were chains has none
        return 0
    steps = [*await _way(ctx, proposal, chain)]
    if proposal.merged_as is not None:
        steps += await _merge(ctx, book, proposal, chain, before)
        steps += await _since(ctx, proposal, chain, settled, reverts)
    longer = _extended(chain, proposal.pull, steps, ctx.clock(), book.signer)
    if len(longer) > len(chain):
        await book.write(place, longer)
    if settled is not None or (Stage.GATE in _stages(longer, proposal.head) and proposal.merged_as is None):
        book.rest(proposal.pull, state)
    return len(longer) - len(chain)


def _extended(chain: Chain, pull: PullNumber, steps: Sequence[Step], now: datetime, signer: Signer | None) -> Chain:
    for step in steps:
        chain = extend(chain, pull, step, now, signer)
    return chain


def _stages(chain: Chain, commit: Sha) -> set[Stage]:
    return {link.stage for link in chain if link.commit == commit}


async def _way(ctx: "Context", proposal: Proposal, chain: Chain) -> list[Step]:
    """The head, and what the gate said of it; asked for again only when it is merged."""
    known = _stages(chain, proposal.head)
    steps = []
    if Stage.PATCH not in known:
        facts: dict[str, Word] = {
            "base": proposal.base,
            "origin": proposal.origin.value,
            "kind": proposal.kind.value,
            "idea": proposal.idea or "",
            "author": proposal.author,
        }
        steps.append(Step(Stage.PATCH, proposal.head, proposal.head_tree, facts))
    merged = any(link.stage is Stage.MERGE for link in chain)
    if merged or proposal.draft or (Stage.GATE in known and proposal.merged_as is None):
        return steps
    gate = await ctx.forge.reported(proposal.head, GATE)
    if gate is not None and gate.facts.get("tree") == proposal.head_tree:
        steps.append(Step(Stage.GATE, proposal.head, proposal.head_tree, judged(gate)))
    return steps


def judged(verdict: Verdict) -> dict[str, Word]:
    """A verdict for a record. The tests' names are those of in-toto's predicate test-result (v0.1)."""
    facts: dict[str, Word] = {
        "result": verdict.status.name.lower(),
        "passedTests": [child.name for child in verdict.children if child.passed],
        "failedTests": [child.name for child in verdict.children if child.status is Status.FAIL],
        "warnedTests": [c.name for c in verdict.children if c.status not in {Status.PASS, Status.FAIL}],
        "verdict": fingerprint(verdict.to_dict()),
    }
    return {**facts, **{key: str(verdict.facts[key]) for key in ("base", "version") if key in verdict.facts}}


async def _merge(ctx: "Context", book: Book, proposal: Proposal, chain: Chain, before: Proposal | None) -> list[Step]:
    """Who agreed and what was merged, with where the chain of the merge before it stands: cut off, it shows there."""
    merged = proposal.merged_as
    if merged is None or any(link.stage is Stage.MERGE for link in chain):
        return []
    consent = await ctx.forge.reported(proposal.head, CONSENT)
    steps = []
    inverse = consent.find("inverse") if consent is not None else None
    if inverse is not None and proposal.reverts is not None:
        facts: dict[str, Word] = {**judged(inverse), "base": proposal.base, "reverts": proposal.reverts}
        steps.append(Step(Stage.INVERSE, proposal.head, proposal.head_tree, facts))
    approvals = sorted({a.reviewer for a in await ctx.forge.reviews(proposal.pull) if _counts(a, proposal)})
    steps += [Step(Stage.APPROVAL, proposal.head, proposal.head_tree, {"by": name}) for name in approvals]
    said: dict[str, Word] = {
        "base": proposal.base,
        "head": proposal.head,
        "approvals": approvals,
        "consent": consent.status.name.lower() if consent is not None else "none",
        "how": agreed(consent),
        "verdict": fingerprint(consent.to_dict()) if consent is not None else "",
    }
    if proposal.reverts is not None:
        said["reverts"] = proposal.reverts
    last = await book.of(before.pull, before.head) if before is not None else ()
    if last and before is not None and before.merged_as is not None:
        said["before"] = {"gitCommit": before.merged_as, "record": last[-1].digest}
    return [*steps, Step(Stage.MERGE, merged, ctx.repo.tree(merged), said)]


def agreed(decision: Verdict | None) -> list[str]:
    """How people agreed: the names of the verdicts below `consent` (`safe`, `maintainer`, `vote`, `owners`)."""
    consent = decision.find("consent") if decision is not None else None
    if consent is None:
        return []
    return sorted({child.name for child in consent.children if child.passed}) or ["override"]


def _counts(review: Approval, proposal: Proposal) -> bool:
    return review.approves and review.head == proposal.head


async def _since(
    ctx: "Context", proposal: Proposal, chain: Chain, settled: Verdict | None, reverts: frozenset[Sha]
) -> list[Step]:
    """The deploy, the end of the watch, and what took it back."""
    merged = proposal.merged_as or proposal.head
    tree, steps = ctx.repo.tree(merged), []
    if Stage.DEPLOY not in {link.stage for link in chain}:
        rollout = await ctx.deployer.rollout(merged)
        if rollout.contains and rollout.ready and rollout.running is not None:
            steps.append(Step(Stage.DEPLOY, merged, tree, {"result": "running", "running": rollout.running}))
        elif rollout.failed and rollout.wanted == merged:
            steps.append(Step(Stage.DEPLOY, merged, tree, {"result": "failed"}))
    if settled is not None:
        steps.append(Step(Stage.HEALTH, merged, tree, judged(settled)))
    return [*steps, *(Step(Stage.REVERT, merged, tree, {"by": by}) for by in sorted(reverts))]
