"""discord.py's guilds as the house's views: from the gateway where it keeps them current, else asked for."""

from typing import Any

import discord

from bot.core.guild import ChannelView, MemberView, MessageView, Permissions, RoleView
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId

_NAMES = {"read_messages": "view_channel"}
"""Where discord.py's name of a permission is not Discord's own."""
NONE: Permissions = frozenset()


def names(permissions: discord.Permissions) -> Permissions:
    """The permissions that are held, by name."""
    return frozenset(_NAMES.get(name, name) for name, held in permissions if held)


def member_view(member: discord.Member) -> MemberView:
    return MemberView(
        id=UserId(str(member.id)),
        guild=GuildId(str(member.guild.id)),
        name=member.display_name,
        permissions=names(member.guild_permissions),
        top=member.top_role.position,
        roles=frozenset(RoleId(str(role.id)) for role in member.roles if not role.is_default()),
        owner=member.guild.owner_id == member.id,
        bot=member.bot,
        created=member.created_at,
        joined=member.joined_at,
    )


def role_view(role: discord.Role) -> RoleView:
    return RoleView(
        id=RoleId(str(role.id)),
        guild=GuildId(str(role.guild.id)),
        name=role.name,
        position=role.position,
        permissions=names(role.permissions),
        managed=role.managed,
    )


def channel_view(channel: Any) -> ChannelView:
    parent = getattr(channel, "parent_id", None) or getattr(channel, "category_id", None)
    return ChannelView(
        id=ChannelId(str(channel.id)),
        guild=GuildId(str(channel.guild.id)),
        name=channel.name,
        kind=str(channel.type),
        parent=ChannelId(str(parent or "")),
        topic=getattr(channel, "topic", None) or "",
        slowmode=getattr(channel, "slowmode_delay", 0) or 0,
    )


def message_view(message: discord.Message) -> MessageView:
    return MessageView(
        id=MessageId(str(message.id)),
        channel=ChannelId(str(message.channel.id)),
        author=UserId(str(message.author.id)),
        author_name=message.author.display_name,
        text=message.content,
        at=message.created_at,
        pinned=message.pinned,
    )


def number(text: str) -> int:
    """An id as discord.py wants it; 0, which is nobody's, if it is none."""
    return int(text) if text.isdecimal() and len(text) <= 20 else 0
