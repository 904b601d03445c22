"""The order of ideas, and why each stands where it stands."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.core.change import Idea
from bot.core.charter import Charter
from bot.core.ids import ProposalId
from bot.improve.doors import Profile, Workspace
from bot.improve.exposure import Ground, of_ideas
from bot.improve.knowledge import Outcome, Worth, rank, worth_of
from bot.policy.risk import NONE


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ideas, best first."""

    ideas: tuple[Idea, ...] = ()
    worth: Mapping[ProposalId, Worth] = field(default_factory=dict)
    ground: Ground | None = None
    """What the risks were measured on; None where there was no idea to measure."""

    def because(self, idea: Idea) -> str:
        """Why an idea stands where it stands; empty where that is not known."""
        known = self.worth.get(idea.id)
        return known.because() if known is not None else ""

    def table(self, some: Sequence[Idea]) -> list[dict[str, str | float]]:
        """For people: what each is, its value and why."""
        return [
            {"id": i.id, "value": i.value, "author": i.author, "title": i.title, "why": self.because(i)} for i in some
        ]


@dataclass(frozen=True, slots=True)
class Scales:
    """What ideas are weighed with. `cache` is the gate's own: it holds what tests run."""

    work: Workspace
    profile: Profile
    charter: Charter
    cache: Path | None = None


async def ranked(ideas: Sequence[Idea], outcomes: Sequence[Outcome], now: datetime, scales: Scales) -> Ranked:
    """Impact x chance of acceptance / risk, as they are known before anything is written."""
    if not ideas:
        return Ranked()
    most = scales.charter.quotas.max_lines
    ground = await asyncio.to_thread(Ground.of, scales.work, scales.profile, scales.cache, most)
    risks = of_ideas(ideas, ground, scales.charter)
    worth = {idea.id: worth_of(idea, outcomes, now, risks.get(idea.id, NONE)) for idea in ideas}
    return Ranked(rank(ideas, outcomes, now, risks), worth, ground)
