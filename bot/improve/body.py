"""What people read: pull request bodies, comments, the dashboard. Foreign text is shown, never obeyed."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.change import Claim, FileChange, Idea, Kind, Patch, Severity
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict
from bot.policy.impact import Effect, Level
from bot.policy.risk import Risk

MARK = {
    Status.PASS: "✅ pass",
    Status.PENDING: "🕓 waits for people",
    Status.INCONCLUSIVE: "❔ inconclusive",
    Status.ERROR: "⚠️ error",
    Status.FAIL: "❌ fail",
}
LEVEL: Mapping[Level, str] = {"none": "none", "some": "⚠️ some", "grave": "❗ look here", "unknown": "❔ not known"}
_UNSEEN = frozenset({Kind.TEST, Kind.DOCS})
DASHBOARD_LIMIT = 60_000
"""Characters. GitHub takes 65,536 of an issue."""
MOST_ROWS = 40
_IDEA = re.compile(r"[0-9a-f]{12}")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|!@])")


def plain(text: str, limit: int = 300) -> str:
    """Foreign text made harmless for Markdown: no unseen characters, no markup, one line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, limit))


def pull_body(
    idea: Idea,
    patch: Patch,
    changes: Sequence[FileChange],
    gate: Verdict,
    tier: Verdict,
    *,
    effects: Sequence[Effect] = (),
    weighed: Risk | None = None,
) -> str:
    """The pull request's text: finding, rationale, diff summary, impact, evidence of every stage, tier, risk, how to
    revert. `effects`: the report on the change as it was written; `weighed`: its risk."""
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

## Impact
{impact(idea, changes)}{table(effects)}

## Evidence
{evidence(gate)}

## Tier
{tree(tier)}

## Risk
{_weighed(weighed)}{risk(changes, gate)}

## How to take it back
`megawatts rollback` or `git revert -m 1` of the merge commit; the watcher does the same by itself if health goes bad.
"""


def impact(idea: Idea, changes: Sequence[FileChange]) -> str:
    """How much is touched and where, and whether anybody is to notice."""
    parts = Counter(_part(change) for change in changes)
    where = ", ".join(f"{count} in `{plain(name)}`" for name, count in sorted(parts.items()))
    lines = f"+{sum(c.added for c in changes)} −{sum(c.removed for c in changes)} lines"
    grave = max((f.severity for f in idea.findings), key=list(Severity).index, default=None)
    felt = (
        "no user is to notice it" if idea.claim is Claim.PRESERVING or idea.kind in _UNSEEN else "users may notice it"
    )
    found = f" What was found is of {grave} severity." if grave is not None else ""
    return f"{len(changes)} files ({where}), {lines}; {felt}.{found}"


def table(effects: Sequence[Effect]) -> str:
    """The report, one row for each side of the product; nothing where none was made."""
    if not effects:
        return ""
    rows = "\n".join(f"| {plain(one.on)} | {LEVEL[one.level]} | {plain(one.because, 240)} |" for one in effects)
    return f"\n\n| on | effect | because |\n|---|---|---|\n{rows}"


def _weighed(of: Risk | None) -> str:
    return f"- {of.value:.2f} times that of the least change: {plain(of.because)}\n" if of is not None else ""


def risk(changes: Sequence[FileChange], gate: Verdict) -> str:
    """What the evidence does not cover, and what is hard to read. Named, since green stages do not show it."""
    idle = gate.facts.get("not_applicable", [])
    waits = [stage.name for stage in gate.children if stage.status is Status.PENDING]
    gone = [str(c.path) for c in changes if c.action == "delete"]
    dark = [str(c.path) for c in changes if c.binary]
    told = {
        "a person has to judge what these stages saw": waits,
        "these stages had nothing to look at": sorted(idle) if isinstance(idle, list | dict) else [],
        "taken away": gone,
        "not readable as text": dark,
    }
    lines = [f"- {what}: {', '.join(plain(name, 80) for name in names[:8])}" for what, names in told.items() if names]
    return "\n".join([*lines, "- once it is live its health is watched, and it is taken back if that goes bad"])


def _part(change: FileChange) -> str:
    """The top folder, or the file itself at the top."""
    return change.path.parts[0] + ("/" if len(change.path.parts) > 1 else "")


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


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the dashboard: what it is about, and why it stands where it stands."""

    title: str
    because: str
    pull: int = 0
    idea: str = ""
    about: str = ""
    """Kind, tier and the like: the house's own words."""
    box: bool = False
    """Whether people may tick it."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one heading, the most important first; `note` says what people can do there."""

    title: str
    rows: Sequence[Row]
    note: str = ""


def dashboard(sections: Sequence[Section], stop: str = "") -> str:
    """The one issue that lists everything, each with its reason. Bounded: what does not fit is counted."""
    lines = ["# Megawatts dashboard", ""]
    if stop:
        lines += [f"**Stopped:** {plain(stop)}. `megawatts resume` releases it.", ""]
    room = (DASHBOARD_LIMIT - 1_000) // max(len(sections), 1)
    for section in sections:
        lines += [f"## {section.title} ({len(section.rows)})", "", *_shown(section.rows, room), ""]
        if section.note and section.rows:
            lines += [section.note, ""]
    return "\n".join(lines)


def _shown(rows: Sequence[Row], room: int) -> list[str]:
    lines: list[str] = []
    for row in rows[:MOST_ROWS]:
        line = _line(row)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    left = len(rows) - len(lines)
    return [*lines, f"- and {left} more"] if left else lines


def _line(row: Row) -> str:
    """A box is told by the idea's name, which no foreign word can stand in for: it is the first thing on its line."""
    idea = row.idea if _IDEA.fullmatch(row.idea) else ""
    words = [f"`{idea}`" if idea else "", f"#{row.pull}" if row.pull else "", plain(row.title, 120)]
    words.append(f"({row.about})" if row.about else "")
    head = " ".join(word for word in words if word)
    return f"- {'[ ] ' if row.box and idea else ''}{head}: {plain(row.because, 300)}"
