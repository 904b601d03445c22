"""Proposed changes, and members' votes on them."""

import asyncio
from typing import Annotated, Literal

from bot.extensions._rights import no, version_and_reason
from bot.extensions.links import maintainer
from bot.sdk import (
    HERE,
    Button,
    Card,
    Denied,
    Host,
    MemberView,
    Poll,
    PullNumber,
    Result,
    Subject,
    Unavailable,
    one_line,
    tool,
)

_REFUSALS = "refusals"
Choice = Literal["for", "against", "abstain"]


@tool("List the changes that members can vote on.", "!proposals", command="proposals list")
def list_proposals(host: Host) -> Result:
    """Every open vote with its number, version and close."""
    found = host.votes.open_polls()
    polls = [(poll, title) for poll, title in found if poll.opened <= host.now < host.votes.ends(poll, host.now)]
    if not polls:
        return Result("There is nothing to vote on now.", "none")
    lines = "\n".join(_line(host, poll, title) for poll, title in polls)
    return Result(f"Open votes:\n{lines}\nVote with: !vote NUMBER for", facts={"list": lines, "count": len(polls)})


@tool("Show one proposed change with its evidence.", "!proposals show 3", command="proposals show")
def show_proposal(host: Host, pull: Annotated[int, "number of the proposal"]) -> Result:
    """Summary, tier, risk, stages, how the vote stands, and buttons to vote with."""
    about = host.votes.subject(PullNumber(pull))
    if about is None:
        return _none(pull)
    poll = host.votes.read(about.pull)
    rows = [("Tier", str(int(about.tier))), ("Risk", about.risk), ("Stages", _stages(about))]
    open_ = poll is not None and poll.opened <= host.now < host.votes.ends(poll, host.now)
    if poll is not None:
        rows.append(("Votes", host.votes.explain(poll, host.now).because))
        rows.append(("Until", f"{host.votes.ends(poll, host.now):%Y-%m-%d %H:%M} UTC"))
    else:
        rows.append(("Votes", f"void: {about.voided_by[:7]} was pushed since"))
    shown = tuple((name, text) for name, text in rows if text)
    text = "\n".join([f"#{pull} ({about.head[:7]}): {about.title}", *(f"- {name}: {text}" for name, text in shown)])
    card = Card(f"#{pull} {one_line(about.title, 200)}", one_line(about.summary, 1500), shown, about.link)
    return Result(text, facts={"pull": pull}, card=card, buttons=_buttons(about) if open_ else ())


@tool("Say why a proposal is where it is, and what it still needs.", "!proposals why 3", command="proposals why")
def explain_proposal(host: Host, pull: Annotated[int, "number of the proposal"]) -> Result:
    """The decision as sentences: stages that do not pass, the tier's rule, the state of the vote, who may vote."""
    about = host.votes.subject(PullNumber(pull))
    if about is None:
        return _none(pull)
    poll = host.votes.read(about.pull)
    if poll is None:
        return Result(f"The vote on #{pull} is void: a new version was pushed. A new vote opens on it.", "void")
    unsure = [f"{name} ({status})" for name, status in about.badges if status != "pass"]
    lines = [
        f"It is a change of tier {int(about.tier)}: one maintainer or a members' vote has to agree to this version.",
        f"Every stage passes ({len(about.badges)})." if about.badges and not unsure else _unsure(unsure),
        f"The vote: {host.votes.explain(poll, host.now).because}.",
        f"{len(poll.electorate)} members were known when it opened; {len(poll.excluded)} asked for it or wrote it.",
        "Ages of accounts and memberships count as they were then; who asked for it or wrote it may not vote.",
        "A new version makes all votes void. A turn of the outcome shortly before the end keeps the vote open longer.",
    ]
    text = "\n".join(f"- {line}" for line in lines if line)
    return Result(f"#{pull}, {about.title}:\n{text}", facts={"pull": pull, "list": text})


