"""What the watch after a deploy has found so far: the judge, asked about every metric of the running revision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict, worst
from bot.policy.judge.court import judge, size
from bot.policy.judge.power import would_have_shown
from bot.policy.judge.samples import Samples

WATCH = 3
"""A PASS needs this many times the minimum: a deploy is not passed before a bad one could have been seen."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The readings of one watch: the new revision, the one before it in the same window, and that one's own past."""

    candidate: tuple[Reading, ...]
    control: tuple[Reading, ...]
    past: tuple[Reading, ...]

    def of(self, rule: MetricRule) -> "Sides":
        """Only what was read of one metric."""
        return Sides(*(tuple(r for r in side if r.metric == rule.name) for side in self.all))

    @property
    def all(self) -> tuple[tuple[Reading, ...], ...]:
        """Candidate, control, past."""
        return self.candidate, self.control, self.past


def assess(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, merged: Sha, now: datetime) -> Verdict:
    """The verdict `health`, one child for each rule. It may be asked at every interval: alpha holds for all looks.

    PASS: every rule passes on thrice its minimum. FAIL: a guard is worse than the revision before it, or the new
    revision fell silent while the old one answered. INCONCLUSIVE: something is suspicious, equally bad in the
    control, not a guard, or the deadline has passed. PENDING: not enough was seen yet.
    """
    if rollout.failed and not rollout.contains:
        return Verdict("health", Status.FAIL, f"{merged[:9]} could not be started: {rollout.failed}")
    if rollout.running is None or not (rollout.contains and rollout.ready):
        return _due(policy, rollout, now, Verdict("health", Status.PENDING, f"{merged[:9]} does not take traffic yet"))
    sides = split(policy, readings, rollout, now)
    silent = _silence(policy, sides)
    children = ([silent] if silent else []) + [_watch(rule, sides.of(rule)) for rule in policy.rules]
    return _due(policy, rollout, now, worst("health", children))


def split(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, now: datetime) -> Sides:
    """Sort readings by what they can show. Those of the warm-up, and from the future, show nothing."""
    known = sorted((r for r in readings if r.at <= now), key=lambda r: r.at)
    start = rollout.at + policy.warm_up
    before = [r for r in known if r.at < rollout.at and r.revision != rollout.running]
    previous = rollout.previous or (before[-1].revision if before else None)
    return Sides(
        candidate=tuple(r for r in known if r.revision == rollout.running and r.at >= start),
        control=tuple(r for r in known if r.revision == previous != rollout.running and r.at >= start),
        past=tuple(r for r in before if r.revision == previous),
    )


def _due(policy: HealthPolicy, rollout: Rollout, now: datetime, verdict: Verdict) -> Verdict:
    if verdict.status is not Status.PENDING or now < rollout.at + policy.deadline:
        return verdict
    because = f"no verdict within {policy.deadline}: {verdict.because}"
    return replace(verdict, status=Status.INCONCLUSIVE, because=because)


def _silence(policy: HealthPolicy, sides: Sides) -> Verdict | None:
    """A new revision that answers nothing at all. Without a control that answers, the source itself may be down.

    What the control answered before the new one was first asked is no comparison: it was still being started.
    """
    least = max((rule.minimum for rule in policy.rules), default=6)
    heard = [r.at for r in sides.candidate if r.value is not None]
    last = max(heard, default=None)
    after: Callable[[Reading], bool] = lambda r: last is None or r.at > last  # noqa: E731  (a name for the condition)
    unanswered = {r.at for r in sides.candidate if after(r)}
    first = min((r.at for r in sides.candidate), default=None)
    answered = {r.at for r in sides.control if r.value is not None and first is not None and r.at >= first and after(r)}
    if len(answered) >= least:
        because = f"silent: no answer while the revision before it answered {len(answered)} times"
        return Verdict("answers", Status.FAIL, because)
    if len(unanswered) >= least:
        because = f"no answer {len(unanswered)} times in a row, and no control that shows the source to be well"
        return Verdict("answers", Status.INCONCLUSIVE, because)
    return None


def _watch(rule: MetricRule, sides: Sides) -> Verdict:
    """One metric now: not enough, or judged against every reference that says something."""
    candidate, control, past = (_samples(rule, side) for side in sides.all)
    if not _enough(rule, candidate):
        because = f"{size(rule, candidate):g} of at least {rule.minimum} samples in {len(candidate.seen)} readings"
        return Verdict(rule.name, Status.PENDING, because)
    if not (_enough(rule, control) or _enough(rule, past)):
        return Verdict(rule.name, Status.PENDING, "no readings of the revision before to compare with")
    found = replace(_compare(rule, candidate, control, past), name=rule.name)
    if found.status is Status.FAIL and not rule.guard:
        return replace(found, status=Status.INCONCLUSIVE, because=f"{found.because} (not a guard: pages only)")
    wanting = _wanting(rule, candidate, control if _enough(rule, control) else past)
    if found.passed and wanting:
        return replace(found, status=Status.PENDING, because=f"well so far; {wanting}")
    return found


def _compare(rule: MetricRule, candidate: Samples, control: Samples, past: Samples) -> Verdict:
    """Against the control where it carries traffic, against the past where not; never blame what hits both."""
    alpha = _spent(rule, len(candidate.seen))
    with_past, with_control = _enough(rule, past), _enough(rule, control)
    if (with_control and rule.kind in {"latency", "rate"}) or not with_past:
        found = judge(rule, control, candidate, alpha=alpha)
        shared = found.passed and with_past and judge(rule, past, candidate, alpha=alpha).status is Status.FAIL
    else:
        found = judge(rule, past, candidate, alpha=alpha)
        failed = found.status is Status.FAIL and with_control
        shared = failed and judge(rule, past, control, alpha=alpha).status is Status.FAIL
    return replace(found, status=Status.INCONCLUSIVE, because=f"{_SHARED}: {found.because}") if shared else found


_SHARED = "as bad in the revision before it, in the same window, so not this change's doing"


def _samples(rule: MetricRule, side: Sequence[Reading]) -> Samples:
    """Only answers: an idle revision has no latency to report, which is no silence (see `_silence`)."""
    answers = [(r.value, r.total) for r in side if r.value is not None]
    if rule.kind == "rate":
        answers = [(bad, total) for bad, total in answers if 0 <= bad <= total]
    return Samples(tuple(value for value, _ in answers), tuple(total for _, total in answers))


def _enough(rule: MetricRule, samples: Samples) -> bool:
    return len(samples.seen) >= max(1, rule.minimum) <= size(rule, samples)


def _wanting(rule: MetricRule, candidate: Samples, reference: Samples) -> str:
    """What is missing for a PASS, if anything is."""
    if len(candidate.seen) < WATCH * rule.minimum:
        return f"{len(candidate.seen)} of {WATCH * rule.minimum} readings"
    return "" if would_have_shown(rule, reference, candidate) else "too few samples to have shown a doubling"


def _spent(rule: MetricRule, samples: int) -> float:
    """The part of alpha for a look at so many samples; over all looks from the minimum on the parts add up to alpha.

    A rate's e-process needs none of that and gets the rule's own (see `judge_rate`). A level's windows contain those
    of all earlier looks, so that looking again adds hardly a comparison.
    """
    if rule.kind == "level":
        return rule.alpha
    return rule.alpha * max(1, rule.minimum) / (samples * (samples + 1))
