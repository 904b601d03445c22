"""Whom a bad watch may blame: not a change for what began before it, hit one member, or came from outside."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

CONTROL = "control/"
"""Metrics of what no change can cause, such as `control/discord`: 0 is normal, more is disturbed. They belong to no
revision."""
MEMBERS = "members/"
"""`members/messages`: how many different members the bad events of `messages` hit, of all that were seen."""
NOBODY = Sha("0" * 40)
"""The revision of a control's reading."""
FEW = 2
"""Fewer different members than this are no outage, where `MANY` or more were seen."""
MANY = 3


def undisturbed(readings: Sequence[Reading], interval: timedelta) -> tuple[Reading, ...]:
    """The product's readings of times at which every control was normal; the controls' own are left out.

    A disturbance begins one interval before it was first read, and ends with the next normal reading of that control.
    """
    spans = list(_spans(readings, interval))
    product = (r for r in readings if not r.metric.startswith(CONTROL))
    return tuple(r for r in product if not any(start <= r.at < end for start, end in spans))


def disturbances(readings: Iterable[Reading]) -> tuple[str, ...]:
    """Names of the controls that were disturbed at any time."""
    names = {r.metric.removeprefix(CONTROL) for r in readings if r.metric.startswith(CONTROL) and _disturbed(r)}
    return tuple(sorted(names))


def _disturbed(reading: Reading) -> bool:
    """A control that does not answer says nothing: the product's own readings stand."""
    return reading.value is not None and reading.value > 0


def _spans(readings: Sequence[Reading], interval: timedelta) -> Iterable[tuple[datetime, datetime]]:
    controls: dict[str, list[Reading]] = {}
    for reading in sorted(readings, key=lambda r: r.at):
        if reading.metric.startswith(CONTROL) and reading.value is not None:
            controls.setdefault(reading.metric, []).append(reading)
    for rows in controls.values():
        begun: datetime | None = None
        for row in rows:
            if _disturbed(row):
                begun = begun or row.at - interval
            elif begun is not None:
                yield begun, row.at
                begun = None
        if begun is not None:
            yield begun, datetime.max.replace(tzinfo=rows[0].at.tzinfo)


def acquit(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, health: Verdict) -> Verdict:
    """The verdict with each FAIL that is nobody's fault made INCONCLUSIVE: it holds and pages, and takes nothing back.

    A FAIL without children (a commit that cannot start) and one of silence stand as they are.
    """
    rules = {rule.name: rule for rule in policy.rules}
    children = tuple(_weighed(rules.get(child.name), readings, rollout, child) for child in health.children)
    if health.status is not Status.FAIL or children == health.children:
        return health
    lead = max(children, key=lambda child: child.status)
    return replace(health, status=lead.status, because=f"{lead.name}: {lead.because}", children=children)


def _weighed(rule: MetricRule | None, readings: Sequence[Reading], rollout: Rollout, child: Verdict) -> Verdict:
    if rule is None or child.status is not Status.FAIL:
        return child
    excuse = _narrow(rule, readings, rollout) or _begun_before(rule, readings, rollout)
    return replace(child, status=Status.INCONCLUSIVE, because=f"{excuse}: {child.because}") if excuse else child


def _narrow(rule: MetricRule, readings: Sequence[Reading], rollout: Rollout) -> str:
    """One member among many is no outage. A bot with one member has nobody else to ask."""
    rows = [r for r in readings if r.metric == MEMBERS + rule.name and r.revision == rollout.running]
    known = [r for r in rows if r.value is not None and r.at >= rollout.at]
    if rule.kind != "rate" or not known:
        return ""
    hit, seen = max(r.value or 0.0 for r in known), max(r.total for r in known)
    return f"only {hit:g} of {seen:g} members were hit" if hit < FEW and seen >= MANY else ""


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
