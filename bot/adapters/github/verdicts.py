"""Verdicts on commits: whole in a check run or a comment, vouched for by a commit status; and what other Apps say."""

from typing import Any

from bot.adapters.github import judging, marks
from bot.adapters.github.api import PAGE
from bot.adapters.github.desk import Desk
from bot.adapters.github.rows import Pull, Run, Said, rest_run, rest_said
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

_SUMMARY = 60_000
_RULES_LAST = 60.0
_CONCLUSIONS = {Status.PASS: "success", Status.FAIL: "failure", Status.ERROR: "failure", Status.INCONCLUSIVE: "neutral"}


def report(desk: Desk, sha: Sha, context: str, verdict: Verdict) -> None:
    """Post a verdict on a commit. The evidence first: a status without it would say nothing."""
    context = one_line(context)
    block, seal = marks.written(verdict, sha, context)
    known = desk.seen.ours.get((sha, context))
    if known is not None and marks.seal_of(known.text) == seal:
        return
    _evidence(desk, sha, context, verdict, block)
    say(desk, sha, Said(context, marks.STATES[verdict.status], marks.description(verdict, seal), desk.me.login))
    desk.seen.keep(seal, verdict)


def say(desk: Desk, sha: Sha, said: Said) -> None:
    """Post a commit status."""
    body = {"context": said.context, "state": said.state, "description": said.text}
    desk.api.send("POST", f"{desk.path}/statuses/{sha}", body)
    desk.seen.note(sha, said)


def _evidence(desk: Desk, sha: Sha, context: str, verdict: Verdict, block: str) -> None:
    summary = shown(verdict)
    if not desk.me.app_id:
        desk.api.send("POST", f"{desk.path}/commits/{sha}/comments", {"body": f"{summary[:5000]}\n\n{block}"})
        return
    body: dict[str, Any] = {
        "name": context,
        "head_sha": sha,
        "output": {"title": one_line(verdict.because, 200) or context, "summary": summary, "text": block},
    }
    if verdict.status is Status.PENDING:
        body["status"] = "in_progress"
    else:
        body |= {"status": "completed", "conclusion": _CONCLUSIONS[verdict.status]}
    desk.api.send("POST", f"{desk.path}/check-runs", body)


def shown(verdict: Verdict) -> str:
    """A verdict for people, as a nested list in which no word is markup."""
    lines = []
    stack = [(verdict, 0)]
    while stack:
        one, depth = stack.pop()
        lines.append(f"{'  ' * depth}- {one.status.name.lower()} {_code(one.name)}: {_code(one.because)}")
        stack.extend((child, depth + 1) for child in reversed(one.children))
    return "\n".join(lines)[:_SUMMARY]


def _code(text: str) -> str:
    return f"`{one_line(text, 300).replace('`', chr(39))}`" if text.strip() else ""


def reported(desk: Desk, sha: Sha, context: str) -> Verdict | None:
    """The verdict that we posted on exactly this commit, whole; None if there is none, or it was tampered with."""
    said = own_word(desk, sha, one_line(context))
    seal = marks.seal_of(said.text) if said is not None else ""
    if not seal:
        return None
    if seal not in desk.seen.verdicts:
        found = _read(desk, sha, one_line(context), seal)
        if found is None:
            return None
        desk.seen.keep(seal, found)
    return desk.seen.verdicts[seal]


def own_word(desk: Desk, sha: Sha, context: str) -> Said | None:
    """Our own last status of that context on a commit. What others say in the same context is not read."""
    known = desk.seen.ours.get((sha, context))
    if known is not None:
        return known
    pull = _about(desk, sha)
    if pull is not None and pull.whole and not any(said.context == context for said in pull.said):
        return None
    try:
        rows = desk.api.pages(f"{desk.path}/commits/{sha}/statuses")
    except Denied:
        return None  # a commit that GitHub does not know
    mine = [said for said in map(rest_said, rows) if said.login == desk.me.login and said.context == context]
    if mine:
        desk.seen.ours[(sha, context)] = mine[0]
    return mine[0] if mine else None


def _about(desk: Desk, sha: Sha) -> Pull | None:
    """The pull request whose row tells all statuses of this commit."""
    ended = next((pull for pull in desk.seen.ended.values() if pull.merged_as == sha), None)
    if ended is not None:
        return ended
    pull = desk.seen.by_head(sha)
    return desk.seen.known(pull.number, desk.elapsed(), desk.rules.fresh) if pull else None


def _read(desk: Desk, sha: Sha, context: str, seal: str) -> Verdict | None:
    for text in _texts(desk, sha, context):
        found = marks.verified(text, sha, context, seal)
        if found is not None:
            return found
    return None


def _texts(desk: Desk, sha: Sha, context: str) -> list[str]:
    me = desk.me
    if not me.app_id:
        rows = desk.api.pages(f"{desk.path}/commits/{sha}/comments")
        return [str(row["body"]) for row in reversed(rows) if (row.get("user") or {}).get("login") == me.login]
    path = f"{desk.path}/commits/{sha}/check-runs"
    runs = desk.api.pages(path, "check_runs", check_name=context, filter="all")
    ours = sorted((row for row in runs if rest_run(row).app == me.app_id), key=lambda row: -int(row["id"]))
    return [str((row.get("output") or {}).get("text") or "") for row in ours]


def checks(desk: Desk, sha: Sha) -> Verdict | None:
    """What required checks of other Apps say of a head."""
    pull = _about(desk, sha)
    runs = pull.runs if pull is not None and pull.state == "OPEN" and pull.whole else _runs(desk, sha)
    required = {**dict.fromkeys(desk.rules.required), **_required(desk)}
    return judging.checks(required, runs, desk.rules.trusted_apps, desk.me.app_id or -1)


def _runs(desk: Desk, sha: Sha) -> list[Run]:
    rows = desk.api.pages(f"{desk.path}/commits/{sha}/check-runs", "check_runs", filter="latest")
    return [rest_run(row) for row in rows]


def _required(desk: Desk) -> dict[str, int | None]:
    """What the base branch's rules ask for, read once a minute."""
    at, known = desk.seen.required or (0.0, {})
    if desk.seen.required is None or desk.elapsed() - at > _RULES_LAST:
        known = judging.required_by(desk.api.get(f"{desk.path}/rules/branches/{desk.base()}", per_page=str(PAGE)))
        desk.seen.required = (desk.elapsed(), known)
    return known
