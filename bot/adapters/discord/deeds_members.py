"""Deeds on members and on the server as a whole."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import discord

from bot.adapters.discord.deeds_ground import Do, Ground


async def ban_user(on: Ground) -> Mapping[str, Any]:
    user = discord.Object(int(on.options["user"]))
    days = int(on.options.get("delete_days", 0))
    await on.guild.ban(user, delete_message_seconds=days * 86400, reason=on.reason)
    return {"user": str(user.id)}


async def unban_user(on: Ground) -> Mapping[str, Any]:
    user = discord.Object(int(on.options["user"]))
    await on.guild.unban(user, reason=on.reason)
    return {"user": str(user.id)}


async def kick_user(on: Ground) -> Mapping[str, Any]:
    user = discord.Object(int(on.options["user"]))
    await on.guild.kick(user, reason=on.reason)
    return {"user": str(user.id)}


async def timeout_user(on: Ground) -> Mapping[str, Any]:
    member = await on.member()
    minutes = int(on.options["minutes"])
    await member.timeout(timedelta(minutes=minutes) if minutes else None, reason=on.reason)
    return {"user": str(member.id)}


async def update_server(on: Ground) -> Mapping[str, Any]:
    fields = {key: on.options[key] for key in ("name", "description") if key in on.options}
    if "verification" in on.options:
        fields["verification_level"] = discord.VerificationLevel[on.options["verification"]]
    if "system_channel" in on.options:
        fields["system_channel"] = on.channel("system_channel")
    await on.guild.edit(**fields, reason=on.reason)
    return {"id": str(on.guild.id)}


DEEDS: Mapping[str, Do] = {one.__name__: one for one in (ban_user, unban_user, kick_user, timeout_user, update_server)}
