"""Look: gather everything known about one proposal into a Case, from the forge and what runs."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from bot.core.case import Case, Override, Surroundings
from bot.core.change import Proposal
from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.health import Reading
from bot.core.ids import PullNumber, Sha, UserId
from bot.core.ports import Records
from bot.core.verdict import Verdict
from bot.core.votes import Approval
from bot.improve import backing, commits, nightly, promotions
from bot.improve.context import CHARTER, GATE, HEALTH, Context
from bot.policy import people
from bot.policy.people import People
from bot.policy.tier import only_adds

DAY = timedelta(days=1)
NOBODY = People()


@dataclass(frozen=True, slots=True)
class View:
    """One look at the whole forge: the base branch, its charter, every proposal, and which are settled."""

    main: Sha
    charter: Charter
    proposals: tuple[Proposal, ...]
    settled: Mapping[PullNumber, Verdict]
    people: People = field(default_factory=People)
    """Who is who, by the sealed list at the base branch."""
    red_team: Verdict | None = None
    """What the gate catches, as last measured; not asked where the charter has no such switch."""
    red_team_at: datetime | None = None

    def reverting(self, merged: Sha | None) -> Proposal | None:
        """The proposal, open or merged, that takes that whole merge back."""
        return next((p for p in self._reverts(merged) if not p.reverts_only), None)

    def taking(self, merged: Sha | None) -> Proposal | None:
        """The proposal, open or merged, that takes that merge back: all of it, or else the latest for a part of it."""
        return self.reverting(merged) or next(reversed(self._reverts(merged)), None)

    def open_revert(self) -> Proposal | None:
        """A revert that is not merged yet: no other is begun meanwhile."""
        return next((p for p in self.proposals if p.reverts and p.merged_as is None and not p.closed), None)

    def _reverts(self, merged: Sha | None) -> list[Proposal]:
        return [p for p in self.proposals if merged and p.reverts == merged and not p.closed]

    def unsettled(self) -> tuple[Proposal, ...]:
        """What may still need a step: open, or merged and not known healthy or taken back."""
        return tuple(p for p in self.proposals if not p.closed and p.pull not in self.settled)


async def view(ctx: Context) -> View:
    """Fetch, read the charter at the base branch, list all proposals. A bad charter is Misconfigured: nothing moves."""
    await ctx.forge.fetch(ctx.repo)
    main = await ctx.forge.main()
    text = commits.read(ctx.repo, main, PurePosixPath(CHARTER))
    if text is None:
        raise Misconfigured(f"{CHARTER} is missing on the base branch: add one (see CONTRIBUTING.md)")
    proposals = tuple(await ctx.forge.proposals(everything=True))
    settled: dict[PullNumber, Verdict] = {}
    for proposal in proposals:
        if proposal.merged_as is not None:
            verdict = await ctx.forge.reported(proposal.merged_as, HEALTH)
            if verdict is not None:
                settled[proposal.pull] = verdict
    charter = ctx.parse_charter(text.decode("utf-8", errors="replace"))
    known = await nightly.latest(ctx, main) if charter.red_team is not None else (None, None)
    return View(main, charter, proposals, settled, _people(ctx, main), *known)


def _people(ctx: Context, main: Sha) -> People:
    """The list at the base branch. One that does not hold is Misconfigured, as a charter is: nothing moves."""
    text = commits.read(ctx.repo, main, PurePosixPath(people.PATH))
    return people.parse(text.decode("utf-8", errors="replace")) if text is not None else People()


def surroundings(seen: View, proposal: Proposal, ctx: Context, now: datetime) -> Surroundings:
    """What goes on beside this proposal."""
    merged = [p for p in seen.proposals if p.merged_as is not None]
    if proposal.merged_as is None and promotions.only_images(proposal):
        brought = promotions.carried(ctx.repo, proposal, [p for p in merged if p.pull not in seen.settled])
        merged = [p for p in merged if p.pull not in brought]
    watched = [p for p in merged if p.pull not in seen.settled and p.pull != proposal.pull]
    # While a revert is open nothing else may slip in between; once it is merged, it is the one that is watched.
    watched = [p for p in watched if (revert := seen.taking(p.merged_as)) is None or revert.merged_as is None]
    times = [p.merged_at for p in merged if p.merged_at is not None]
    reverts = [p for p in merged if p.reverts and p.merged_at is not None and now - p.merged_at < DAY]
    return Surroundings(
        main=seen.main,
        last_merge=max(times, default=None),
        last_deploy=max(times, default=None),
        awaiting_health=watched[0].pull if watched else None,
        reverts_today=len(reverts),
        stop=ctx.switch.state(),
        red_team=seen.red_team,
        red_team_at=seen.red_team_at,
    )


async def look(ctx: Context, seen: View, proposal: Proposal, now: datetime) -> Case:
    """One look at one proposal. Raises Unavailable when a door does not answer: then nothing is decided."""
    around = surroundings(seen, proposal, ctx, now)
    if proposal.merged_as is not None:
        return await _after_merge(ctx, seen, proposal, around)
    changes = commits.changes(ctx.repo, proposal.base, proposal.head)
    gate = await ctx.forge.reported(proposal.head, GATE)
    if gate is not None and gate.facts.get("tree") != proposal.head_tree:
        gate = None  # a verdict on another tree says nothing about this one
    if ctx.polls.void(proposal.pull, proposal.head):
        ctx.say("vote_voided", {"pull": proposal.pull, "head": proposal.head})
    inverse = await asyncio.to_thread(proof, ctx, proposal, seen.main) if proposal.reverts else None
    return Case(
        proposal=proposal,
        around=around,
        only_adds=only_adds(changes),
        gate=gate,
        gate_base=Sha(str(gate.facts.get("base", ""))) if gate is not None else None,
        checks=await ctx.forge.checks(proposal.head),
        conflicts=commits.conflict(ctx.repo, seen.main, proposal.head),
        approvals=(
            *await ctx.forge.reviews(proposal.pull),
            *said_elsewhere(ctx.records, proposal, seen.people, seen.charter),
        ),
        asker_logins=logins_of(ctx.records, proposal, seen.people),
        poll=ctx.polls.read(proposal.pull),
        override=_override(ctx.records.get("overrides", str(proposal.pull))),
        asked_on=await ctx.forge.asked_on(proposal.pull),
        inverse=inverse,
        backup=await ctx.forge.reported(proposal.head, backing.CONTEXT) if seen.charter.backup else None,
        promotion=promotions.proven(ctx.repo, proposal, seen.charter.promotion, seen.main, changes),
    )


def proof(ctx: Context, proposal: Proposal, main: Sha) -> Verdict:
    """The proof that an open revert is the exact inverse of what it names, or of its paths."""
    bounds = (proposal.reverts_only,) if proposal.reverts_only else ()
    return ctx.inverse(proposal.reverts, proposal.head, main, *bounds)


def logins_of(records: Records, proposal: Proposal, known: People = NOBODY) -> frozenset[str]:
    """The forge logins of the member who asked for it, by the sealed list and by what maintainers noted: their own
    review is no consent."""
    row = records.get("links", str(proposal.asked_by)) if proposal.asked_by else None
    return people.known_logins(proposal.asked_by, known, [str(row["login"])] if row else [])


def said_elsewhere(
    records: Records, proposal: Proposal, known: People = NOBODY, charter: Charter | None = None
) -> tuple[Approval, ...]:
    """Rejections that maintainers gave with a reason where members talk. Only a no travels this way, never a yes:
    what hears members' words cannot consent. Where people keep the sealed list, it alone says whose word it was."""
    rows = [row for _key, row in records.scan("refusals", f"{proposal.pull}/")]
    said = [
        (
            UserId(str(r.get("by", ""))),
            Approval(str(r["login"]), Sha(str(r["head"])), datetime.fromisoformat(r["at"]), False, str(r["reason"])),
        )
        for r in rows
    ]
    if known.links and charter is not None:
        return people.vouched(said, known, charter)
    return tuple(review for _member, review in said)


