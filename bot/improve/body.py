"""What people read: pull request bodies, comments, the dashboard. Foreign text is shown, never obeyed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.change import FileChange, Idea, Patch
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

MARK = {
    Status.PASS: "✅ pass",
    Status.PENDING: "🕓 waits for people",
    Status.INCONCLUSIVE: "❔ inconclusive",
    Status.ERROR: "⚠️ error",
    Status.FAIL: "❌ fail",
}
DASHBOARD_LIMIT = 60_000
"""Characters. GitHub takes 65,536 of an issue."""
MOST_ROWS = 40
_IDEA = re.compile(r"[0-9a-f]{12}")
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
