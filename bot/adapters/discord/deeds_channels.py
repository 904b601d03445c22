"""Deeds on channels."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.adapters.discord.deeds_ground import Do, Ground
from bot.core.errors import Denied

_FIELDS = {"name": "name", "topic": "topic", "slowmode": "slowmode_delay", "nsfw": "nsfw", "user_limit": "user_limit"}


def _fields(on: Ground) -> dict[str, Any]:
    fields = {theirs: on.options[ours] for ours, theirs in _FIELDS.items() if ours in on.options}
    if "parent" in on.options:
        fields["category"] = on.channel("parent") if on.options["parent"] else None
    return fields


async def create_channel(on: Ground) -> Mapping[str, Any]:
    kind, fields = on.options["kind"], _fields(on)
    make: Any = {
        "text": on.guild.create_text_channel,
        "voice": on.guild.create_voice_channel,
        "category": on.guild.create_category,
    }[kind]
    channel = await make(**fields, reason=on.reason)
    return {"id": str(channel.id), "name": channel.name}


async def update_channel(on: Ground) -> Mapping[str, Any]:
    channel = on.channel()
    await channel.edit(**_fields(on), reason=on.reason)
    return {"id": str(channel.id)}


async def delete_channel(on: Ground) -> Mapping[str, Any]:
    channel = on.channel()
    await channel.delete(reason=on.reason)
    return {"id": str(channel.id), "name": channel.name}


async def set_channel_permissions(on: Ground) -> Mapping[str, Any]:
    """Change the named permissions of one overwrite; the others stay as they are."""
    channel = on.channel()
    if isinstance(channel, discord.Thread):
        raise Denied("A thread has no permissions of its own; change those of its channel.")
    target: discord.Role | discord.Member = on.role() if "role" in on.options else await on.member()
    overwrite = channel.overwrites_for(target)
    changes: dict[str, bool | None] = dict.fromkeys(on.options["allow"], True)
    changes |= dict.fromkeys(on.options["deny"], False) | dict.fromkeys(on.options["clear"])
    overwrite.update(**changes)
    await channel.set_permissions(target, overwrite=None if overwrite.is_empty() else overwrite, reason=on.reason)
    return {"id": str(channel.id)}


async def slowmode(on: Ground) -> Mapping[str, Any]:
    channel = on.channel()
    await channel.edit(slowmode_delay=int(on.options["seconds"]), reason=on.reason)
    return {"id": str(channel.id)}


async def create_invite(on: Ground) -> Mapping[str, Any]:
    options = on.options
    invite = await on.channel().create_invite(
        max_age=int(options["max_age"]), max_uses=int(options["max_uses"]), unique=True, reason=on.reason
    )
    return {"code": invite.code, "url": f"https://discord.gg/{invite.code}"}


DEEDS: Mapping[str, Do] = {
    one.__name__: one
    for one in (create_channel, update_channel, delete_channel, set_channel_permissions, slowmode, create_invite)
}
