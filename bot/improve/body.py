"""What people read: pull request bodies, comments, the dashboard. Foreign text is shown, never obeyed."""

import re
from collections.abc import Mapping, Sequence

from bot.core.change import FileChange, Idea, Patch, Proposal
from bot.core.ids import PullNumber
from bot.core.text import one_line
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict

MARK = {
    Status.PASS: "✅ pass",
    Status.PENDING: "🕓 waits for people",
    Status.INCONCLUSIVE: "❔ inconclusive",
    Status.ERROR: "⚠️ error",
    Status.FAIL: "❌ fail",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|!@])")


def plain(text: str, limit: int = 300) -> str:
    """Foreign text made harmless for Markdown: no unseen characters, no markup, one line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, limit))


def pull_body(idea: Idea, patch: Patch, changes: Sequence[FileChange], gate: Verdict, tier: Verdict) -> str:
    """The pull request's text: finding, rationale, diff summary, evidence of every stage, tier, how to revert."""
    found = "\n".join(
        f"- `{f.path}:{f.line}` **{plain(f.rule)}** ({f.severity}): {plain(f.message)}" for f in idea.findings
    )
    files = "\n".join(f"| `{plain(str(c.path))}` | {c.action} | +{c.added} −{c.removed} |" for c in changes)
    return f"""{plain(idea.why, 1000)}

## Found
{found or "- asked for by a person"}

## Change
{plain(patch.summary, 1000)}

| file | what | lines |
|---|---|---|
{files}

Kind `{idea.kind}`, written by `{idea.author}`, claim `{idea.claim}`.{_made(patch)}

## Evidence
{evidence(gate)}

## Tier
{tree(tier)}

## How to take it back
`megawatts rollback` or `git revert -m 1` of the merge commit; the watcher does the same by itself if health goes bad.
"""


def _made(patch: Patch) -> str:
    """Which model wrote it and what that took; nothing where none did."""
    if "model" not in patch.facts:
        return ""
    named = plain(str(patch.facts["model"]), 80)
    tokens, cost = patch.facts.get("tokens", 0), patch.facts.get("cost_usd", 0.0)
    calls = patch.facts.get("tool_calls", 0)
    return (
        f"\n\n**Model-made**: written by the model {named} with {calls} tool calls, {tokens} tokens, US$ {cost}. "
        "Read it as you would a stranger's: that it looks right proves nothing; the evidence below does."
    )


def evidence(gate: Verdict) -> str:
    """The table of stages: verdict, reason, seconds."""
    rows = "\n".join(f"| {v.name} | {MARK[v.status]} | {plain(v.because)} | {v.seconds:.1f} |" for v in gate.children)
    base, head = str(gate.facts.get("base", ""))[:12], str(gate.facts.get("head", ""))[:12]
    return f"Base `{base}`, head `{head}`.\n\n| stage | verdict | because | s |\n|---|---|---|---|\n{rows}"


def tree(verdict: Verdict, depth: int = 0) -> str:
    """A verdict as a nested list."""
    line = f"{'  ' * depth}- {MARK[verdict.status]} **{plain(verdict.name)}**: {plain(verdict.because)}"
    return "\n".join([line, *(tree(child, depth + 1) for child in verdict.children)])


def dashboard(
    proposals: Sequence[Proposal], why: Mapping[PullNumber, str], tiers: Mapping[PullNumber, Tier], stop: str = ""
) -> str:
    """The one issue that lists everything open, merged and closed, each with its reason."""
    lines = ["# Megawatts dashboard", ""]
    if stop:
        lines += [f"**Stopped:** {plain(stop)}. `megawatts resume` releases it.", ""]
    groups = (
        ("Open", [p for p in proposals if not p.closed and p.merged_as is None]),
        ("Merged", [p for p in proposals if p.merged_as is not None]),
        ("Closed", [p for p in proposals if p.closed]),
    )
    for title, members in groups:
        lines += [f"## {title} ({len(members)})", ""]
        for p in sorted(members, key=lambda p: p.pull, reverse=True)[:50]:
            tier = f" tier {tiers[p.pull].value}" if p.pull in tiers else ""
            box = "- [ ] " if p.closed else "- "
            lines.append(
                f"{box}#{p.pull} {plain(p.title)} ({p.kind},{tier} {p.head[:12]}): {plain(why.get(p.pull, ''))}"
            )
        lines.append("")
    lines.append("Tick a closed one to let it be tried again.")
    return "\n".join(lines)
