"""A change that was taken back comes again as a draft, with a test that replays the failure where one was captured."""

from pathlib import PurePosixPath

from bot.core.change import Idea, Kind, Origin, Patch, Proposal
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.sandbox import Limits
from bot.core.tier import Tier
from bot.core.verdict import Verdict
from bot.improve.body import plain, tree
from bot.improve.context import GATE, Context, commit_message
from bot.improve.ideas import outcome
from bot.improve.knowledge import Knowledge, Result, strategy_labels
from bot.improve.look import View
from bot.improve.provenance import begin
from bot.improve.reverts.capture import TABLE as FAILURES
from bot.improve.reverts.capture import captured
from bot.policy.reland import LABEL, Captured, carried, idea_of, missing, path_of_test, text_of_test, wanted
from bot.policy.tier import only_adds, tier_of

TABLE = "relands"
"""Merges that do not come again by themselves, and why."""
AUTHOR = "re-land"
LIMITS = Limits(seconds=120.0)
FAILED = 1
"""Exit code of pytest when tests ran and some failed (docs.pytest.org, exit codes)."""


def due(ctx: Context, seen: View) -> tuple[tuple[Proposal, Proposal], ...]:
    """Changes and their healthy reverts of which no draft was offered yet, and none was ruled out."""
    there = {p.idea for p in seen.proposals}
    found = []
    for revert in seen.proposals:
        settled = seen.settled.get(revert.pull)
        if revert.reverts is None or revert.reverts_only or settled is None or not settled.passed:
            continue
        original = next((p for p in seen.proposals if p.merged_as == revert.reverts), None)
        if original is None or idea_of(revert.reverts) in there or ctx.records.get(TABLE, revert.reverts) is not None:
            continue
        if (row := ctx.records.get(FAILURES, revert.reverts)) is not None and row.get("by") == "watch":
            found.append((original, revert))
    return tuple(found)


async def offer(ctx: Context, seen: View, original: Proposal, revert: Proposal) -> PullNumber | None:
    """Open the draft, or say on the reverted proposal why there is none. Each effect may be repeated."""
    merged = Sha(str(original.merged_as))
    failure = captured(ctx.records, original, await ctx.forge.reported(original.head, GATE))
    assert failure is not None  # noqa: S101  (what is due was captured)
    files, edited = carried(original.paths, {p: _sides(ctx, original, merged, seen.main, p) for p in original.paths})
    edited += _odd(ctx, original, merged)
    tier = _tier(ctx, seen, original, merged)
    why = wanted(original, tier, seen.settled.get(revert.pull))
    if not why.passed:
        await _not_offered(ctx, original, merged, why.because)
        return None
    if edited or not files:
        names = ", ".join(map(str, edited[:5])) or "nothing is left of it"
        because = f"later edits or modes of files are in the way, a person brings it again: {names}"
        await _not_offered(ctx, original, merged, because)
        return None
    test = text_of_test(failure) if _may_be_added(seen, path_of_test(merged)) else ""
    proved = bool(test) and await _replays(ctx, seen.main, files, path_of_test(merged), test)
    tested = {path_of_test(merged): test.encode()} if proved else {}
    patch = Patch(seen.main, {**files, **tested})
    return await _open(ctx, original, patch, failure, _body(original, failure, why, proved=proved))


def _sides(
    ctx: Context, original: Proposal, merged: Sha, main: Sha, path: PurePosixPath
) -> tuple[bytes | None, bytes | None, bytes | None]:
    return ctx.repo.read(original.base, path), ctx.repo.read(merged, path), ctx.repo.read(main, path)


def _odd(ctx: Context, original: Proposal, merged: Sha) -> tuple[PurePosixPath, ...]:
    """Files whose mode is part of the change: a patch carries contents only."""
    changes = ctx.repo.changes(original.base, merged)
    return tuple(c.path for c in changes if c.action == "type" or (c.action != "modify" and c.mode != "100644"))


