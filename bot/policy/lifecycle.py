"""The one decision: a case in, the next step out. Total and pure; every act it names may be repeated."""

from dataclasses import replace
from datetime import datetime

from bot.core.case import Ask, BackUp, Case, Close, Merge, Page, Step, Update, Validate, Wait
from bot.core.change import Origin
from bot.core.charter import Charter
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.backup import backed_up
from bot.policy.consent import consent, required_owners
from bot.policy.evidence import Evidence, bound, weigh
from bot.policy.polls import closes
from bot.policy.red_team import held, switch
from bot.policy.tier import Ruling, tier_of
from bot.policy.watch import after_merge


def decide(case: Case, charter: Charter, now: datetime) -> Step:
    """The one next step for this proposal.

    A stop freezes everything, reverts included: whoever stopped may be looking at the reverts. The engine closes only
    its own proposals and pushes only to its own branches; of people's it says why they wait.
    """
    proposal, stop = case.proposal, case.around.stop
    if stop is not None:
        return Wait(None, f"stopped by {stop.by}: {stop.reason}")
    if proposal.merged_as is not None:
        return after_merge(case, charter, now)
    if proposal.closed:
        return Wait(None, "closed without a merge", done=True)
    if proposal.draft:
        return Wait(None, "a draft: a person has to say that it is ready")
    if proposal.origin is Origin.REVERT and proposal.reverts is not None:
        return _fast_lane(case, charter, now)
    return _road(case, charter, now)


def _fast_lane(case: Case, charter: Charter, now: datetime) -> Step:
    """An exact inverse needs no consent, gate, window or quota. Anything else that calls itself a revert is a change
    that people have to agree to first: it may take later work with it."""
    inverse = case.inverse or Verdict("inverse", Status.INCONCLUSIVE, "nothing proves that it is the exact inverse")
    if inverse.passed:
        return _in_part(case, charter, inverse) if case.proposal.reverts_only else Merge(case.proposal.head, inverse)
    agreed = consent(case, charter, max(_ruling(case, charter, now).tier, Tier.VALIDATED), now)
    return _road(case, charter, now) if agreed.passed else Page(inverse)


def _in_part(case: Case, charter: Charter, inverse: Verdict) -> Step:
    """Half a change never ran without its other half: the stages must bear it. Nobody is asked again."""
    if not bound(case):
        return Validate(case.proposal.head)
    evidence = weigh(case, charter).verdict
    if evidence.status not in {Status.PASS, Status.PENDING}:
        return Page(evidence)
    because = Verdict("decision", Status.PASS, f"takes back a part exactly: {inverse.because}", (inverse, evidence))
    return Merge(case.proposal.head, because)


def _ruling(case: Case, charter: Charter, now: datetime, pending: tuple[str, ...] = ()) -> Ruling:
    proposal = case.proposal
    ruling = tier_of(proposal.paths, proposal.kind, proposal.origin, case.only_adds, charter, pending=pending)
    return held(ruling, switch(case.around, charter, now))


def _road(case: Case, charter: Charter, now: datetime) -> Step:
    """The road of every change: allowed, without conflicts, green, agreed to, up to date, and at a time for merges."""
    first = _ruling(case, charter, now)
    if not first.because.passed:
        return Close(first.because)
    if case.conflicts:
        return _refuse(case, Verdict("conflicts", Status.FAIL, "it conflicts with the base branch"))
    if not bound(case):
        return _bring_up(case) if _stale(case) else Validate(case.proposal.head)
    evidence = weigh(case, charter)
    return _not_green(case, evidence.verdict) or _with_consent(case, charter, evidence, now)


def _not_green(case: Case, evidence: Verdict) -> Step | None:
    """What to do when the evidence is not in favour; None if it is, or if it only asks for a person."""
    if evidence.status is Status.FAIL:
        return _refuse(case, evidence)
    if evidence.status in {Status.ERROR, Status.INCONCLUSIVE}:
        return _bring_up(case) if _stale(case) else Page(evidence)
    if case.checks is not None and not case.checks.passed:
        return Wait(None, f"the forge's checks are not done: {case.checks.because}")
    return None


