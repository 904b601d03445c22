"""Whether those who have to agree to a change have agreed, to exactly this head."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from bot.core.case import Case
from bot.core.charter import Charter
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict, worst
from bot.core.votes import Approval
from bot.policy.polls import tally
from bot.policy.tier import ward_of


def consent(case: Case, charter: Charter, tier: Tier, now: datetime) -> Verdict:
    """PASS: agreed. PENDING: waits for people. FAIL: refused by people, or not theirs to give.

    An override stands for consent, even against a refusal; it does not open what is sealed to the engine, and no
    consent of any kind stands for the gate. Who may override is checked where overrides are recorded.
    """
    if tier is Tier.SEALED and case.proposal.by_engine:
        return Verdict("consent", Status.FAIL, "it touches what is sealed; only people change that")
    if case.override is not None and case.override.head == case.proposal.head and case.override.reason.strip():
        facts = {"by": case.override.by, "reason": case.override.reason}
        return Verdict("consent", Status.PASS, f"overridden by {case.override.by}: {case.override.reason}", facts=facts)
    refusals = _refusals(case, charter)
    asked = (_agreed(case, charter, tier, now), *refusals)
    return worst("consent", asked)


def _agreed(case: Case, charter: Charter, tier: Tier, now: datetime) -> Verdict:
    if tier is Tier.SAFE:
        return Verdict("safe", Status.PASS, "green stages suffice")
    if tier is Tier.VALIDATED:
        return _validated(case, charter, now)
    return _owned(case, charter)


def required_owners(paths: Iterable[PurePosixPath], adds: Iterable[str], charter: Charter) -> tuple[str, ...]:
    """Whom to ask for tier 3: the owners of every touched path, and the maintainers for paths that have none."""
    added = frozenset(adds)
    names = {name: None for path in sorted(paths) for name in _owners(path, added, charter)}
    return tuple(names)


def logins(owners: Iterable[str], charter: Charter) -> frozenset[str]:
    """The forge logins behind owners (`login`, `@login` or `@org/team`), in lower case as forges compare them."""
    bare = [owner.removeprefix("@") for owner in owners]
    people = (login for owner in bare for login in charter.teams.get(owner, (owner,) if "/" not in owner else ()))
    return frozenset(login.removeprefix("@").casefold() for login in people)


def _owners(path: PurePosixPath, adds: frozenset[str], charter: Charter) -> tuple[str, ...]:
    ward = ward_of(path, charter, adds=str(path) in adds)
    return ward.owners if ward is not None and ward.owners else charter.maintainers


def _approvers(case: Case) -> frozenset[str]:
    """Who approves this head. The words of those who caused or wrote the change are not consent to it."""
    proposal = case.proposal
    own = {proposal.author.casefold(), *(login.casefold() for login in case.asker_logins)}
    own |= {proposal.asked_by.casefold()} if proposal.asked_by else set()
    said = {r.reviewer.casefold() for r in case.approvals if r.approves and r.head == proposal.head}
    return frozenset(said - own)


def _refusals(case: Case, charter: Charter) -> tuple[Verdict, ...]:
    """Reviews that ask for changes and stand. One on an earlier head waits for its reviewer to look again."""
    people = logins((*charter.maintainers, *(owner for ward in charter.wards for owner in ward.owners)), charter)
    standing = [review for review in case.approvals if review.reviewer.casefold() in people and _stands(review, case)]
    found = []
    for review in sorted(standing, key=lambda one: (one.reviewer.casefold(), one.at)):
        here = review.head == case.proposal.head
        when = "" if here else " on an earlier head, and has not looked again"
        because = f"asked for changes{when}: {review.reason or 'no reason given'}"
        found.append(Verdict(f"review of {review.reviewer}", Status.FAIL if here else Status.PENDING, because))
    return tuple(found)


def _stands(review: Approval, case: Case) -> bool:
    """A refusal is withdrawn by a later approval of the same reviewer, of the same head or of the present one."""
    if review.approves:
        return False
    heads, who = {review.head, case.proposal.head}, review.reviewer.casefold()
    later = (r for r in case.approvals if r.reviewer.casefold() == who and r.approves and r.at > review.at)
    return not any(r.head in heads for r in later)


def _validated(case: Case, charter: Charter, now: datetime) -> Verdict:
    """One maintainer or a vote: either suffices; a vote that fails for want of votes leaves it to a maintainer."""
    approved = sorted(_approvers(case) & logins(charter.maintainers, charter))
    if approved:
        return Verdict("maintainer", Status.PASS, f"approved by {', '.join(approved)}")
    waiting = Verdict("maintainer", Status.PENDING, "no maintainer has approved this head")
    vote = _vote(case, charter, now)
    if vote.status in {Status.PASS, Status.FAIL}:
        return vote
    text = f"waits for one maintainer or the members' vote ({vote.because})"
    return Verdict("one of", Status.PENDING, text, (waiting, vote))


def _vote(case: Case, charter: Charter, now: datetime) -> Verdict:
    poll = case.poll
    if poll is None:
        return Verdict("vote", Status.PENDING, "no vote was opened")
    if poll.head != case.proposal.head:
        return Verdict("vote", Status.INCONCLUSIVE, "the vote was on another head; a push voids it")
    if poll.pull != case.proposal.pull or poll.guild != charter.home_guild:
        return Verdict("vote", Status.INCONCLUSIVE, "the vote was held elsewhere; only the home guild's counts")
    asker = frozenset({case.proposal.asked_by}) if case.proposal.asked_by else frozenset()
    return tally(replace(poll, excluded=poll.excluded | asker), charter.quorum, now)


def _owned(case: Case, charter: Charter) -> Verdict:
    approvers = _approvers(case)
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(case.proposal.paths):
        groups.setdefault(_owners(path, case.only_adds, charter), []).append(str(path))
    return worst("owners", [_group(owners, held, approvers, charter) for owners, held in groups.items()])


def _group(owners: tuple[str, ...], held: list[str], approvers: frozenset[str], charter: Charter) -> Verdict:
    name, facts = " or ".join(owners) or "nobody", {"paths": held}
    approved = sorted(approvers & logins(owners, charter))
    some = ", ".join(held[:3]) + (f" and {len(held) - 3} more" if len(held) > 3 else "")
    if approved:
        return Verdict(name, Status.PASS, f"{some}: approved by {', '.join(approved)}", facts=facts)
    return Verdict(name, Status.PENDING, f"{some}: {name} has not approved this head", facts=facts)
