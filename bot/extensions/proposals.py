"""Proposed changes, and members' votes on them."""

from typing import Annotated, Literal

from bot.sdk import Host, Poll, PullNumber, Result, tool


@tool("List the changes that members can vote on.", "!proposals")
def list_proposals(host: Host) -> Result:
    """Every open vote with its number, version and close."""
    polls = [(poll, title) for poll, title in host.votes.open_polls() if poll.opened <= host.now < poll.closes]
    if not polls:
        return Result("There is nothing to vote on now.", "none")
    lines = "\n".join(_line(poll, title) for poll, title in polls)
    return Result(f"Open votes:\n{lines}\nVote with: !vote NUMBER for", facts={"list": lines, "count": len(polls)})


@tool("Vote on a proposed change.", "!vote 3 for")
def vote(
    host: Host,
    pull: Annotated[int, "number of the proposal"],
    choice: Literal["for", "against", "abstain"],
    head: Annotated[str, "first characters of the version that was read"] = "",
) -> Result:
    """Cast the asking member's own vote. With a version, the vote counts only on that version."""
    poll = host.votes.read(PullNumber(pull))
    if poll is None:
        return Result(f"There is no vote on #{pull}. !proposals lists the open ones.", "none", {"pull": pull}, ok=False)
    if head and not poll.head.startswith(head.casefold()):
        text = f"#{pull} is at {poll.head[:7]} by now, not at {head}. Look again with !proposals, then vote."
        return Result(text, "moved", {"pull": pull, "head": poll.head[:7]}, ok=False)
    verdict = host.votes.cast(poll.pull, poll.head, host.caller.user, choice, host.now)
    key = "ok" if verdict.passed else "refused"
    return Result(verdict.because, key, {"pull": pull, "choice": choice, "because": verdict.because}, ok=verdict.passed)


def _line(poll: Poll, title: str) -> str:
    choices = [ballot.choice for ballot in poll.ballots]
    count = f"{choices.count('for')} for, {choices.count('against')} against"
    return f"- #{poll.pull} ({poll.head[:7]}): {title}; until {poll.closes:%Y-%m-%d %H:%M} UTC, {count}"
