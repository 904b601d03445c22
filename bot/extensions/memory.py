"""What is kept of a member, in their own hands: shown, exported, forgotten, consented to."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from bot.sdk import HERE, File, Host, Result, one_line, tool

_OWN = ("reminders", "suggestions", "notes")
"""Shelves that hold what a member gave by command, by user."""
_NEEDS = ("memories", *_OWN)
_ALL = frozenset({"all", "everything", "alles", "tout", "todo"})


@tool("Show what I remember of you.", "!memory show", command="memory show", needs=_NEEDS, private=True)
async def show_memory(host: Host) -> Result:
    """Facts with when they were said and a number to forget each by, and what else is kept. In a server: those said
    there; in a direct message: all."""
    kept = await asyncio.to_thread(_kept, host)
    else_ = ", ".join(f"{len(rows)} {name}" for name, rows in kept.items() if rows) or "nothing"
    if "memories" not in host.doors:
        text = f"I have no long-term memory here. I keep the latest lines of each channel, and of yours: {else_}."
        return Result(text, "none_here", {"else": else_})
    user, guild = host.caller.user, host.caller.guild
    consents = await host.memories.consents(user)
    facts = await host.memories.show(user, None if guild == HERE else guild)
    lines = "\n".join(
        f"- {fact.id[:8]} ({fact.topic}, {fact.at:%Y-%m-%d}): {one_line(fact.text, 200)}" for fact in facts
    )
    found: dict[str, str | int | float] = {"list": lines, "count": len(facts), "else": else_}
    if not consents:
        text = f"I learn nothing about you: you have not allowed it (!memory opt-in). I keep of yours: {else_}."
        return Result(text + (f"\n{lines}" if lines else ""), "no_consent", found)
    if not facts:
        return Result(f"I remember nothing about you yet. I keep of yours: {else_}.", "empty", found)
    text = f"I remember of you:\n{lines}\nBesides: {else_}. !memory forget NUMBER, TOPIC or all deletes it."
    return Result(text, facts=found)


@tool(
    "Export everything I keep of you, as a JSON file.",
    "!memory export",
    command="memory export",
    needs=_NEEDS,
    private=True,
    timeout=10.0,
)
async def export_memory(host: Host) -> Result:
    """One file, for the member's eyes only."""
    held: dict[str, Any] = {"user": host.caller.user, "at": host.now.isoformat()}
    if "memories" in host.doors:
        held["memory"] = dict(await host.memories.export(host.caller.user))
    held |= {name: [row for _, row in rows] for name, rows in (await asyncio.to_thread(_kept, host)).items()}
    content = json.dumps(held, ensure_ascii=False, indent=2, default=str).encode()
    return Result(
        "Here is everything that I keep of you.",
        "file",
        {"bytes": len(content)},
        files=(File("megawatts-memory.json", content),),
    )


@tool(
    "Forget what I know of you for good: all, one topic or one fact.",
    "!memory forget all",
    command="memory forget",
    needs=_NEEDS,
    destructive=True,
    private=True,
    timeout=20.0,
)
async def forget_memory(host: Host, what: Annotated[str, "all, a topic, or a fact's number"] = "all") -> Result:
    """Deletes at once, on every store. It cannot be undone."""
    wanted = what.strip().casefold() or "all"
    if wanted in _ALL:
        rows = await asyncio.to_thread(_clear, host)  # first: memory clears these shelves too, and counts facts alone
        facts = await host.memories.forget(host.caller.user) if "memories" in host.doors else 0
        text = f"Forgotten: {facts} facts about you, and {rows} reminders, suggestions and notes."
        return Result(text, "all", {"facts": facts, "rows": rows})
    if "memories" not in host.doors:
        return Result(
            "I have no long-term memory here, so that there is only: !memory forget all", "none_here", ok=False
        )
    number = next(
        (f.id for f in await host.memories.show(host.caller.user) if len(wanted) >= 6 and f.id.startswith(wanted)), ""
    )
    gone = await host.memories.forget(host.caller.user, fact=number, topic="" if number else wanted)
    if not gone:
        text = f"I remember nothing of you under {wanted[:60]!r}. !memory show lists what there is."
        return Result(text, "not_found", {"what": wanted[:60]}, ok=False)
    return Result(f"Forgotten: {gone} facts about you.", "some", {"facts": gone, "count": gone})


@tool(
    "Let me remember facts that you tell of yourself.",
    "!memory opt-in",
    command="memory opt-in",
    needs=("memories", "book"),
    private=True,
)
async def opt_in(host: Host) -> Result:
    """Consent, given by the member alone and for themselves alone."""
    if "memories" not in host.doors:
        return Result("I have no long-term memory here; there is nothing to allow.", "none_here", ok=False)
    if "book" in host.doors and not host.book.read(host.caller.guild).memory:
        return Result(
            "The admins of this server have switched my memory off; ask me in a direct message.", "off", ok=False
        )
    await host.memories.consent(host.caller.user, given=True)
    return Result(
        "From now on I remember what you tell me of yourself. "
        "!memory show lists it, !memory forget deletes it, !memory opt-out ends it."
    )


@tool(
    "Stop learning about you, and forget what I learned.",
    "!memory opt-out",
    command="memory opt-out",
    needs=("memories",),
    private=True,
)
async def opt_out(host: Host) -> Result:
    """Withdraws consent; what was learned is forgotten at once."""
    if "memories" in host.doors:
        await host.memories.consent(host.caller.user, given=False)
    return Result("I learn nothing more about you, and I have forgotten what I had learned.")


def _kept(host: Host) -> dict[str, Sequence[tuple[str, dict[str, Any]]]]:
    prefix = quote(host.caller.user, safe="") + "/"
    return {name: host.shelf(name).scan(prefix) for name in _OWN}


def _clear(host: Host) -> int:
    count = 0
    for name, rows in _kept(host).items():
        for key, _ in rows:
            host.shelf(name).delete(key)
            count += 1
    return count
