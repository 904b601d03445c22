"""What GitHub's rows mean for a decision: standing reviews, remarks to answer, and checks. Pure: fails closed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.github.rows import BOT, GHOST, Review, Run, login, moment
from bot.core.ids import Sha
from bot.core.text import plain
from bot.core.verdict import Status, Verdict, worst
from bot.core.votes import Approval, Remark

OURS = "megawatts/"
_TEXT = 4000
_OPINIONS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
_ENDS = {"success": Status.PASS, "failure": Status.FAIL, "timed_out": Status.FAIL}


def standing(reviews: Iterable[Review], *outsiders: str) -> list[Review]:
    """The last opinion of each person, oldest first; a dismissed one is none. `outsiders` are the pull request's author
    and ourselves: GitHub refuses their approval, and so do we, as that of every bot and of accounts that are gone."""
    shut = {name.casefold() for name in (*outsiders, GHOST)}
    last: dict[str, Review] = {}
    for review in sorted(reviews, key=lambda r: (r.at, r.id)):
        name = review.login.casefold()
        if review.state in _OPINIONS and name not in shut and not name.endswith(BOT):
            last[name] = review
    kept = [review for review in last.values() if review.state != "DISMISSED"]
    return sorted(kept, key=lambda r: (r.at, r.id))


def approvals(reviews: Iterable[Review], *outsiders: str) -> list[Approval]:
    """Standing reviews as the house counts them, each for its own head."""
    return [
        Approval(r.login, r.head, r.at, r.state == "APPROVED", plain(r.body)[:_TEXT])
        for r in standing(reviews, *outsiders)
    ]


def asked_changes(reviews: Iterable[Review], *outsiders: str) -> list[Remark]:
    """Standing requests for changes that say what to change."""
    return [
        Remark(f"review-{r.id}", r.login, r.head, r.at, plain(r.body)[:_TEXT])
        for r in standing(reviews, *outsiders)
        if r.state == "CHANGES_REQUESTED" and r.body.strip()
    ]


def line_remarks(threads: Iterable[Mapping[str, Any]], *outsiders: str) -> list[Remark]:
    """What people said about lines, in threads that are neither resolved nor outdated."""
    shut = {name.casefold() for name in (*outsiders, GHOST)}
    found = []
    for thread in threads:
        if thread["isResolved"] or thread["isOutdated"]:
            continue
        for row in thread["comments"]["nodes"]:
            who = login(row["author"])
            if row["commit"] and who.casefold() not in shut and not who.casefold().endswith(BOT):
                found.append(_line_remark(thread, row, who))
    return sorted(found, key=lambda remark: remark.at)


def _line_remark(thread: Mapping[str, Any], row: Mapping[str, Any], who: str) -> Remark:
    return Remark(
        id=f"comment-{row['databaseId']}",
        reviewer=who,
        head=Sha(str(row["commit"]["oid"])),
        at=moment(row["createdAt"]),
        text=plain(str(row["body"]))[:_TEXT],
        path=PurePosixPath(str(thread["path"])),
        line=int(thread["line"] or 0),
        requests_changes=False,
    )


def checks(required: Mapping[str, int | None], runs: Sequence[Run], trusted: frozenset[int], us: int) -> Verdict | None:
    """What the checks of other Apps say of a head; None: none are required, and none of a trusted App ran.

    `required` maps a name to the one App that must have made it (None: any trusted one). What has not begun or not
    ended is PENDING; a required check that was skipped says nothing. Of one name the last run counts.
    """
    last: dict[tuple[str, int], Run] = {}
    for run in sorted(runs, key=lambda r: r.id):
        if run.app != us and not run.name.startswith(OURS):
            last[(run.name, run.app)] = run
    if not required:
        loose = [run for run in last.values() if run.app in trusted and run.conclusion not in {"skipped", "neutral"}]
        return worst("checks", [_verdict(run) for run in loose]) if loose else None
    return worst("checks", [_required(name, app, last.values(), trusted) for name, app in sorted(required.items())])


def _required(name: str, app: int | None, runs: Iterable[Run], trusted: frozenset[int]) -> Verdict:
    by = trusted if app is None else frozenset({app})
    found = [run for run in runs if run.name == name and run.app in by]
    if not found:
        return Verdict(name, Status.PENDING, "it has not begun on this head")
    return max((_verdict(run) for run in found), key=lambda v: v.status)


def _verdict(run: Run) -> Verdict:
    facts = {"run": run.id, "app": run.app}
    if run.status != "completed":
        return Verdict(run.name, Status.PENDING, f"it is {run.status.replace('_', ' ')}", facts=facts)
    if run.conclusion in {"skipped", "neutral"}:
        return Verdict(run.name, Status.INCONCLUSIVE, f"it was {run.conclusion}", facts=facts)
    status = _ENDS.get(run.conclusion, Status.ERROR)
    return Verdict(run.name, status, f"it ended with {run.conclusion or 'nothing'}", facts=facts)


def required_by(rules: Iterable[Mapping[str, Any]]) -> dict[str, int | None]:
    """The checks that a branch's rules name, ours left out.

    Source: docs.github.com/en/rest/repos/rules, "Get rules for a branch".
    """
    found: dict[str, int | None] = {}
    for rule in rules:
        parameters = rule.get("parameters") or {}
        for row in parameters.get("required_status_checks") or () if rule["type"] == "required_status_checks" else ():
            if not str(row["context"]).startswith(OURS):
                found[str(row["context"])] = row.get("integration_id")
    return found