def _tier(ctx: Context, seen: View, original: Proposal, merged: Sha) -> Tier:
    """By the charter as it is now."""
    adds = only_adds(ctx.repo.changes(original.base, merged))
    return tier_of(original.paths, original.kind, original.origin, adds, seen.charter).tier


def _may_be_added(seen: View, path: PurePosixPath) -> bool:
    """Whether the charter leaves a new test at that place to the engine: in a sealed one it would close the draft."""
    return tier_of([path], Kind.TEST, Origin.ANALYST, [str(path)], seen.charter).tier is not Tier.SEALED


async def _not_offered(ctx: Context, original: Proposal, merged: Sha, because: str) -> None:
    text = f"This does not come again by itself: {plain(because)}."
    await ctx.forge.comment(original.pull, text, marker="re-land")
    ctx.records.add(TABLE, merged, {"pull": original.pull, "because": because})
    ctx.say("reland_not_offered", {"pull": original.pull, "because": because})


async def _replays(
    ctx: Context, main: Sha, files: dict[PurePosixPath, bytes | None], path: PurePosixPath, test: str
) -> bool:
    """Whether the test fails with the change and passes without it, in the sandbox. Anything else proves nothing."""
    made = {path: test.encode()}
    bad = ctx.repo.commit(Patch(main, {**files, **made}), "replay with the change", author="megawatts[bot]")
    well = ctx.repo.commit(Patch(main, made), "replay without the change", author="megawatts[bot]")
    return await _ends(ctx, bad, path) == FAILED and await _ends(ctx, well, path) == 0


async def _ends(ctx: Context, sha: Sha, path: PurePosixPath) -> int | None:
    async with ctx.checkout(sha) as work:
        argv = ["{python}", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        done = await work.run(argv, limits=LIMITS)
    return None if done.limit else done.code


async def _open(ctx: Context, original: Proposal, patch: Patch, failure: Captured, body: str) -> PullNumber:
    idea = _idea(original, failure)
    title = f"re-land: {original.title}"
    message = commit_message(title, f"Brings #{original.pull} again.", idea.id, patch)
    head = ctx.repo.commit(patch, message, author="megawatts[bot]")
    branch = f"megawatts/{idea.id}"
    if ctx.switch.state() is not None:
        raise Denied(f"stopped before #{original.pull} was brought again")
    await begin(ctx, idea, head)
    ctx.crash_point("reland.before_push")
    await ctx.forge.publish(ctx.repo, branch, head, expecting=await ctx.forge.branch(branch))
    ctx.crash_point("reland.pushed")
    labels = ("megawatts", original.kind.value, LABEL, *strategy_labels(idea))
    pull = await ctx.forge.open(branch, title, body, idea, labels=labels, draft=True)
    ctx.crash_point("reland.opened")
    # As a restart would note it from what the forge shows.
    Knowledge(ctx.records).remember(outcome(ctx, idea, Result.OPEN, "brought again as a draft", pull))
    ctx.audit.append("controller", "propose", f"#{pull}", title, {"head": head, "idea": idea.id})
    tested = path_of_test(failure.merged) in patch.files
    ctx.say("relanded", {"pull": pull, "of": original.pull, "tested": tested})
    return pull


def _idea(original: Proposal, failure: Captured) -> Idea:
    return Idea(
        id=idea_of(failure.merged),
        title=original.title,
        why=f"#{original.pull} was taken back: {failure.because}",
        kind=original.kind,
        origin=original.origin,
        author=AUTHOR,
        asked_by=original.asked_by,
        claim=original.claim,
    )


def _body(original: Proposal, failure: Captured, why: Verdict, *, proved: bool) -> str:
    seen = f"\n\n## What was seen\n{tree(failure.health)}" if failure.health is not None else ""
    return (
        f"The same change as #{original.pull}, which was taken back: {plain(failure.because, 500)}. "
        f"{plain(why.because)}.\n\n**This is a draft. It is never merged before a person says that it is ready.**\n\n"
        f"## Test\n{plain(missing(failure, replays=proved), 1000)}{seen}\n"
    )
