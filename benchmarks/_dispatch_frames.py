"""Frames of the gateway as Discord sends them, and clients that are fed with them instead of a socket."""

import json
from collections.abc import Sequence
from typing import Any

import discord
from discord.gateway import DiscordWebSocket

ME, OWNER, GUILD, CHANNEL = 1000, 2000, 3000 << 22, 4000
MEMBERS, ROLES, CHANNELS = 50, 10, 20


def user(number: int, *, bot: bool = False) -> dict[str, Any]:
    """A user."""
    names = {"username": f"user{number}", "global_name": f"User {number}", "discriminator": "0", "avatar": "a" * 32}
    return {"id": str(number), **names, "bot": bot, "public_flags": 0, "clan": None, "avatar_decoration_data": None}


def member(role: int) -> dict[str, Any]:
    """What a guild knows of a member."""
    flat = {"deaf": False, "mute": False, "pending": False, "flags": 0}
    empty = {"nick": None, "avatar": None, "premium_since": None, "communication_disabled_until": None}
    return {"roles": [str(role)], "joined_at": "2025-01-01T00:00:00.000000+00:00", **flat, **empty}


def guild(number: int) -> dict[str, Any]:
    """A guild with roles, channels and members."""
    roles = [_role(number, 0)] + [_role(number + place, place) for place in range(1, ROLES)]
    channels = [_channel(number + 100 + place, place) for place in range(CHANNELS)]
    if number == GUILD:
        channels[0]["id"] = str(CHANNEL)
    people = [{**member(number + 1), "user": user(number + 1000 + place)} for place in range(MEMBERS - 1)]
    people.append({**member(number + 1), "user": user(ME, bot=True)})
    levels = (
        "verification_level",
        "default_message_notifications",
        "explicit_content_filter",
        "mfa_level",
        "nsfw_level",
    )
    lists = ("threads", "emojis", "stickers", "features", "voice_states", "presences", "stage_instances")
    row = {"id": str(number), "name": f"Guild {number}", "owner_id": str(OWNER), "member_count": MEMBERS, "icon": None}
    row |= dict.fromkeys(levels, 0) | {name: [] for name in lists} | {"guild_scheduled_events": [], "premium_tier": 0}
    rest = {"system_channel_flags": 0, "afk_timeout": 60, "large": False, "preferred_locale": "en-US"}
    return {**row, **rest, "unavailable": False, "roles": roles, "channels": channels, "members": people}


def _role(number: int, place: int) -> dict[str, Any]:
    flat = {"hoist": False, "managed": False, "mentionable": False, "flags": 0, "color": 0, "icon": None}
    return {"id": str(number), "name": f"role{place}", "permissions": str(0x7FF_FFFF_FFFF), "position": place, **flat}


def _channel(number: int, place: int) -> dict[str, Any]:
    empty = {"topic": None, "parent_id": None, "last_message_id": None, "rate_limit_per_user": 0, "nsfw": False}
    return {
        "id": str(number),
        "type": 0,
        "name": f"channel{place}",
        "position": place,
        "permission_overwrites": [],
        **empty,
    }


def frames(count: int, text: str, first: int) -> list[str]:
    """Messages of many members, as text frames."""
    return [
        json.dumps({"op": 0, "t": "MESSAGE_CREATE", "s": n, "d": _message(first + n, n, text)}) for n in range(count)
    ]


def _message(number: int, turn: int, text: str) -> dict[str, Any]:
    mentions = [user(ME, bot=True)] if f"<@{ME}>" in text else []
    lists = {"mention_roles": [], "attachments": [], "embeds": [], "components": []}
    flat = {"tts": False, "mention_everyone": False, "pinned": False, "flags": 0, "type": 0, "edited_timestamp": None}
    who = {"author": user(GUILD + 1000 + turn % (MEMBERS - 1)), "member": member(GUILD + 1)}
    where = {"id": str(number), "channel_id": str(CHANNEL), "guild_id": str(GUILD), "nonce": str(number)}
    return {
        **where,
        **who,
        **lists,
        **flat,
        "mentions": mentions,
        "content": text,
        "timestamp": "2026-01-01T00:00:00+00:00",
    }


def connected(client: discord.Client, guilds: Sequence[int] = (GUILD,)) -> DiscordWebSocket:
    """The client's end of a connection that is up: frames given to `received_message` go the way of real ones."""
    state: Any = client._connection
    if isinstance(client, discord.AutoShardedClient):
        state.shard_count, state.shard_ids = 1, [0]
    state.user = discord.ClientUser(state=state, data=user(ME, bot=True))  # type: ignore[arg-type]
    socket: Any = DiscordWebSocket(None, loop=client.loop)  # type: ignore[arg-type]
    socket.token, socket._connection, socket._discord_parsers = "", state, state.parsers
    socket._dispatch, socket.call_hooks, socket.shard_id = client.dispatch, state.call_hooks, 0
    socket._keep_alive = None
    socket.log_receive = lambda _frame: None
    state._ready_task = None
    for number in guilds:
        state._add_guild_from_data(guild(number))
    return socket  # type: ignore[no-any-return]
