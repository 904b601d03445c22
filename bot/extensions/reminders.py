"""Reminders: stored, and handed out when they fall due."""

import re
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from bot.extensions._guild import spell
from bot.sdk import Host, Result, tool

_TABLE = "reminders"
_MOST = 25
"""Reminders that one member may have waiting."""
_LONGEST = 366 * 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(
    r"(?:me\s+)?(?:in\s+)?((?:\d{1,8}\s*(?:seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w)\b[\s,]*(?:and\s+)?)+)"
    r"(?:(?:to|that|of|about)\s+|:\s*)?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(r"(\d+)\s*([a-z])", re.IGNORECASE)


@tool("Remind you of something later.", "remind me in 10 minutes to stretch", command="remind", needs=(_TABLE,))
def set_reminder(
    host: Host,
    delay: Annotated[str, "when: 10 minutes, 2h, 1 day; or seconds"] = "",
    what: Annotated[str, "what to remind of"] = "",
) -> Result:
    """Store a reminder for the asking member. Up to a year ahead, 25 waiting at once."""
    seconds, what = _when(delay, what)
    what = what.strip(" ,.:;!?")[:400]
    if seconds <= 0:
        return Result("Say when, for example: remind me in 10 minutes to stretch.", "no_time", {"what": what}, ok=False)
    if not what:
        return Result("Say what of, for example: remind me in 10 minutes to stretch.", "no_text", ok=False)
    if seconds > _LONGEST:
        return Result("I keep reminders for up to a year; choose an earlier time.", "too_far", ok=False)
    shelf = host.shelf(_TABLE)
    prefix = quote(host.caller.user, safe="") + "/"
    if len(shelf.scan(prefix)) >= _MOST:
        text = f"You have {_MOST} reminders already. Cancel one first: !reminders shows them."
        return Result(text, "too_many", {"most": _MOST}, ok=False)
    due = host.now + timedelta(seconds=seconds)
    number = f"{host.random.getrandbits(32):08x}"
    row = {
        "id": number,
        "user": host.caller.user,
        "channel": host.caller.channel,
        "text": what,
        "due": due.isoformat(),
        "set_at": host.now.isoformat(),
    }
    shelf.put(f"{prefix}{due:%Y%m%d%H%M%S}-{number}", row)
    facts = {"what": what, "due": f"{due:%Y-%m-%d %H:%M}", "id": number[:4], "delay": spell(seconds)}
    return Result(f"I will remind you in {spell(seconds)} ({facts['due']} UTC): {what}", facts=facts)


@tool("Show your reminders.", "!reminders", command="reminders list", needs=(_TABLE,), private=True)
def list_reminders(host: Host) -> Result:
    """The asking member's reminders, earliest first; nobody else's."""
    rows = _mine(host)
    if not rows:
        return Result("You have no reminders.", "none")
    lines = "\n".join(
        f"- {row['id'][:4]}: {datetime.fromisoformat(row['due']):%Y-%m-%d %H:%M} UTC, {row['text']}" for _, row in rows
    )
    return Result(f"Your reminders:\n{lines}", facts={"list": lines, "count": len(rows)})


@tool("Cancel a reminder.", "!cancel 3f2a", command="reminders cancel", needs=(_TABLE,))
def cancel_reminder(host: Host, number: Annotated[str, "its number, or its first four characters"] = "") -> Result:
    """Delete one of the asking member's own reminders."""
    wanted = number.strip().casefold()
    for key, row in _mine(host):
        if len(wanted) >= 4 and str(row["id"]).startswith(wanted):
            host.shelf(_TABLE).delete(key)
            return Result(f"Cancelled: {row['text']}", facts={"what": str(row["text"])})
    return Result("I do not find that reminder. !reminders shows yours with their numbers.", "not_found", ok=False)


def _when(delay: str, what: str) -> tuple[int, str]:
    """Seconds from now and what is left of the words; 0 if no time is named. Seconds may come as a bare number."""
    if delay.strip().isdecimal():
        return min(int(delay), 10**9), what
    found = _DURATION.fullmatch(f"{delay} {what}".strip())
    if not found:
        return 0, what
    return sum(int(count) * _UNITS[unit.casefold()] for count, unit in _PART.findall(found[1])), found[2]


def _mine(host: Host) -> list[tuple[str, dict[str, str]]]:
    """What is owed beside reminders, such as news of a suggestion, waits on the same shelf and is none."""
    rows = host.shelf(_TABLE).scan(quote(host.caller.user, safe="") + "/")
    return sorted((key, row) for key, row in rows if not row.get("news"))
