"""Whom a bad watch may blame: not a change for what began before it, hit one member, or came from outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

from bot.core.case import Case
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.figures import CONTROL, MEMBERS
from bot.policy.health import assess
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

NOBODY = Sha("0" * 40)
"""The revision of a control's reading."""
FEW = 2
"""Fewer different members than this are no outage, where `MANY` or more were seen."""
MANY = 3
VOLUNTARY = frozenset({"feedback", "tools"})
"""Rules of events that members need not bring about: that there were few of them is no fault of a revision."""


def undisturbed(readings: Sequence[Reading], interval: timedelta) -> tuple[Reading, ...]:
    """The product's readings of times at which every control was normal; the controls' own are left out.

    A disturbance begins one interval before it was first read, and ends with the next normal reading of that control.
    """
    spans = list(_spans(readings, interval))
    product = (r for r in readings if not r.metric.startswith(CONTROL))
    return tuple(r for r in product if not any(start <= r.at < end for start, end in spans))


def disturbances(readings: Sequence[Reading], interval: timedelta) -> tuple[str, ...]:
    """Names of the controls that were disturbed at any time."""
    return tuple(sorted(name for name, rows in _controls(readings).items() if any(_outside(rows, interval))))


Span = tuple[datetime, datetime]


def _disturbed(reading: Reading) -> bool:
    """A control that does not answer says nothing: the product's own readings stand."""
    return reading.value is not None and reading.value > 0


def _controls(readings: Sequence[Reading]) -> Mapping[str, list[Reading]]:
    """What was read of each control, oldest first."""
    found: dict[str, list[Reading]] = {}
    for reading in sorted(readings, key=lambda r: r.at):
        if reading.metric.startswith(CONTROL) and reading.value is not None:
            found.setdefault(reading.metric.removeprefix(CONTROL), []).append(reading)
    return found


def _spans(readings: Sequence[Reading], interval: timedelta) -> Iterable[Span]:
    for rows in _controls(readings).values():
        yield from _outside(rows, interval)


def _outside(rows: Sequence[Reading], interval: timedelta) -> Iterable[Span]:
    """When one control was disturbed by more than what one revision tells of itself."""
    told: dict[Sha, list[Reading]] = {}
    for row in rows:
        told.setdefault(row.revision, []).append(row)
    yield from _times(told.pop(NOBODY, []), interval, datetime.max.replace(tzinfo=rows[0].at.tzinfo))
    # A process that is read no more says nothing of what came after.
    each = [list(_times(own, interval, own[-1].at + interval)) for own in told.values()]
    for one, other in combinations(each, 2):
        both = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
        yield from ((start, end) for start, end in both if start < end)


def _times(rows: Sequence[Reading], interval: timedelta, last: datetime) -> Iterable[Span]:
    begun: datetime | None = None
    for row in rows:
        if _disturbed(row):
            begun = begun or row.at - interval
        elif begun is not None:
            yield begun, row.at
            begun = None
    if begun is not None:
        yield begun, last


def before_rollout(case: Case) -> Sha | None:
    """The revision to read while a merge waits for its rollout; None: it does not wait, or nothing runs."""
    rollout = case.rollout
    over = case.proposal.merged_as is None or case.settled is not None or case.reverted_by is not None
    if over or rollout is None or rollout.contains or rollout.failed:
        return None
    return rollout.running


def acquit(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, health: Verdict) -> Verdict:
    """The verdict with each FAIL that is nobody's fault made INCONCLUSIVE: it holds and pages, and takes nothing back.

    A FAIL without children (a commit that cannot start) and one of silence stand as they are. A rule of what members
    need not do is not waited for if it guards nothing; a guard is, until the deadline, where the revision before heard
    as little.
    """
    if health.status in {Status.INCONCLUSIVE, Status.PENDING}:
        return _without_voices(policy, readings, rollout, health)
    rules = {rule.name: rule for rule in policy.rules}
    children = tuple(_weighed(policy, rules.get(child.name), readings, rollout, child) for child in health.children)
    if health.status is not Status.FAIL or children == health.children:
        return health
    lead = max(children, key=lambda child: child.status)
    return replace(health, status=lead.status, because=f"{lead.name}: {lead.because}", children=children)


def _without_voices(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, health: Verdict) -> Verdict:
    """A verdict that is late only for want of voices is that of the other rules."""
    rules, late = {rule.name: rule for rule in policy.rules}, health.status is Status.INCONCLUSIVE
    quiet = [
        child
        for child in health.children
        if child.status is Status.PENDING and _unheard(rules.get(child.name), readings, rollout, late=late)
    ]
    others = [child for child in health.children if child not in quiet]
    if not quiet or not others or not all(child.passed for child in others):
        return health
    because = f"nobody said much ({', '.join(child.name for child in quiet)}), and all else is well"
    return replace(health, status=Status.PASS, because=because)


