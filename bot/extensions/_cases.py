"""The case log of a server: what was done to whom, by whom and why; read and written by moderators only."""

import asyncio
from datetime import datetime
from typing import Any

from bot.sdk import Host, one_line

TABLE = "cases"


async def note(host: Host, kind: str, user: str, name: str, reason: str) -> str:
    """Write a case; its number."""
    number = f"{host.random.getrandbits(24):06x}"
    caller = host.caller
    row = {
        "id": number,
        "kind": kind,
        "user": user,
        "name": one_line(name, 60),
        "by": caller.user,
        "by_name": one_line(caller.name, 60),
        "reason": one_line(reason, 300),
        "at": host.now.isoformat(),
    }
    key = f"{caller.guild}/{user}/{host.now:%Y%m%d%H%M%S%f}-{number}"
    await asyncio.to_thread(host.shelf(TABLE).put, key, row)
    return number


async def read(host: Host, user: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The cases of this server, of one user or of all, newest first."""
    prefix = f"{host.caller.guild}/{user}/" if user else f"{host.caller.guild}/"
    rows = await asyncio.to_thread(host.shelf(TABLE).scan, prefix)
    return sorted(rows, key=lambda one: str(one[1]["at"]), reverse=True)


def line(row: dict[str, Any]) -> str:
    """One case on one line."""
    at = datetime.fromisoformat(row["at"])
    why = f": {row['reason']}" if row["reason"] else ""
    return f"- {row['id']} {at:%Y-%m-%d %H:%M} UTC, {row['kind']} of {row['name']} by {row['by_name']}{why}"
