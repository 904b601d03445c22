"""Which ideas to try now: within quotas, outside freezes, nothing twice, and what people look at starves nothing."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from bot.core.change import Idea, Kind, Proposal
from bot.core.charter import Charter
from bot.core.ids import ProposalId, PullNumber
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.tier import floor, tier_of

ELSEWHERE = frozenset({Kind.TEST, Kind.DOCS})
"""Kinds whose patch goes to other files than the finding names: its paths say nothing about the tier."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of earlier ideas and openings."""

    refused: Collection[ProposalId] = ()
    """Rejected or reverted before, or refused by a stage: never again without a person."""
    opened: Sequence[datetime] = ()
    """When the engine opened its proposals, as far back as a day."""
    parked: Collection[PullNumber] = ()
    """Open proposals that only wait for people."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What to try now, best first, and for everything else why not: PENDING is later, FAIL is never."""

    chosen: tuple[Idea, ...]
    skipped: tuple[tuple[Idea, Verdict], ...]


@dataclass(slots=True)
class _Room:
    """What is left of the quotas while ideas are taken one after another."""

    now: int
    later: str
    people: int
    ids: set[ProposalId]
    kinds: Counter[Kind]
    paths: Counter[PurePosixPath] = field(default_factory=Counter)


def choose(
    ideas: Sequence[Idea], open_proposals: Sequence[Proposal], past: Past, charter: Charter, now: datetime
) -> Intake:
    """Rank ideas by value and take as many as there is room for. The same input gives the same answer."""
    freeze = next((f for f in charter.freezes if f.starts <= now < f.ends), None)
    room = _room(_own(open_proposals), past, charter, now)
    chosen: list[Idea] = []
    skipped: list[tuple[Idea, Verdict]] = []
    for idea in sorted(ideas, key=lambda one: (-one.value, one.id)):
        why = _never(idea, room, past, charter) or _later(idea, room, charter)
        if freeze is not None:
            why = why or Verdict("freeze", Status.PENDING, f"frozen until {freeze.ends.isoformat()}: {freeze.why}")
        if why is not None:
            skipped.append((idea, why))
            continue
        chosen.append(idea)
        _take(idea, room, charter)
    return Intake(tuple(chosen), tuple(skipped))


def people_room(open_proposals: Sequence[Proposal], past: Past, charter: Charter) -> int:
    """How many more may wait for people. They fill at most half of what is in flight: safe ones always find room."""
    waiting = [p for p in _own(open_proposals) if p.pull in past.parked or _awaits(p, charter)]
    return (charter.quotas.in_flight + 1) // 2 - len(waiting)


def _own(proposals: Sequence[Proposal]) -> list[Proposal]:
    return [p for p in proposals if p.by_engine and not p.closed and p.merged_as is None]


def _awaits(proposal: Proposal, charter: Charter) -> bool:
    """Whether people will be asked about it, though they were not yet."""
    return (
        tier_of(proposal.paths, proposal.kind, proposal.origin, (), charter).tier > Tier.SAFE and not proposal.reverts
    )


def _room(own: Sequence[Proposal], past: Past, charter: Charter, now: datetime) -> _Room:
    """What is open never exceeds `in_flight`, but for drafts, which wait for people's own time."""
    quotas = charter.quotas
    parked = [p for p in own if p.pull in past.parked]
    half = (quotas.in_flight + 1) // 2
    offered = sum(not p.draft for p in own)
    live = len(own) - len(parked) + min(len(parked), half)
    bounds = {
        f"{quotas.in_flight} are in flight": quotas.in_flight - max(live, offered),
        f"{quotas.per_hour} were opened within an hour": quotas.per_hour - _within(past.opened, now, hours=1),
        f"{quotas.per_day} were opened within a day": quotas.per_day - _within(past.opened, now, hours=24),
    }
    later = min(bounds, key=lambda text: bounds[text])
    # A draft waits for as long as people like: it may not close its kind or its files to everything else.
    paths = Counter(path for proposal in own if not proposal.draft for path in proposal.paths)
    kinds = Counter(p.kind for p in own if not p.draft)
    return _Room(bounds[later], later, people_room(own, past, charter), {p.idea for p in own if p.idea}, kinds, paths)


def _within(opened: Sequence[datetime], now: datetime, *, hours: int) -> int:
    """Openings of the last hours. One in the future (a clock that jumped) counts: quotas fail closed."""
    return sum(1 for at in opened if at > now - timedelta(hours=hours))


def _never(idea: Idea, room: _Room, past: Past, charter: Charter) -> Verdict | None:
    if idea.id in room.ids:
        return Verdict("duplicate", Status.FAIL, "the same idea is open or chosen already")
    if idea.id in past.refused:
        return Verdict("memory", Status.FAIL, "the same idea was rejected or taken back before")
    if expected_tier(idea, charter) is Tier.SEALED:
        return Verdict("sealed", Status.FAIL, "it is about what is sealed; only people change that")
    return None


def _later(idea: Idea, room: _Room, charter: Charter) -> Verdict | None:
    quotas = charter.quotas
    if room.now <= 0:
        return _wait(room.later)
    if room.kinds[idea.kind] >= quotas.per_kind:
        return _wait(f"{quotas.per_kind} of kind {idea.kind.value} are open")
    if busy := [str(path) for path in sorted(_paths(idea)) if room.paths[path] >= quotas.per_path]:
        return _wait(f"{quotas.per_path} open proposal already touches {busy[0]}")
    if room.people <= 0 and expected_tier(idea, charter) > Tier.SAFE:
        return _wait("people have enough to look at")
    return None


def _wait(because: str) -> Verdict:
    return Verdict("quota", Status.PENDING, because)


def _take(idea: Idea, room: _Room, charter: Charter) -> None:
    room.now -= 1
    room.later = "this round's share is taken"
    room.ids.add(idea.id)
    room.kinds[idea.kind] += 1
    room.paths.update(_paths(idea))
    room.people -= expected_tier(idea, charter) > Tier.SAFE


def _paths(idea: Idea) -> frozenset[PurePosixPath]:
    return frozenset(finding.path for finding in idea.findings)


def expected_tier(idea: Idea, charter: Charter) -> Tier:
    """The tier to expect. The true one is computed from the patch; this only keeps people from being flooded."""
    paths = _paths(idea)
    if idea.kind in ELSEWHERE or not paths:
        return floor(idea.kind, idea.origin)
    return tier_of(paths, idea.kind, idea.origin, (), charter).tier