def _unheard(rule: MetricRule | None, readings: Sequence[Reading], rollout: Rollout, *, late: bool) -> bool:
    if rule is None or rule.name not in VOLUNTARY:
        return False
    if not rule.guard:
        return True
    if not late:
        return False
    before = [r for r in readings if r.metric == rule.name and r.revision == rollout.previous and r.at >= rollout.at]
    return sum(r.total for r in before if r.value is not None) < max(1, rule.minimum)


def _weighed(
    policy: HealthPolicy, rule: MetricRule | None, readings: Sequence[Reading], rollout: Rollout, child: Verdict
) -> Verdict:
    if rule is None or child.status is not Status.FAIL:
        return child
    excuse = (
        _narrow(rule, readings, rollout)
        or _one_group(policy, rule, readings, rollout)
        or _begun_before(rule, readings, rollout)
    )
    return replace(child, status=Status.INCONCLUSIVE, because=f"{excuse}: {child.because}") if excuse else child


def _narrow(rule: MetricRule, readings: Sequence[Reading], rollout: Rollout) -> str:
    """One member among many is no outage. A bot with one member has nobody else to ask, but need not be liked by it."""
    hit, seen = _members(rule.name, readings, rollout)
    if rule.kind != "rate" or not seen or hit >= FEW:
        return ""
    return f"only {hit:g} of {seen:g} members were hit" if seen >= MANY or rule.name in VOLUNTARY else ""


def _members(name: str, readings: Sequence[Reading], rollout: Rollout) -> tuple[float, float]:
    """How many were hit and seen since the rollout, at the look that saw most."""
    rows = [r for r in readings if r.metric == MEMBERS + name and r.revision == rollout.running]
    known = [r for r in rows if r.value is not None and r.at >= rollout.at]
    return max((r.value or 0.0 for r in known), default=0.0), max((r.total for r in known), default=0.0)


def _one_group(policy: HealthPolicy, rule: MetricRule, readings: Sequence[Reading], rollout: Rollout) -> str:
    """What is bad only with one group of members may be the doing of one of them."""
    own = MEMBERS + rule.name + "/"
    rows = [r for r in readings if r.metric.startswith(own) and r.revision == rollout.running and r.at >= rollout.at]
    groups = sorted({r.metric for r in rows})
    if len(groups) < FEW:
        lone = _members("messages", readings, rollout)[1] >= MANY if groups else False
        return "one group of members is all that was seen" if lone or rule.name in VOLUNTARY else ""
    for group in groups:
        rest = _without(rule, readings, group)
        if not _still_fails(policy, rule, rest, rollout):
            return "without one group of members it would not be bad"
    return ""


def _still_fails(policy: HealthPolicy, rule: MetricRule, readings: Sequence[Reading], rollout: Rollout) -> bool:
    alone, now = replace(policy, rules=(rule,)), max((r.at for r in readings), default=rollout.at)
    found = assess(alone, readings, rollout, rollout.wanted, now)
    return any(child.name == rule.name and child.status is Status.FAIL for child in found.children)


def _without(rule: MetricRule, readings: Sequence[Reading], group: str) -> list[Reading]:
    """The readings of a rule as they would be without one group of members."""
    taken = {(r.revision, r.at): r for r in readings if r.metric == group and r.value is not None}
    whole = (r for r in readings if r.metric == rule.name)
    found = (_less(rule, r, taken[r.revision, r.at]) if (r.revision, r.at) in taken else r for r in whole)
    return [reading for reading in found if reading is not None]


def _less(rule: MetricRule, whole: Reading, part: Reading) -> Reading | None:
    value, less = whole.value or 0.0, part.value or 0.0
    if rule.kind == "count":
        return replace(whole, value=max(0.0, value - less))
    total = max(0.0, whole.total - part.total)
    if rule.kind == "rate":
        return replace(whole, value=min(total, max(0.0, value - less)), total=total)
    if total <= 0:
        return None  # nothing of the others was measured
    return replace(whole, value=max(0.0, (value * whole.total - less * part.total) / total), total=total)


def _begun_before(rule: MetricRule, readings: Sequence[Reading], rollout: Rollout) -> str:
    """Whether the revision before was getting worse already when the new one took over."""
    past = sorted(
        (r for r in readings if r.metric == rule.name and r.at < rollout.at and r.revision == rollout.previous),
        key=lambda r: r.at,
    )
    last = 2 * max(1, rule.minimum)
    if len(past) < 2 * last:
        return ""
    found = judge(rule, _samples(past[:-last]), _samples(past[-last:]))
    return "it had begun before the rollout" if found.status is Status.FAIL else ""


def _samples(rows: Sequence[Reading]) -> Samples:
    answers = [(r.value, r.total) for r in rows if r.value is not None]
    return Samples(tuple(value for value, _ in answers), tuple(total for _, total in answers))
