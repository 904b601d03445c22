"""Whether what a merge queue has put together is what was judged: then, and only then, it may be merged."""

from dataclasses import dataclass

from bot.core.case import Merge, Step
from bot.core.change import Proposal
from bot.core.ids import Sha, Tree
from bot.core.merge_queue import MergeGroup
from bot.core.verdict import Fact, Status, Verdict

NAME = "merge group"


@dataclass(frozen=True, slots=True)
class Made:
    """What git says of the group's commit."""

    parents: tuple[Sha, ...]
    tree: Tree
    wanted: Tree | None
    """The tree that git makes of the validated base and head; None: it makes none."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is on record for the pull request that the group is for, and what the loop would do with it now."""

    proposal: Proposal | None
    gate: Verdict | None
    consent: Verdict | None
    step: Step | None = None
    stopped: str = ""
    """Why everything is stopped; empty: it is not."""


def validated_base(judged: Judged) -> Sha | None:
    """The base that the gate compared the head with, if its verdict is about this very head and tree."""
    proposal, gate = judged.proposal, judged.gate
    if proposal is None or gate is None:
        return None
    told = (gate.facts.get("head"), gate.facts.get("tree"))
    base = gate.facts.get("base")
    return Sha(base) if told == (proposal.head, proposal.head_tree) and isinstance(base, str) and base else None


def admit(group: MergeGroup, made: Made, judged: Judged) -> Verdict:
    """PASS: merge it. FAIL: drop it, with the sentence why. PENDING: say nothing, for everything is stopped."""
    if judged.stopped:
        return Verdict(NAME, Status.PENDING, f"stopped: {judged.stopped}")
    because = _other(group, made, judged) or _unproved(group, judged) or _unwanted(group, judged)
    if because:
        return Verdict(NAME, Status.FAIL, because)
    assert judged.gate is not None and judged.consent is not None and judged.proposal is not None  # noqa: S101, PT018
    text = f"exactly the validated base and head of #{group.pull}: {judged.consent.because}"
    facts: dict[str, Fact] = {
        "base": made.parents[0],
        "head": judged.proposal.head,
        "tree": made.tree,
        "pull": int(group.pull),
    }
    return Verdict(NAME, Status.PASS, text, (judged.gate, judged.consent), facts=facts)


def _other(group: MergeGroup, made: Made, judged: Judged) -> str:
    """Why the commit is not that one pull request on the base that was validated."""
    proposal, base = judged.proposal, validated_base(judged)
    if proposal is None or proposal.closed or proposal.merged_as is not None or proposal.draft:
        return f"#{group.pull} is no open proposal"
    if base is None:
        return f"no verdict of the gate is on the head of #{group.pull}, {proposal.head[:12]}"
    if made.parents != (base, proposal.head):
        found = " and ".join(sha[:12] for sha in made.parents) or "nothing"
        wanted = f"{base[:12]} and {proposal.head[:12]}, which were validated"
        return f"it is made of {found}, not of {wanted}: one pull request at a time, by a merge commit"
    if made.wanted is None or made.tree != made.wanted:
        return f"its tree {made.tree[:12]} is not what git makes of {base[:12]} and {proposal.head[:12]}"
    return ""


def _unproved(group: MergeGroup, judged: Judged) -> str:
    """Why verdict or consent on the head do not carry it. Stages that ask for people are answered by consent."""
    gate, consent = judged.gate, judged.consent
    if gate is None or gate.status not in {Status.PASS, Status.PENDING}:
        return f"the gate is not in favour of #{group.pull}: {gate.because if gate else 'it was not asked'}"
    if consent is None or not consent.passed:
        return f"nobody consented to #{group.pull}: {consent.because if consent else 'nobody was asked'}"
    return ""


def _unwanted(group: MergeGroup, judged: Judged) -> str:
    """Why it would not be merged now, though it once would have been: a refusal since, a freeze, a running watch."""
    step, proposal = judged.step, judged.proposal
    if isinstance(step, Merge) and proposal is not None and step.head == proposal.head:
        return ""
    why = getattr(step, "because", "")
    text = why.because if isinstance(why, Verdict) else str(why)
    return f"#{group.pull} is not to be merged now" + (f": {text}" if text else "")
