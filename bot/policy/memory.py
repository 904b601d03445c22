"""What of a member's facts holds, fades and comes first: pure decisions of long-term memory."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.ids import GuildId, UserId

HALF_LIFE = timedelta(days=90)
"""Time after which a fact that nobody asked for counts half."""
MOST_USES = 12
"""Uses beyond these add nothing: else one fact that is asked for every day would never fade."""
CLOSENESS = 60
"""The constant of reciprocal rank fusion. https://doi.org/10.1145/1571941.1572114"""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was told, or is asked for. `private`: only the member reads along."""

    user: UserId
    guild: GuildId
    private: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What is decided upon of one fact. `many`: its topic may hold several values at once."""

    id: str
    topic: str
    value: str
    """The value alone, in a form that equal values share."""
    importance: float
    at: datetime
    many: bool = False
    uses: int = 0
    used: datetime | None = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a new statement does to earlier facts: `superseded` are kept but not recalled, `gone` are deleted."""

    superseded: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    again: str = ""
    """The fact that already says the same; nothing new is stored then."""


def visible(told: Place, asked: Place) -> bool:
    """Whether a fact may be recalled: the same member, the same guild (or direct messages both times), and what was
    told before nobody's eyes only there again."""
    return told.user == asked.user and told.guild == asked.guild and (asked.private or not told.private)


def strength(fact: Held, now: datetime) -> float:
    """Importance as it counts now, 0 to 1: halved with each half-life since it was told or last used.

    Each use makes the half-life a fifth longer, as spacing does in people: Ebbinghaus 1885, in its simplest form.
    """
    since = max(timedelta(0), now - max(fact.at, fact.used or fact.at))
    span = HALF_LIFE * (1 + min(max(fact.uses, 0), MOST_USES) / 5)
    return float(min(1.0, max(0.0, fact.importance)) * 0.5 ** (since / span))


def settle(new: Held, earlier: Sequence[Held]) -> Outcome:
    """What a new fact does to those before it, all of one member and one guild.

    A topic of one value keeps the newest; a topic of many gathers. The same value said again is not stored twice.
    """
    same = [one for one in earlier if one.topic == new.topic and not one.superseded]
    for one in same:
        if one.value == new.value:
            return Outcome(again=one.id, superseded=_ids(other for other in same if other is not one and not new.many))
    return Outcome() if new.many else Outcome(superseded=_ids(same))


def denied(topic: str, value: str, earlier: Sequence[Held]) -> tuple[str, ...]:
    """The facts that a denial takes away, superseded ones too: `I no longer live in Vienna`.

    A denial may name a part of what was told: `no dog any more` takes the dog Rex. Without a value, all of the topic.
    """
    words = set(value.split())
    return tuple(one.id for one in earlier if one.topic == topic and words <= set(one.value.split()))


def surplus(facts: Sequence[Held], most: int, now: datetime) -> tuple[str, ...]:
    """The facts that must go so that at most `most` stay: superseded ones first, then the weakest; never the newest."""
    if len(facts) <= most:
        return ()
    newest = max(facts, key=lambda one: (one.at, one.id))
    order = sorted(
        (one for one in facts if one is not newest),
        key=lambda one: (not one.superseded, strength(one, now), one.at, one.id),
    )
    return tuple(one.id for one in order[: len(facts) - max(1, most)])


def fused(rankings: Sequence[Sequence[Key]], weights: Mapping[Key, float]) -> tuple[Key, ...]:
    """Rankings joined by reciprocal rank, best first; `weights` (0 to 1) decides between near equals.

    A weight moves a key by less than one rank at the top: importance breaks ties and nothing more.
    """
    score: dict[Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(dict.fromkeys(ranking), start=1):
            score[key] = score.get(key, 0.0) + 1 / (CLOSENESS + rank)
    nudge = 0.5 / (CLOSENESS + 1) / (CLOSENESS + 2)
    return tuple(
        sorted(score, key=lambda key: (-(score[key] + nudge * min(1.0, max(0.0, weights.get(key, 0.0)))), str(key)))
    )


def near(scores: Sequence[tuple[Key, float]], floor: float, drop: float) -> tuple[Key, ...]:
    """The keys whose similarity is at least `floor` and at most `drop` below the best, best first."""
    if not scores:
        return ()
    best = max(score for _, score in scores)
    ordered = sorted(scores, key=lambda pair: -pair[1])
    return tuple(key for key, score in ordered if score >= floor and score >= best - drop)


def telling(scores: Sequence[tuple[Key, float]], share: float, most: int) -> tuple[Key, ...]:
    """The keys whose score is at least `share` of the best, best first; none if they are more than `most`: words that
    many facts have in common with a question say nothing about which is meant."""
    best = max((score for _, score in scores), default=0.0)
    found = near(scores, best * share, best)
    return found if len(found) <= most else ()


def _ids(facts: Iterable[Held]) -> tuple[str, ...]:
    return tuple(one.id for one in facts)
