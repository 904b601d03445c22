"""After the merge: wait for the rollout, watch it, and settle it, take it back or call a person."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.case import Case, Observe, Page, Revert, Settle, Step, Wait
from bot.core.charter import Charter
from bot.core.health import HealthPolicy, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.blame import acquit, undisturbed
from bot.policy.figures import CONTROL
from bot.policy.health import assess

SECURITY = "security"
"""The label of a security fix: it is not taken back without a person."""


def after_merge(case: Case, charter: Charter, now: datetime) -> Step:
    """The next step for a merged proposal. No answer is not health: at the deadline a person is called.

    Until then nothing else merges. The person called ends the watch by a rollback, or by an override given after the
    merge: that says that a person takes it as it is.
    """
    step = _watch(case, charter, now)
    override, merged_at = case.override, case.proposal.merged_at
    if not isinstance(step, Page) or override is None or merged_at is None:
        return step
    if override.head != case.proposal.head or override.at < merged_at or not override.reason.strip():
        return step
    because = Verdict("health", Status.PASS, f"released by {override.by}: {override.reason}", (step.because,))
    return Settle(case.proposal.merged_as or case.proposal.head, because)


def _watch(case: Case, charter: Charter, now: datetime) -> Step:
    if case.settled is not None:
        return Wait(None, f"settled: {case.settled.because}", done=True)
    if case.reverted_by is not None:
        return Wait(None, f"taken back by #{case.reverted_by}", done=case.revert_merged)
    rollout = case.rollout
    if rollout is None or not rollout.contains:
        return _not_running(case, charter, rollout, now)
    return _running(case, charter, rollout, now)


def _running(case: Case, charter: Charter, rollout: Rollout, now: datetime) -> Step:
    merged = case.proposal.merged_as or case.proposal.head
    # What runs contains it: that it once could not start, before a later commit mended that, is no fault of what runs.
    health = judged(charter.health, case.readings, replace(rollout, failed=""), merged, now)
    if health.passed:
        return Settle(merged, health)
    if health.status is Status.FAIL:
        return _unhealthy(case, charter, merged, health)
    if now >= rollout.at + charter.health.deadline:
        return Page(_held(health))
    return Observe(merged, rollout.previous)


def judged(policy: HealthPolicy, readings: Sequence[Reading], rollout: Rollout, merged: Sha, now: datetime) -> Verdict:
    """The health of what runs, by the readings of undisturbed times, and against what was well before the range.

    After a revert the revision before is the bad one: to be no worse than that is not health. Where the readings of the
    watch before are here too, a metric that was bad then and is still bad beside how it was when it was well is FAIL.
    """
    known = undisturbed(readings, policy.interval)
    well = _well_before(known, rollout)
    if well is None:
        return acquit(policy, known, rollout, assess(policy, known, rollout, merged, now))
    watch = [r for r in known if r.at < rollout.at]
    own = [r for r in known if r.at >= rollout.at]
    health = acquit(policy, own, rollout, assess(policy, own, rollout, merged, now))
    still = _still_bad(policy, watch, own, replace(rollout, previous=well), now)
    return health if health.status is Status.FAIL or still is None else still


def on_the_line(
    readings: Sequence[Reading], rollout: Rollout, lies_on: Callable[[Sha, Sha], bool]
) -> tuple[Reading, ...]:
    """The readings without those of revisions that the one before does not contain.

    A canary that was given up ran beside the line of what ran well: it is nobody's past. `lies_on(old, new)`: whether a
    commit is another or lies before it.
    """
    last = _before(readings, rollout)
    if last is None:
        return tuple(readings)
    others = {r.revision for r in _product(readings)} - {rollout.running, last}
    beside = {revision for revision in others if not lies_on(revision, last)}
    return tuple(r for r in readings if r.metric.startswith(CONTROL) or r.revision not in beside)


def _product(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    return tuple(r for r in readings if not r.metric.startswith(CONTROL))


def _before(readings: Sequence[Reading], rollout: Rollout) -> Sha | None:
    """The revision before: as the deployer keeps it warm, else the one that was read last before the rollout."""
    earlier = [r for r in _product(readings) if r.at < rollout.at and r.revision != rollout.running]
    return rollout.previous or (max(earlier, key=lambda r: r.at).revision if earlier else None)


def _well_before(readings: Sequence[Reading], rollout: Rollout) -> Sha | None:
    """The revision that was the control of the watch before, if its readings are here (see `on_the_line`)."""
    known = {rollout.running, _before(readings, rollout)}
    others = [r for r in _product(readings) if r.revision not in known and r.at < rollout.at]
    return max(others, key=lambda r: r.at).revision if others else None


def _still_bad(
    policy: HealthPolicy, watch: Sequence[Reading], own: Sequence[Reading], rollout: Rollout, now: datetime
) -> Verdict | None:
    """The verdict against what was well, if it is FAIL for a metric that the watch before had failed too."""
    bad = [r for r in watch if r.revision != rollout.previous]
    if not bad or rollout.running is None:
        return None
    first = min(r.at for r in bad)
    before = replace(rollout, running=bad[-1].revision, contains=True, at=first - policy.warm_up)
    failed = _failed(assess(policy, watch, before, bad[-1].revision, rollout.at))
    well = [r for r in watch if r.revision == rollout.previous]
    since = [r for r in own if r.revision == rollout.running]
    now_bad = assess(policy, [*well, *since], rollout, rollout.running, now)
    same = sorted(failed & _failed(now_bad))
    if not same:
        return None
    because = f"as bad as before it was taken back: {', '.join(same)}"
    return replace(now_bad, status=Status.FAIL, because=because)


def _failed(verdict: Verdict) -> frozenset[str]:
    return frozenset(child.name for child in verdict.children if child.status is Status.FAIL)


def _not_running(case: Case, charter: Charter, rollout: Rollout | None, now: datetime) -> Step:
    proposal = case.proposal
    merged = proposal.merged_as or proposal.head
    if rollout is not None and rollout.failed and rollout.wanted == merged:
        return _unhealthy(case, charter, merged, Verdict("health", Status.FAIL, f"could not start: {rollout.failed}"))
    until = (proposal.merged_at or proposal.opened) + charter.health.deadline
    if now >= until:
        return Page(Verdict("rollout", Status.INCONCLUSIVE, f"merged, but it does not run yet{_why(rollout)}"))
    return Wait(until, f"waits for the rollout{_why(rollout)}")


def _why(rollout: Rollout | None) -> str:
    """In the deployer's words, where it says any."""
    because = rollout.facts.get("because", "") if rollout is not None else ""
    return f": {because}" if because else ""


def _held(health: Verdict) -> Verdict:
    because = f"no verdict by the deadline, which is not health: {health.because}"
    return Verdict("health", health.status, because, (health,))


def _unhealthy(case: Case, charter: Charter, merged: Sha, health: Verdict) -> Step:
    """Take it back, unless that needs a person: then say so with the evidence."""
    if why := _needs_person(case, charter, health):
        return Page(Verdict("revert", Status.FAIL, f"{why}: {health.because}", (health,)))
    return Revert(merged, health)


def _needs_person(case: Case, charter: Charter, health: Verdict) -> str:
    if case.proposal.reverts is not None:
        return "health stays bad after a revert, so that was not the culprit; nothing is reverted twice"
    if SECURITY in case.proposal.labels:
        return "a security fix is not taken back without a person"
    if case.around.reverts_today >= charter.health.reverts_per_day:
        return f"the {charter.health.reverts_per_day} automatic reverts of a day are spent"
    failed = {child.name for child in health.children if child.status is Status.FAIL}
    watched = {rule.name for rule in charter.health.rules if not rule.guard}
    if failed and failed <= watched:
        return "only metrics that guard nothing are worse"
    return ""
