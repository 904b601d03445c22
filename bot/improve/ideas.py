"""New ideas: find, rank, choose, write, validate, and only then publish and open a pull request."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Records
from bot.core.text import one_line
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve import board, retries
from bot.improve.act import report_gate
from bot.improve.body import plain, pull_body
from bot.improve.context import Asked, Context, commit_message
from bot.improve.doors import Analyst, Author, Profile, Workspace
from bot.improve.exposure import Ground
from bot.improve.impact import Impact, Written, impact_of
from bot.improve.knowledge import BAD, Knowledge, Outcome, Result, rule_of, strategy_labels
from bot.improve.look import View
from bot.improve.provenance import begin
from bot.improve.ranking import Scales, ranked
from bot.improve.requests import granted, pin, unpin, wished
from bot.improve.reverts import shunned
from bot.policy.intake import Past, choose, people_room
from bot.policy.tier import Ruling, only_adds, tier_of

FRAGMENTS = PurePosixPath("changelog.d")
MODEL_MADE = "model-made"
"""Label of proposals that a model wrote."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Those who find and those who write, in the order in which they are asked."""

    analysts: tuple[Analyst, ...]
    authors: tuple[Author, ...]
    profile: Callable[[Sha], Profile]
    only_requested: bool = False
    """Whether ideas are tried only when a person asked for their author."""
    cache: Path | None = None
    """The gate's own, which holds what tests run; None: nothing is known of coverage."""
    feeds: Mapping[str, str] = field(default_factory=dict)
    """Author by analyst, for analysts whose findings only one author can use: not asked when that author is not."""

    def author(self, name: str) -> Author | None:
        return next((a for a in self.authors if a.name == name), None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one idea went: the commit and the gate's verdict if it was written, the reason if it was not."""

    idea: Idea
    head: Sha | None
    verdict: Verdict
    pull: int = 0
    impact: Impact = field(default_factory=Impact)


async def find(shop: Workshop, work: Workspace, ctx: Context) -> tuple[Finding, ...]:
    """All findings on this tree. An analyst that breaks is named and skipped: the others' findings still count."""
    profile = shop.profile(work.sha)
    found: list[Finding] = []
    for analyst in asked(shop, ctx.records):
        try:
            some = await analyst.find(work, profile)
        except Exception as error:  # noqa: BLE001  (one broken analyst must not stop the loop)
            ctx.say("analyst failed", {"analyst": analyst.name, "because": f"{type(error).__name__}: {error}"})
            continue
        ctx.say("found", {"analyst": analyst.name, "findings": len(some)})
        found += some
    return tuple(found)


def asked(shop: Workshop, records: Records) -> tuple[Analyst, ...]:
    """The analysts to ask: all, or where only requests count those that can lead to what was requested."""
    if not shop.only_requested:
        return shop.analysts
    wanted = {str(row.get("author", "")) for _key, row in records.scan("requests")}
    return tuple(a for a in shop.analysts if wanted and ("" in wanted or shop.feeds.get(a.name, "") in {"", *wanted}))


def offered(shop: Workshop, findings: Sequence[Finding]) -> tuple[Idea, ...]:
    """What the authors would take on. One idea of each id."""
    return tuple({idea.id: idea for author in shop.authors for idea in author.ideas(findings)}.values())


async def propose(ctx: Context, shop: Workshop, seen: View) -> Attempt | None:
    """Try the best idea that quotas allow. None: there is nothing to try now."""
    now = ctx.clock()
    knowledge = Knowledge(ctx.records)
    unpin(ctx.records, seen.proposals)
    past = await _past(ctx, seen, knowledge)
    async with ctx.checkout(seen.main) as work:
        findings = await find(shop, work, ctx)
        scales = Scales(work, shop.profile(work.sha), seen.charter, shop.cache)
        order = await ranked(offered(shop, findings), knowledge.active(now), now, scales)
        wanted = wished(order.ideas, ctx.records, only=shop.only_requested)
        intake = choose(wanted, seen.proposals, past, seen.charter, now)
        board.queue(ctx.records, intake, {idea.id: order.because(idea) for idea in wanted})
        top = order.table(wanted[:20])
        ctx.say("ranked", {"findings": len(findings), "ideas": len(wanted), "chosen": len(intake.chosen), "top": top})
        # Requested ideas keep their place before more valuable ones.
        for idea in sorted(intake.chosen, key=wanted.index):
            crowded = people_room(seen.proposals, past, seen.charter) <= 0
            attempt = await carry_out(ctx, shop, seen, idea, work, crowded=crowded, ground=order.ground)
            if attempt.head is not None:
                granted(ctx.records, idea)
                return attempt
    return None


async def _past(ctx: Context, seen: View, knowledge: Knowledge) -> Past:
    """What intake has to know of earlier ideas. An author's own no is asked again when the base branch has moved."""
    pardons = retries.pardons(ctx.records)
    known = [o for o in knowledge.everything() if not pardons.of(o)]
    refused = [o.idea for o in known if o.result in BAD or (o.result is Result.UNWRITTEN and o.base == seen.main)]
    # What people closed stays closed, unless they ask for it again: they need not say so twice.
    refused += [p.idea for p in seen.proposals if p.closed and p.idea and not pardons.closed(p)]
    waiting = [p for p in seen.proposals if not p.closed and p.merged_as is None]
    parked = [p.pull for p in waiting if p.draft or await ctx.forge.asked_on(p.pull) == p.head]
    return Past(refused, [p.opened for p in seen.proposals if p.by_engine], parked)


async def carry_out(
    ctx: Context,
    shop: Workshop,
    seen: View,
    idea: Idea,
    work: Workspace,
    *,
    crowded: bool = False,
    ground: Ground | None = None,
) -> Attempt:
    """Write one idea, validate it, publish it. The branch is pushed only after the gate has spoken well of it.

    `crowded`: enough waits for people, so that what turns out to need them is kept for later.
    """
    patch = await _write(shop, idea, work)
    if isinstance(patch, Refusal):
        return _declined(ctx, idea, Result.UNWRITTEN, patch.because, "" if patch.later else seen.main)
    idea = as_written(idea, patch)
    patch = with_fragment(idea, patch, ctx, seen.main)
    title = title_of(idea)
    message = commit_message(title, patch.summary, idea.id, patch) + retries.trailer(ctx.records, idea.id)
    head = ctx.repo.commit(patch, message, author="megawatts[bot]")
    ctx.say("written", {"idea": idea.id, "title": title, "head": head, "author": idea.author})
    known = shunned.known(ctx.records, ctx.repo, seen.main, head)
    if known is not None:
        return _declined(ctx, idea, Result.REFUSED, f"the same change was taken back before (#{known['pull']})")
    verdict = await _judged(ctx, Asked(seen.main, head, idea.claim, idea.kind, label=title), idea)
    if verdict.status not in {Status.PASS, Status.PENDING}:
        return replace(_declined(ctx, idea, Result.REFUSED, verdict.because), verdict=verdict)
    ruling = _ruled(ctx, seen, idea, head)
    because = ruling.because
    if not because.passed:  # the gate has said so too, unless somebody got at it
        return replace(_declined(ctx, idea, Result.REFUSED, f"never pushed: {because.because}"), verdict=because)
    if crowded and (verdict.status is Status.PENDING or ruling.tier > Tier.SAFE):
        return _declined(ctx, idea, Result.UNWRITTEN, "people have enough to look at; it is kept for later", seen.main)
    changes = tuple(ctx.repo.changes(seen.main, head))
    written = Written(idea, seen.main, head, changes, verdict, ruling.tier, ground, shop.profile(work.sha))
    impact = await asyncio.to_thread(impact_of, written, ctx.repo, Knowledge(ctx.records).outcomes())
    return await publish(ctx, seen, Attempt(idea, head, verdict, impact=impact), patch)


async def _judged(ctx: Context, asked: Asked, idea: Idea) -> Verdict:
    """The gate's verdict. Of an idea that a person wants tried again it really judges again, once for each time that
    it was asked: on a base that has not moved, the same edit would else get the answer that is kept."""
    again = retries.due(ctx.records, idea.id)
    verdict = await ctx.validate(replace(asked, anew=again > 0))
    if again:
        retries.done(ctx.records, idea.id, again)
    return verdict


def _ruled(ctx: Context, seen: View, idea: Idea, head: Sha) -> Ruling:
    """What the charter at the base says of the change, whatever the gate said: the first of the three locks."""
    changes = ctx.repo.changes(seen.main, head)
    paths = frozenset(path for change in changes for path in change.paths)
    return tier_of(paths, idea.kind, idea.origin, only_adds(changes), seen.charter)


def as_written(idea: Idea, patch: Patch) -> Idea:
    """The idea with the kind and the claim of its patch, where an author has found out only by writing it."""
    kind = Kind(str(patch.facts.get("kind", idea.kind.value)))
    return replace(idea, kind=kind, claim=Claim(str(patch.facts.get("claim", idea.claim.value))))


def title_of(idea: Idea) -> str:
    """A conventional commit subject."""
    return f"{_PREFIX.get(idea.kind, 'chore')}: {one_line(idea.title, 90)}"


async def publish(ctx: Context, seen: View, attempt: Attempt, patch: Patch) -> Attempt:
    """Push the branch, post the verdict, open the pull request: three effects, each repeatable by name."""
    idea, head, title = attempt.idea, attempt.head, title_of(attempt.idea)
    assert head is not None  # noqa: S101  (the caller wrote it)
    changes = ctx.repo.changes(seen.main, head)
    ruling = _ruled(ctx, seen, idea, head).because
    branch = f"megawatts/{idea.id}"
    there = await ctx.forge.branch(branch)
    await _still_wanted(ctx, seen, idea)
    pin(ctx.records, idea, ctx.clock())
    await begin(ctx, idea, head)
    ctx.crash_point("propose.before_push")
    # A branch without a pull request is what a kill left here: nobody else may use the engine's names.
    await ctx.forge.publish(ctx.repo, branch, head, expecting=there)
    ctx.crash_point("propose.pushed")
    verdict = await report_gate(ctx, attempt.verdict, seen.main, head)
    ctx.crash_point("propose.reported")
    effects, weighed = attempt.impact.effects, attempt.impact.risk
    body = pull_body(idea, patch, changes, verdict, ruling, effects=effects, weighed=weighed)
    made = (MODEL_MADE,) if "model" in patch.facts else ()
    labels = ("megawatts", idea.kind.value, *strategy_labels(idea), *made)
    pull = await ctx.forge.open(branch, title, body, idea, labels=labels)
    ctx.crash_point("propose.opened")
    Knowledge(ctx.records).remember(outcome(ctx, idea, Result.OPEN, "proposed", pull))
    ctx.crash_point("propose.remembered")
    ctx.audit.append("controller", "propose", f"#{pull}", idea.title, {"head": head, "idea": idea.id})
    ctx.crash_point("propose.audited")
    ctx.say("proposed", {"pull": pull, "title": title, "head": head, "idea": idea.id, "kind": idea.kind.value})
    return replace(attempt, verdict=verdict, pull=pull)


async def _still_wanted(ctx: Context, seen: View, idea: Idea) -> None:
    """Denied if people stopped everything, or another controller proposed the idea, while it was being validated."""
    if ctx.switch.state() is not None:
        raise Denied(f"stopped before it was proposed: {idea.title}")
    known = {p.pull for p in seen.proposals}
    twin = next(
        (p for p in await ctx.forge.proposals(everything=True) if p.idea == idea.id and p.pull not in known), None
    )
    if twin is not None:
        raise Denied(f"the same idea was proposed meanwhile as #{twin.pull}")


async def _write(shop: Workshop, idea: Idea, work: Workspace) -> Patch | Refusal:
    author = shop.author(idea.author)
    if author is None:
        return Refusal(f"no author is named {idea.author}")
    try:
        return await author.write(idea, work, shop.profile(work.sha))
    except Exception as error:  # noqa: BLE001  (one broken author must not stop the loop)
        return Refusal(f"{idea.author} broke: {type(error).__name__}: {error}")


def with_fragment(idea: Idea, patch: Patch, ctx: Context, base: Sha) -> Patch:
    """The changelog entry travels in the proposal, where the repository keeps such entries."""
    if not any(FRAGMENTS in path.parents for path in ctx.repo.files(base)):
        return patch
    if any(FRAGMENTS in path.parents for path in patch.files):
        return patch
    path = FRAGMENTS / f"{idea.id}.{idea.kind.value}.md"
    return replace(patch, files={**patch.files, path: f"{one_line(idea.title, 120)}\n".encode()})


def _declined(ctx: Context, idea: Idea, result: Result, because: str, base: str = "") -> Attempt:
    Knowledge(ctx.records).remember(replace(outcome(ctx, idea, result, because), base=base))
    ctx.say(
        "declined",
        {"idea": idea.id, "title": idea.title, "result": result.value, "because": because, "kind": idea.kind.value},
    )
    return Attempt(idea, None, Verdict("write", Status.FAIL, because))


def outcome(ctx: Context, idea: Idea, result: Result, because: str, pull: int = 0) -> Outcome:
    """The row that is remembered of an idea."""
    return Outcome(
        idea.id,
        idea.author,
        rule_of(idea),
        idea.kind.value,
        result,
        plain(because, 500),
        ctx.clock(),
        plain(idea.title),
        pull,
        paths=tuple(str(finding.path) for finding in idea.findings),
        suggestions=tuple(str(f.evidence["suggestion"]) for f in idea.findings if "suggestion" in f.evidence),
    )


_PREFIX = {
    "refactor": "refactor",
    "fix": "fix",
    "feature": "feat",
    "test": "test",
    "docs": "docs",
    "behaviour": "feat",
    "tool": "feat",
    "configuration": "perf",
}
"""Conventional commit types by kind of change (conventionalcommits.org)."""
