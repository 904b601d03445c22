"""What the nightly measurement of the gate said last: read where trusted automation posted it, on the base branch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.verdict import Verdict
from bot.improve.context import Context

RED_TEAM = "megawatts/red-team"
TABLE, LATEST = "red_team", "latest"
BACK = 20
"""Commits of the base branch that are looked at for a new measurement: more merges than a day allows."""


@runtime_checkable
class Measures(Protocol):
    """A forge on which others than the engine report, and that knows whom of them to trust."""

    async def measured(self, sha: Sha, context: str) -> Verdict | None:
        """The last verdict of that context on a commit by trusted automation, its fact `at` the time it was posted."""
        ...


async def latest(ctx: Context, main: Sha) -> tuple[Verdict | None, datetime | None]:
    """The last measurement and its time; None for either: not known.

    Kept is only on which commit it stands, and the forge is asked anew: what other processes can write decides nothing.
    """
    row = ctx.records.get(TABLE, LATEST)
    known = _on(ctx.repo, str(row.get("sha", "")), main) if row else None
    for sha in _back(ctx.repo, main, known):
        verdict = await _asked(ctx, sha)
        if verdict is None:
            continue
        at = _moment(verdict)
        if at is not None:
            _keep(ctx, sha, verdict, at)
        return verdict, at
    return None, None


async def _asked(ctx: Context, sha: Sha) -> Verdict | None:
    if isinstance(ctx.forge, Measures):
        return await ctx.forge.measured(sha, RED_TEAM)
    return await ctx.forge.reported(sha, RED_TEAM)


def _back(repo: Repository, main: Sha, known: Sha | None) -> Iterator[Sha]:
    """The base branch from its tip, as far as the commit that is known to carry one; that one in any case."""
    sha: Sha | None = main
    for _ in range(BACK):
        if sha is None:
            return
        yield sha
        if sha == known:
            return
        sha = _parent(repo, sha)
    if known is not None:
        yield known


def _parent(repo: Repository, sha: Sha) -> Sha | None:
    try:
        return repo.resolve(f"{sha}^1")
    except Misconfigured:
        return None


def _on(repo: Repository, sha: str, main: Sha) -> Sha | None:
    """A commit that was noted, if it is one of the base branch."""
    try:
        found = repo.resolve(sha)
        return found if found == sha and repo.is_ancestor(found, main) else None
    except Misconfigured:
        return None


def _moment(verdict: Verdict) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(verdict.facts.get("at", "")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _keep(ctx: Context, sha: Sha, verdict: Verdict, at: datetime) -> None:
    row = {"sha": sha, "at": at.isoformat(), "status": verdict.status.name.lower()}
    before = ctx.records.get(TABLE, LATEST)
    if before != row:
        ctx.records.put(TABLE, LATEST, row)
