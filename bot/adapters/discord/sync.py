"""Commands are told to Discord when they changed, and only then: it allows few such requests a day."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import structlog
from discord.http import HTTPClient

from bot.adapters.discord.commands import Payload
from bot.adapters.discord.errors import discord_errors
from bot.core.ports import Records

TABLE = "discord_sync"
EVERYWHERE = "everywhere"
log = structlog.get_logger()


def digest(commands: Sequence[Payload]) -> str:
    """What the commands are, whatever the order they are listed in."""
    rows = sorted(json.dumps(one, sort_keys=True) for one in commands)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


async def sync(
    http: HTTPClient, application: int, guild: str, commands: Sequence[Payload], records: Records
) -> list[str]:
    """Tell Discord what has changed; the places that were told. `guild` empty: commands are for every guild.

    Where commands were before and are no more, they are taken away, or members would see them twice. Raises Unavailable
    or Denied; then the next start tries again.
    """
    here = guild or EVERYWHERE
    told: list[str] = []
    rows = await asyncio.to_thread(records.scan, TABLE, f"{application}/")
    known: dict[str, Any] = {key.partition("/")[2]: row["digest"] for key, row in rows}
    nothing = digest([])
    wanted = {place: nothing for place, was in known.items() if was != nothing} | {here: digest(commands)}
    for place, mark in wanted.items():
        if known.get(place) != mark:
            await _tell(http, application, place, commands if place == here else [])
            await asyncio.to_thread(records.put, TABLE, f"{application}/{place}", {"digest": mark})
            told.append(place)
    return told


async def _tell(http: HTTPClient, application: int, place: str, commands: Sequence[Payload]) -> None:
    with discord_errors("tell Discord my commands"):
        if place == EVERYWHERE:
            await http.bulk_upsert_global_commands(application, list(commands))
        else:
            await http.bulk_upsert_guild_commands(application, int(place), list(commands))
    log.info("commands told to Discord", place=place, count=len(commands))
