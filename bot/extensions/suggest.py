"""Suggestions: a member's wish for an improvement, kept for the people and the engine that read them."""

import asyncio
from typing import Annotated

from bot.extensions import _wishes as wishes
from bot.sdk import HERE, Denied, Host, Post, Result, Unavailable, one_line, tool


@tool(
    "Take a suggestion for improving me, and plan it with you.",
    "!suggest answer faster in Spanish",
    command="suggest",
    needs=(wishes.TABLE, wishes.THREADS, "messenger"),
    timeout=6.0,
)
async def suggest_improvement(host: Host, text: Annotated[str, "the suggestion"] = "") -> Result:
    """Store what the member wrote, as it is, and open its planning: in a thread where there are threads, here where
    there are none. It decides nothing: a change goes the same way as any other."""
    text = text.strip()[: wishes.LONGEST]
    if len(text) < 8:
        return Result(
            "Say what I should do better, for example: !suggest show the time of reminders.", "too_short", ok=False
        )
    number = wishes.number_of(host.caller.user, text)
    if refusal := await asyncio.to_thread(_refusal, host, number):
        return refusal
    row = wishes.new_row(host, number, text)
    key = wishes.key_of(host.caller.user, number)
    await asyncio.to_thread(host.shelf(wishes.TABLE).put, key, row)  # kept first, whatever becomes of the thread
    thread = await _thread(host, row["id"], text)
    if thread:
        await asyncio.to_thread(host.shelf(wishes.TABLE).put, key, {**row, "thread": thread})
        plan = {"user": host.caller.user, "number": number}
        await asyncio.to_thread(host.shelf(wishes.THREADS).put, thread, plan)
    facts = {"id": number, **wishes.asking(row)}
    thanks = f"Thank you, I wrote it down as {number}."
    if thread:
        return Result(f"{thanks} Let us plan it in the thread.", "thread", facts)
    return Result(f"{thanks} {wishes.QUESTIONS[0]} (!plan ..., or !go)", facts=facts, buttons=wishes.buttons(row))


def _refusal(host: Host, number: str) -> Result | None:
    if any(row["id"] == number for _, row in wishes.mine(host)):
        return Result("I have that suggestion from you already.", "known", {"id": number})
    if wishes.full(host):
        return Result("That is enough for today; I take more suggestions tomorrow.", "too_many", ok=False)
    return None


async def _thread(host: Host, number: str, text: str) -> str:
    """A thread with the first question; empty where there can be none: then the channel is the thread."""
    caller = host.caller
    if caller.guild == HERE or "messenger" not in host.doors:
        return ""
    # No card: below a card members talk to each other, and the bot does not listen.
    said = f"Suggestion {number} of {one_line(caller.name or caller.user, 80)}:\n> {one_line(text, 1000)}"
    try:
        message = await host.messenger.send(caller.channel, Post(said, nonce=f"s{number}"))
        thread = await host.messenger.thread(caller.channel, message, one_line(text, 90))
        await host.messenger.send(thread, wishes.first(host, number))
    except (Denied, Unavailable):
        return ""
    return thread
