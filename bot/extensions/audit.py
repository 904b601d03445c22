"""The audit log, for admins: searched and verified."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from bot.extensions._rights import ADMIN, at_home, lacking, no
from bot.sdk import Host, Result, Unavailable, one_line, tool

_MOST = 15


@tool(
    "Search the audit log: who did what to what, and why (admins).",
    "!audit search override",
    command="audit search",
    needs=("audit", "guilds"),
    private=True,
    timeout=5.0,
)
async def search_audit(
    host: Host,
    words: Annotated[str, "what to look for; empty: the newest"] = "",
) -> Result:
    """Newest first. An admin of another server than the home one sees what concerns that server alone."""
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    try:
        entries: Sequence[Any] = await asyncio.to_thread(host.audit.entries)
    except Unavailable as error:
        return no(f"{error}. Please try again later.")
    wanted = [word.casefold() for word in words.split()]
    found = [entry for entry in reversed(entries) if _ours(host, entry) and _has(entry, wanted)]
    if not found:
        return Result("The audit log holds nothing of that kind.", "none")
    lines = "\n".join(_line(entry) for entry in found[:_MOST])
    return Result(f"{len(found)} entries, the newest first:\n{lines}", facts={"count": len(found), "list": lines})


@tool(
    "Verify that the audit log is whole (admins).",
    "!audit verify",
    command="audit verify",
    needs=("audit", "guilds"),
    private=True,
    timeout=10.0,
)
async def verify_audit(host: Host) -> Result:
    """Recompute the chain of hashes; the first broken link is named."""
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    verdict = await asyncio.to_thread(host.audit.verify)
    if verdict.passed:
        return Result(f"The audit log is whole: {verdict.because}.", facts={"because": verdict.because})
    text = f"The audit log is BROKEN: {verdict.because}. Keep it as it is and tell a maintainer."
    return Result(text, "broken", {"because": verdict.because}, ok=False)


def _ours(host: Host, entry: Any) -> bool:
    """At home everything; elsewhere what names this server."""
    guild = str(host.caller.guild)
    return at_home(host) or entry.facts.get("guild") == guild or entry.subject == f"guild {guild}"


def _has(entry: Any, wanted: list[str]) -> bool:
    text = " ".join((entry.actor, entry.act, entry.subject, entry.reason, *entry.facts.values())).casefold()
    return all(word in text for word in wanted)


def _line(entry: Any) -> str:
    reason = f": {one_line(entry.reason, 100)}" if entry.reason else ""
    what = f"{one_line(entry.actor, 40)}, {entry.act} {one_line(entry.subject, 60)}"
    return f"- {entry.number} {entry.at:%Y-%m-%d %H:%M} {what}{reason}"