def _with_consent(case: Case, charter: Charter, evidence: Evidence, now: datetime) -> Step:
    ruling = _ruling(case, charter, now, evidence.pending)
    agreed = _promoted(case, charter, evidence, now) or consent(case, charter, ruling.tier, now)
    if agreed.status is Status.FAIL:
        return _refuse(case, agreed)
    if not agreed.passed:
        return _ask(case, charter, ruling, agreed, now)
    if _stale(case):
        return _bring_up(case)
    because = Verdict(
        "decision",
        Status.PASS,
        f"{ruling.because.because}; {agreed.because}",
        (ruling.because, evidence.verdict, agreed),
    )
    return _in_time(case, charter, now) or _kept_safe(case, charter, ruling, because, now)


def _kept_safe(case: Case, charter: Charter, ruling: Ruling, because: Verdict, now: datetime) -> Step:
    """The merge, last after the backup that it may need: one that could not be made holds it, and a person is told."""
    saved = backed_up(case, charter, ruling.tier, now)
    if saved is not None and saved.status is Status.PENDING:
        return BackUp(case.proposal.head, saved)
    if saved is not None and not saved.passed:
        return Page(saved)
    parts = because.children if saved is None else (*because.children, saved)
    return Merge(case.proposal.head, replace(because, children=parts))


def _promoted(case: Case, charter: Charter, evidence: Evidence, now: datetime) -> Verdict | None:
    """Consent by proof: what only brings an image that was merged before asks no owner. None: they are asked, as where
    somebody refuses it, a stage asks for a person, or the charter's switch is off."""
    proven, off = case.promotion, switch(case.around, charter, now)
    if charter.promotion is None or proven is None or not proven.passed or evidence.pending:
        return None
    if (off is not None and not off.passed) or not consent(case, charter, Tier.SAFE, now).passed:
        return None
    return Verdict("consent", Status.PASS, f"only a promotion: {proven.because}", (proven,))


def _ask(case: Case, charter: Charter, ruling: Ruling, agreed: Verdict, now: datetime) -> Step:
    """Ask once for each head, and only on a head that is up to date: an update voids what people gave."""
    proposal = case.proposal
    if case.asked_on == proposal.head:
        poll = case.poll
        counts = poll is not None and poll.head == proposal.head and ruling.tier is Tier.VALIDATED
        end = closes(poll, charter.quorum, now) if poll is not None and counts else None
        return Wait(end if end is not None and end > now else None, agreed.because)
    if _stale(case):
        return _bring_up(case)
    if ruling.tier is Tier.VALIDATED:
        return Ask(proposal.head, ruling.tier, charter.maintainers)
    return Ask(proposal.head, ruling.tier, required_owners(proposal.paths, case.only_adds, charter))


def _in_time(case: Case, charter: Charter, now: datetime) -> Wait | None:
    """Whether this is a time for merges. An override lifts a freeze, but neither a watch nor the space between deploys:
    without them nobody could say which change did what."""
    overridden = case.override is not None and case.override.head == case.proposal.head
    around = case.around
    for freeze in charter.freezes:
        if freeze.starts <= now < freeze.ends and not overridden:
            return Wait(freeze.ends, f"frozen: {freeze.why}")
    if around.awaiting_health is not None:
        return Wait(None, f"the health of #{around.awaiting_health} is not settled yet")
    last = max((at for at in (around.last_merge, around.last_deploy) if at is not None), default=None)
    if last is not None and now < last + charter.quotas.min_between_deploys:
        return Wait(last + charter.quotas.min_between_deploys, "too soon after the last deploy")
    return None


def _stale(case: Case) -> bool:
    return case.proposal.base != case.around.main


def _bring_up(case: Case) -> Step:
    watched = case.around.awaiting_health
    if watched is not None:
        # If it is taken back, the base is as it was, and so is what was validated: an update now would be for nothing.
        return Wait(None, f"the health of #{watched} is not settled yet")
    if case.proposal.by_engine:
        return Update(case.proposal.head, case.around.main)
    return Wait(None, "behind the base branch; its author has to bring it up to date")


def _refuse(case: Case, because: Verdict) -> Step:
    if case.proposal.by_engine:
        return Close(because)
    return Wait(None, because.because)