async def _after_merge(ctx: Context, seen: View, proposal: Proposal, around: Surroundings) -> Case:
    merged = proposal.merged_as
    assert merged is not None  # noqa: S101  (the caller asked)
    revert = seen.taking(merged)
    return Case(
        proposal=proposal,
        around=around,
        override=_override(ctx.records.get("overrides", str(proposal.pull))),
        rollout=await ctx.deployer.rollout(merged),
        readings=saved_readings(ctx, merged),
        settled=seen.settled.get(proposal.pull),
        reverted_by=revert.pull if revert else None,
        revert_merged=revert is not None and revert.merged_as is not None,
    )


def _override(row: Mapping[str, Any] | None) -> Override | None:
    if row is None:
        return None
    return Override(Sha(row["head"]), str(row["by"]), str(row["reason"]), datetime.fromisoformat(row["at"]))


def save_readings(ctx: Context, merged: Sha, readings: Sequence[Reading]) -> None:
    """Keep readings so that a restarted controller goes on with the watch; writing one twice changes nothing."""
    for reading in readings:
        key = f"{merged}/{reading.at.isoformat()}/{reading.metric}/{reading.revision[:12]}"
        row = {"metric": reading.metric, "revision": reading.revision, "at": reading.at.isoformat()}
        ctx.records.put("readings", key, {**row, "value": reading.value, "total": reading.total})


def saved_readings(ctx: Context, merged: Sha) -> tuple[Reading, ...]:
    """The readings of this watch so far, oldest first."""
    rows = (row for _key, row in ctx.records.scan("readings", f"{merged}/"))
    found = [
        Reading(r["metric"], Sha(r["revision"]), datetime.fromisoformat(r["at"]), r["value"], float(r["total"]))
        for r in rows
    ]
    return tuple(sorted(found, key=lambda reading: reading.at))