@tool("Vote on a proposed change.", "!vote 3 for", command="proposals vote", needs=("guilds",), private=True)
async def vote(
    host: Host,
    pull: Annotated[int, "number of the proposal"],
    choice: Choice,
    head: Annotated[str, "first characters of the version that was read"] = "",
) -> Result:
    """Cast the asking member's own vote. With a version, the vote counts only on that version."""
    caller = host.caller
    view = None
    if caller.guild != HERE and "guilds" in host.doors:
        try:
            view = await host.guilds.member(caller.guild, caller.user)
        except (Denied, Unavailable):
            return no("I cannot look up right now since when you are a member here. Please vote again in a moment.")
    return await asyncio.to_thread(_vote, host, PullNumber(pull), choice, head, view)


def _vote(host: Host, pull: PullNumber, choice: Choice, head: str, view: MemberView | None) -> Result:
    poll = host.votes.read(pull)
    if poll is None:
        return _none(pull)
    if head and not poll.head.startswith(head.casefold()):
        text = f"#{pull} is at {poll.head[:7]} by now, not at {head}. Look again with !proposals, then vote."
        return Result(text, "moved", {"pull": pull, "head": poll.head[:7]}, ok=False)
    caller = host.caller
    if view is not None:  # since when somebody is a member is Discord's word, not theirs
        known = {"account_created": view.created, "joined": view.joined}
        roles = sorted(view.roles)
        host.votes.meet(caller.user, caller.name, host.now, roles=roles, is_bot=view.bot, guild=caller.guild, **known)
    verdict = host.votes.cast(poll.pull, poll.head, caller.user, choice, host.now, guild=caller.guild)
    key = "ok" if verdict.passed else "refused"
    return Result(verdict.because, key, {"pull": pull, "choice": choice, "because": verdict.because}, ok=verdict.passed)


@tool(
    "Reject a proposal with a reason that is kept (maintainers).",
    "!reject 3 it breaks our own bots",
    command="proposals reject",
    needs=("links", _REFUSALS),
    mutates=True,
)
async def reject_proposal(
    host: Host,
    pull: Annotated[int, "number of the proposal"],
    head: Annotated[str, "first characters of the version that was read"] = "",
    reason: Annotated[str, "why"] = "",
) -> Result:
    """A review that asks for changes, under the maintainer's linked login; the controller closes with it."""
    head, reason = version_and_reason(head, reason)
    return await asyncio.to_thread(_reject, host, PullNumber(pull), reason, head)


def _reject(host: Host, pull: PullNumber, why: str, head: str) -> Result:
    login = maintainer(host)
    if not login:
        text = (
            "Only maintainers may reject, on the home server, with their forge login linked; you can vote against it."
        )
        return no(text, "not_maintainer")
    about = host.votes.subject(pull)
    if about is None or about.voided_by:
        return _none(pull)
    if head and not about.head.startswith(head):
        return no(f"#{pull} is at {about.head[:7]} by now, not at {head}. Look again, then decide.", "moved")
    if len(why) < 3:
        return no("Say why: the reason is kept, so that the same is not proposed again.", "no_reason")
    row = {"login": login, "head": about.head, "reason": why, "at": host.now.isoformat(), "by": host.caller.user}
    host.shelf(_REFUSALS).put(f"{pull}/{about.head[:12]}/{login}", row)
    return Result(
        f"#{pull} is rejected: {why}. It is closed at the next look.", "rejected", {"pull": pull, "reason": why}
    )


def _none(pull: int) -> Result:
    return Result(f"There is no vote on #{pull}. !proposals lists the open ones.", "none", {"pull": pull}, ok=False)


def _unsure(stages: list[str]) -> str:
    return f"Stages that a person should look at: {', '.join(stages)}." if stages else ""


def _stages(about: Subject) -> str:
    return ", ".join(f"{name} {status}" for name, status in about.badges)


def _buttons(about: Subject) -> tuple[Button, ...]:
    start = f"vote/{about.pull}/{about.head[:12]}"
    return tuple(Button(f"{start}/{choice}", choice.capitalize()) for choice in ("for", "against", "abstain"))


def _line(host: Host, poll: Poll, title: str) -> str:
    choices = list({ballot.voter: ballot.choice for ballot in poll.ballots}.values())  # the last of each
    count = f"{choices.count('for')} for, {choices.count('against')} against"
    until = host.votes.ends(poll, host.now)
    return f"- #{poll.pull} ({poll.head[:7]}): {title}; until {until:%Y-%m-%d %H:%M} UTC, {count}"
