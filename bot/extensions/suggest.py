"""Suggestions: a member's wish for an improvement, kept for the people and the engine that read them."""

import hashlib
from typing import Annotated
from urllib.parse import quote

from bot.sdk import Host, Result, tool

_TABLE = "suggestions"
_MOST_PER_DAY = 5


@tool("Take a suggestion for improving me.", "!suggest answer faster in Spanish", needs=(_TABLE,))
def suggest_improvement(host: Host, text: Annotated[str, "the suggestion"] = "") -> Result:
    """Store what the member wrote, as it is. It decides nothing: a change goes the same way as any other."""
    text = text.strip()[:1000]
    if len(text) < 8:
        return Result(
            "Say what I should do better, for example: !suggest show the time of reminders.", "too_short", ok=False
        )
    shelf, user = host.shelf(_TABLE), host.caller.user
    number = hashlib.sha256(f"{user}\0{text.casefold()}".encode()).hexdigest()[:12]
    mine = [row for _, row in shelf.scan() if row["user"] == user]
    if any(row["id"] == number for row in mine):
        return Result("I have that suggestion from you already.", "known", {"id": number})
    if sum(row["at"][:10] == host.now.isoformat()[:10] for row in mine) >= _MOST_PER_DAY:
        return Result("That is enough for today; I take more suggestions tomorrow.", "too_many", ok=False)
    row = {"id": number, "user": user, "text": text, "at": host.now.isoformat()}
    shelf.put(f"{quote(user, safe='')}/{number}", row)
    return Result(f"Thank you, I wrote it down as {number}.", facts={"id": number})
