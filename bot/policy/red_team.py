"""Whether the gate may still merge without people: what it caught of changes that were known to be bad."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import Surroundings
from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.tier import Tier
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.policy.judge.exact import binomial_tail
from bot.policy.tier import Ruling

BAD = frozenset({"bad", "mutant"})
"""Groups of the gate benchmark whose changes must be refused; the others keep behaviour and must be accepted."""
REFUSED = frozenset({"FAIL", "PENDING"})
"""What counts as caught: a stage said no, or asked for a person. A gate that broke has caught nothing."""
NAME = "red-team"
STEPS = 60
"""Halvings of an interval: far below what is shown."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the gate has to reach. Rates lie between 0 and 1."""

    caught: float = 0.95
    """Lower confidence bound of the share of bad changes that are caught, in each group."""
    accepted: float = 0.9
    """Share of good changes that are accepted, as measured: a gate that refuses everything catches everything."""
    confidence: float = 0.95
    minimum: int = 60
    """Fewest bad changes a group: 59 of 59 are just enough to show 0.95."""
    max_age: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Tally:
    """One group of cases: how many went as they had to."""

    group: str
    right: int
    total: int


def tally(rows: Iterable[Mapping[str, Any]]) -> tuple[Tally, ...]:
    """Rows of `scripts/bench gate --resume FILE`, counted by group. Raises Misconfigured for a row of another form."""
    seen: dict[str, list[bool]] = {}
    known: set[str] = set()
    for row in rows:
        ident, group, accepted, status = (row.get(key) for key in ("id", "group", "accepted", "status"))
        if not (isinstance(ident, str) and isinstance(group, str) and isinstance(accepted, bool)):
            raise Misconfigured("a row of the gate benchmark has no id, group or outcome")
        if ident in known:
            raise Misconfigured(f"the case {ident[:80]!r} is counted twice")
        known.add(ident)
        caught = not accepted and status in REFUSED
        seen.setdefault(group, []).append(caught if group in BAD else accepted)
    return tuple(Tally(group, sum(found), len(found)) for group, found in sorted(seen.items()))


def lower_bound(right: int, total: int, confidence: float) -> float:
    """Exact one-sided lower bound of a rate (Clopper and Pearson 1934); 0 where nothing was measured."""
    if right <= 0 or total <= 0:
        return 0.0
    low, high = 0.0, right / total
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle > 0.0 and binomial_tail(right, total, middle) > 1 - confidence:
            high = middle
        else:
            low = middle
    return low


def judge(tallies: Iterable[Tally], floor: Floor) -> Verdict:
    """PASS: merges without people may go on. FAIL: too much gets through. INCONCLUSIVE: too little is known."""
    found = tuple(tallies)
    bad = [one for one in found if one.group in BAD]
    missing = sorted(BAD - {one.group for one in bad})
    children = [_caught(one, floor) for one in bad]
    children += [Verdict(name, Status.INCONCLUSIVE, "no such change was tried") for name in missing]
    children.append(_accepted([one for one in found if one.group not in BAD], floor))
    return worst(NAME, children)


def _caught(one: Tally, floor: Floor) -> Verdict:
    bound = lower_bound(one.right, one.total, floor.confidence)
    facts: dict[str, Fact] = {"caught": one.right, "total": one.total, "bound": round(bound, 4), "floor": floor.caught}
    told = f"{one.right} of {one.total} caught: at least {bound:.1%}, wanted {floor.caught:.1%}"
    if one.total < floor.minimum:
        return Verdict(one.group, Status.INCONCLUSIVE, f"only {one.total} of {floor.minimum} tried", facts=facts)
    return Verdict(one.group, Status.PASS if bound >= floor.caught else Status.FAIL, told, facts=facts)


def _accepted(good: list[Tally], floor: Floor) -> Verdict:
    right, total = sum(one.right for one in good), sum(one.total for one in good)
    facts: dict[str, Fact] = {"accepted": right, "total": total, "floor": floor.accepted}
    if total < floor.minimum:
        because = f"only {total} of {floor.minimum} good changes tried: what it catches says little"
        return Verdict("good", Status.INCONCLUSIVE, because, facts=facts)
    enough = right / total >= floor.accepted
    told = f"{right} of {total} good changes accepted, wanted {floor.accepted:.0%}"
    return Verdict("good", Status.PASS if enough else Status.INCONCLUSIVE, told, facts=facts)


def may_merge_alone(latest: Verdict | None, measured: datetime | None, floor: Floor, now: datetime) -> Verdict:
    """Whether green stages suffice for a merge without people. Nothing measured, or long ago, is no permission."""
    if latest is None or measured is None:
        return Verdict(NAME, Status.INCONCLUSIVE, "what the gate catches was never measured")
    if measured > now:
        return Verdict(NAME, Status.INCONCLUSIVE, "what the gate catches was measured in the future")
    if now - measured > floor.max_age:
        because = f"what the gate catches was last measured {(now - measured).days} days ago"
        return Verdict(NAME, Status.INCONCLUSIVE, because, (latest,))
    return latest


def switch(around: Surroundings, charter: Charter, now: datetime) -> Verdict | None:
    """PASS: merges without people are on. None: the charter has no such switch."""
    asked = charter.red_team
    if asked is None:
        return None
    floor = Floor(caught=asked.floor, max_age=asked.max_age)
    known = may_merge_alone(around.red_team, around.red_team_at, floor, now)
    below = _below(known, asked.floor) if known.passed else ""
    if below:
        return Verdict(NAME, Status.FAIL, below, (known,))
    return Verdict(NAME, known.status, known.because, (known,))


def _below(measured: Verdict, floor: float) -> str:
    """Where the measurement tells its bounds, the charter's floor is held against them: it may have been raised."""
    for group in measured.children:
        bound = group.facts.get("bound") if group.name in BAD else None
        if isinstance(bound, int | float) and not bound >= floor:
            return f"{group.name}: at least {bound:.1%} caught, wanted {floor:.1%}"
    return ""


def held(ruling: Ruling, switched: Verdict | None) -> Ruling:
    """The tier with the switch: while it is off, what green stages alone would merge needs a maintainer or a vote."""
    if switched is None:
        return ruling
    off = not switched.passed and ruling.tier is Tier.SAFE
    told = "no merge without people" if not switched.passed else "merges without people are on"
    facts: dict[str, Fact] = {"tier": (Tier.SAFE if switched.passed else Tier.VALIDATED).name.lower()}
    rule = Verdict(NAME, Status.PASS, f"{told}: {switched.because}", (switched,), facts=facts)
    whole = replace(ruling.because, children=(*ruling.because.children, rule))
    if not off:
        return Ruling(ruling.tier, whole)
    text = f"validated, by its {NAME}: {rule.because}"
    return Ruling(Tier.VALIDATED, replace(whole, because=text, facts={"tier": "validated", "by": NAME}))


def conditions(charter: Charter, tier: Tier) -> tuple[Verdict, ...]:
    """What a merge by green stages alone hangs on besides, for those who ask before it is known."""
    asked = charter.red_team
    if asked is None or tier is not Tier.SAFE:
        return ()
    age = f"{asked.max_age.total_seconds() / 3600:g} hours"
    text = f"while the nightly red-team run shows {asked.floor:.1%} caught and is not older than {age}; else it needs"
    return (Verdict(NAME, Status.PASS, f"{text} a maintainer or a vote", facts={"floor": asked.floor}),)
