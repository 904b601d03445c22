"""Pull requests as the engine sees them, rebuilt from GitHub and git at every look."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.adapters.git.contents import Contents
from bot.adapters.git.names import SHA
from bot.adapters.github import marks, rows
from bot.adapters.github.desk import Desk
from bot.adapters.github.marks import About
from bot.adapters.github.rows import Pull
from bot.core.change import Claim, Kind, Origin, Proposal
from bot.core.errors import Unavailable
from bot.core.ids import ProposalId, PullNumber, Sha

_OURS = re.compile(r"(?:megawatts/([0-9a-f]{12})|revert/([0-9a-f]{12})(?:-[0-9a-f]{8})?)")
_KEPT = 4000


def listed(desk: Desk, contents: Contents, *, everything: bool, since: datetime | None) -> list[Proposal]:
    """Open proposals, or all of them, oldest first. What people merged before `since` is not the bot's to watch."""
    main = desk.main()
    look(desk)
    if everything:
        look_back(desk)
    pulls = [*desk.seen.open.values()]
    if everything:
        pulls += [pull for pull in desk.seen.ended.values() if _matters(desk, pull, since)]
    ready = _with_objects(desk, main, pulls)
    return [_proposal(desk, contents, pull, main) for pull in sorted(ready, key=lambda p: p.number)]


def look(desk: Desk) -> None:
    """What is open now: one call for fifty."""
    now = desk.elapsed()
    found = [pull for page in _pages(desk, "open") for pull in page]
    desk.seen.look(found, now, desk.me.login)


def look_back(desk: Desk) -> None:
    """What ended: once all of it, then only as far back as something is new. Whatever was open and is not any more has
    changed since, so that it stands in front."""
    for found in _pages(desk, "ended"):
        # Of people's, years of words are not kept.
        page = [pull if ours(desk, pull) else replace(pull, body="") for pull in found]
        fresh = desk.seen.end(page, desk.me.login)
        if desk.seen.complete and not fresh:
            return
    desk.seen.complete = True


def _pages(desk: Desk, document: str) -> Iterator[list[Pull]]:
    after = None
    while True:
        found = desk.ask(document, base=desk.base(), after=after)["pullRequests"]
        yield [rows.pull(node) for node in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]


def ours(desk: Desk, pull: Pull) -> bool:
    """Whether the bot opened it, from a branch of its own. Words and names prove nothing: anybody may write them."""
    return pull.author == desk.me.login and not pull.elsewhere and bool(_OURS.fullmatch(pull.branch))


def _matters(desk: Desk, pull: Pull, since: datetime | None) -> bool:
    if ours(desk, pull):
        return True
    # Of several commits that a person pushed, none can be named that a revert would take back whole.
    return pull.merged_at is not None and not pull.by_push and since is not None and pull.merged_at >= since


def _with_objects(desk: Desk, main: Sha, pulls: list[Pull]) -> list[Pull]:
    """Those whose commits are here. Ours are never left out: without one, its work would be done twice."""
    wanted = [main, *(sha for pull in pulls for sha in (pull.head, pull.merged_as) if sha)]
    here = {sha for sha in wanted if _here(desk, sha)}
    if any(sha not in here for sha in wanted):
        desk.fetch(desk.repo)
        here |= {sha for sha in wanted if sha not in here and _here(desk, sha)}
    ready = []
    for pull in pulls:
        if pull.head in here and (pull.merged_as is None or pull.merged_as in here):
            ready.append(pull)
        elif ours(desk, pull):
            raise Unavailable("GitHub", f"#{pull.number} was pushed while we looked", retry_after=2.0)
    return ready


def _here(desk: Desk, sha: Sha) -> bool:
    if sha not in desk.seen.objects and SHA.fullmatch(sha) and desk.repo.has(sha):
        desk.seen.objects.add(sha)
    return sha in desk.seen.objects


def about(desk: Desk, pull: Pull) -> About:
    """What may be believed of what it says of itself.

    A person's is a person's. Of ours, the branch's name cannot be changed; the hidden block counts only while nobody
    else wrote the body. Without it, the change is treated as one that a member wished for.
    """
    if not ours(desk, pull):
        return About()
    found = _OURS.fullmatch(pull.branch)
    said = marks.read_about(pull.body) if pull.editor in {None, desk.me.login} else None
    if found is None or found[1]:
        idea = ProposalId(found[1]) if found else None
        if said is None or said.reverts is not None or said.idea != idea:
            return About(Kind.OTHER, Origin.MEMBER, idea, None, Claim.NONE)
        return said
    taken = desk.repo.ref(found[2])
    if said is None or said.reverts is None or not said.reverts.startswith(found[2]):
        return About(Kind.REVERT, Origin.REVERT, reverts=taken)
    return said


def _proposal(desk: Desk, contents: Contents, pull: Pull, main: Sha) -> Proposal:
    before = desk.repo.ref(f"{pull.merged_as}^1") if pull.merged_as else None
    content = contents.of(before or main, pull.head)
    said = about(desk, pull)
    return Proposal(
        pull=PullNumber(pull.number),
        branch=pull.branch,
        title=pull.title,
        head=pull.head,
        head_tree=content.tree,
        base=content.base,
        paths=content.paths,
        author=pull.author,
        opened=pull.opened,
        kind=said.kind,
        origin=said.origin,
        idea=said.idea,
        asked_by=said.asked_by,
        claim=said.claim,
        # Without any, they were never put on: the process ended between the two requests that opening takes.
        labels=pull.labels or said.labels,
        merged_as=pull.merged_as,
        merged_at=pull.merged_at,
        closed=pull.state == "CLOSED",
        reverts=said.reverts,
        reverts_only=said.only,
        draft=pull.draft,
    )
