"""Merges: of exactly the head that was judged, onto exactly the base it was judged on; never by hope."""

from typing import Any

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.github import judging, rows
from bot.adapters.github.api import Api
from bot.adapters.github.desk import Desk
from bot.adapters.github.errors import Answer
from bot.adapters.github.opening import seen
from bot.adapters.github.proposals import about, ours
from bot.core.change import Origin
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha
from bot.core.text import one_line, plain

_QUEUE_LAST = 600.0
_REFUSED = (403, 404, 405, 409, 422)


def merge(desk: Desk, pull: int, expecting: Sha, base: Sha, message: str) -> Sha:
    """The merge commit. A second call gives the same.

    Denied if head or base moved, or it is closed, a draft or refused by the branch's rules. Unavailable while a merge
    queue or GitHub's auto-merge has it: look again.
    """
    row = desk.api.find(f"{desk.path}/pulls/{pull}")
    if row is None:
        raise Denied(f"there is no pull request #{pull}")
    if row.get("merged") or row.get("merged_at"):
        return _again(row, expecting)
    _check(desk, row, expecting, base)
    _unchanged(desk, pull)
    api = _hand(desk, pull, expecting, base)
    # The queue stands in the ruleset that the second App passes: a proved revert waits in no line.
    if api is desk.api and _has_queue(desk):
        _enqueue(desk, row, expecting)
    made = _put(desk, api, row, expecting, message)
    _verify(desk, pull, made, expecting, base)
    return made


def _again(row: dict[str, Any], expecting: Sha) -> Sha:
    if row["head"]["sha"] != expecting:
        raise Denied(f"#{row['number']} was merged at {row['head']['sha'][:12]}, not at {expecting[:12]}")
    return Sha(str(row["merge_commit_sha"]))


def _check(desk: Desk, row: dict[str, Any], expecting: Sha, base: Sha) -> None:
    pull, head = row["number"], str(row["head"]["sha"])
    if row["state"] != "open":
        raise Denied(f"#{pull} is closed")
    if row.get("draft"):
        raise Denied(f"#{pull} is a draft: a person says when it is ready")
    if row["base"]["ref"] != desk.base():
        raise Denied(f"#{pull} is for {row['base']['ref']}, not for {desk.base()}: somebody pointed it elsewhere")
    if head != expecting:
        raise Denied(
            f"the head of #{pull} is {head[:12]}, not {expecting[:12]}: what was given on the old head is void"
        )
    main = desk.main()
    if main != base:
        raise Denied(f"the base branch is at {main[:12]}, not at {base[:12]}: validate against it first")
    desk.need(main, expecting)
    if not desk.repo.is_ancestor(main, expecting):
        raise Denied(f"#{pull} is not made on {main[:12]}: bring it up to date first")
    if main == expecting:
        raise Denied(f"#{pull} brings nothing: its head is the base branch")


def _unchanged(desk: Desk, pull: int) -> None:
    """The decision was made from a look; a review that was dismissed or given since voids it."""
    row = desk.seen.known(pull, desk.elapsed(), desk.rules.fresh)
    if row is None:
        return
    found = desk.api.pages(f"{desk.path}/pulls/{pull}/reviews")
    now = judging.standing([one for one in map(rows.rest_review, found) if one], row.author, desk.me.login)
    then = judging.standing(row.reviews, row.author, desk.me.login)
    if [(r.login, r.state, r.head) for r in now] != [(r.login, r.state, r.head) for r in then]:
        desk.seen.at = None
        raise Unavailable("GitHub", f"the reviews of #{pull} changed since we looked", retry_after=1.0)


def _hand(desk: Desk, pull: int, expecting: Sha, base: Sha) -> Api:
    """Who merges. The second App may pass the review rule, so it is used for one thing alone: a revert that we opened
    and that is proved here, again, to be the exact inverse of the merge it names."""
    if desk.reverts is None:
        return desk.api
    row = seen(desk, pull)
    said = about(desk, row)
    if not ours(desk, row) or said.origin is not Origin.REVERT or said.reverts is None or said.only:
        return desk.api
    return desk.reverts if prove_inverse(desk.repo, said.reverts, expecting, base).passed else desk.api


def _put(desk: Desk, api: Api, row: dict[str, Any], expecting: Sha, message: str) -> Sha:
    pull = row["number"]
    title, _, rest = plain(message).strip().partition("\n")
    words = {"commit_title": one_line(title, 200) or f"Merge #{pull}", "commit_message": rest.strip()}
    body = {"sha": expecting, "merge_method": "merge", **words}
    answer = api.attempt("PUT", f"{desk.path}/pulls/{pull}/merge", body, _REFUSED)
    if answer.status == 200:
        return Sha(str(answer.data["sha"]))
    if answer.status == 405 and desk.rules.auto_merge and _waits(answer):
        variables = {"headline": words["commit_title"], "body": words["commit_message"]}
        desk.api.graphql("auto_merge", pull=str(row["node_id"]), head=expecting, **variables)
        raise Unavailable("GitHub", f"#{pull} is left to auto-merge: {answer.message}", retry_after=30.0)
    if "merge queue" in answer.message.casefold():
        desk.seen.queue = None  # somebody turned one on since we asked
    raise Denied(
        f"GitHub does not merge #{pull} ({answer.status}): {answer.message or 'no reason given'}{_fix(answer)}"
    )


def _waits(answer: Answer) -> bool:
    words = answer.message.casefold()
    return "expected" in words or "in progress" in words or "pending" in words


def _fix(answer: Answer) -> str:
    if answer.status in {403, 404}:
        return "; it needs the permission contents=write"
    if answer.status == 409:
        return "; its head or the base branch moved: look again"
    return ""


def _verify(desk: Desk, pull: int, made: Sha, expecting: Sha, base: Sha) -> None:
    """What GitHub merged is what was judged: between our look and its merge the base branch may have moved."""
    desk.need(made)
    parents = [desk.repo.ref(f"{made}^{number}") for number in (1, 2)]
    if parents != [base, expecting]:
        there = str(parents[0])[:12]
        raise Denied(
            f"#{pull} was merged onto {there}, not onto {base[:12]}, which moved at that moment: "
            "turn on `require branches to be up to date` in the branch's rules"
        )


def _has_queue(desk: Desk) -> bool:
    at, known = desk.seen.queue or (0.0, False)
    if desk.seen.queue is None or desk.elapsed() - at > _QUEUE_LAST:
        known = desk.ask("queue", base=desk.base())["mergeQueue"] is not None
        desk.seen.queue = (desk.elapsed(), known)
    return known


def _enqueue(desk: Desk, row: dict[str, Any], expecting: Sha) -> None:
    """Put it in the queue, once; the queue validates it on what stands before it and merges it."""
    pull = int(row["number"])
    known = desk.seen.open.get(pull)
    if not (known is not None and known.queued):
        try:
            desk.api.graphql("enqueue", pull=str(row["node_id"]), head=expecting)
        except Denied as error:
            if "already" not in str(error):
                raise
    raise Unavailable("GitHub", f"#{pull} is in the merge queue", retry_after=30.0)
