"""Several merges that went live together: they are watched as one, and one of them at a time is taken back."""

from dataclasses import dataclass, replace

from bot.core.case import Case, Observe, Page, Revert, Step, Wait
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.policy.culprit import Range, blame


@dataclass(frozen=True, slots=True)
class Replay:
    """Run the gate on all merges up to `prefix` against the start of the range; `because` is for people."""

    start: Sha
    prefix: Sha
    because: Verdict


def steer(step: Step, case: Case, found: Range, tip: PullNumber) -> Step | Replay:
    """What one merge of the range is to do, where `step` is what it would do alone. Pure.

    The newest merge (`tip`) is observed and speaks to people for all; whom health takes back, the evidence says.
    """
    if isinstance(step, Revert):
        return _revert(step, case, found, tip)
    if isinstance(step, Page) and case.proposal.pull == tip and case.proposal.reverts is not None:
        return _after_revert(step, found)
    if case.proposal.pull != tip and isinstance(step, Observe | Page):
        return Wait(None, f"watched together with #{tip}")
    return step


def _revert(step: Revert, case: Case, found: Range, tip: PullNumber) -> Step | Replay:
    asked = blame(found)
    pull = case.proposal.pull
    if asked.suspect is not None and asked.suspect.pull == pull:
        if len(found.suspects) == 1:
            return step
        because = f"{step.because.because}; {asked.because.because}"
        return Revert(step.merged, replace(step.because, because=because, children=(step.because, asked.because)))
    if asked.replay is not None:
        return Replay(found.start, asked.replay, asked.because)
    if asked.suspect is not None or asked.wait or pull != tip:
        return Wait(None, asked.because.because)
    because = f"{asked.because.because}: {step.because.because}"
    return Page(Verdict("revert", Status.FAIL, because, (step.because, asked.because)))


def _after_revert(step: Page, found: Range) -> Step | Replay:
    """Bad health after a revert is a page, unless the evidence names another of the range."""
    if step.because.status is not Status.FAIL:
        return step
    asked = blame(found)
    if asked.replay is not None:
        return Replay(found.start, asked.replay, asked.because)
    if asked.wait or asked.suspect is not None:
        return Wait(None, f"health is still bad; {asked.because.because}")
    return Page(replace(step.because, children=(*step.because.children, asked.because)))
