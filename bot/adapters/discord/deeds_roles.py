"""Deeds on roles and on who has them."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.adapters.discord.deeds_ground import Do, Ground


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: options[key] for key in ("name", "hoist", "mentionable") if key in options}
    if "color" in options:
        fields["colour"] = discord.Colour(int(options["color"]))
    if "permissions" in options:
        fields["permissions"] = discord.Permissions(**dict.fromkeys(options["permissions"], True))
    return fields


async def create_role(on: Ground) -> Mapping[str, Any]:
    role = await on.guild.create_role(**_fields(on.options), reason=on.reason)
    return {"id": str(role.id), "name": role.name}


async def update_role(on: Ground) -> Mapping[str, Any]:
    role, fields = on.role(), _fields(on.options)
    if "position" in on.options:
        fields["position"] = int(on.options["position"])
    await role.edit(**fields, reason=on.reason)
    return {"id": str(role.id)}


async def delete_role(on: Ground) -> Mapping[str, Any]:
    role = on.role()
    await role.delete(reason=on.reason)
    return {"id": str(role.id), "name": role.name}


async def assign_role(on: Ground) -> Mapping[str, Any]:
    member = await on.member()
    await member.add_roles(on.role(), reason=on.reason)
    return {"user": str(member.id)}


async def remove_role(on: Ground) -> Mapping[str, Any]:
    member = await on.member()
    await member.remove_roles(on.role(), reason=on.reason)
    return {"user": str(member.id)}


DEEDS: Mapping[str, Do] = {
    one.__name__: one for one in (create_role, update_role, delete_role, assign_role, remove_role)
}
