"""Who else can read a channel, as a short digest: equal for equal readers, so that it can scope caches and recall."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import discord

_KEPT = 20_000
"""Channels whose digest is kept."""


class Audiences:
    """Digests by channel, worked out once until roles or overwrites change."""

    def __init__(self) -> None:
        self._digests: OrderedDict[int, tuple[int, str]] = OrderedDict()

    def of(self, channel: Any) -> str:
        """The digest of a guild's channel or thread; empty in a direct message, where only the member reads along."""
        guild = getattr(channel, "guild", None)
        if guild is None:
            return ""
        found = self._digests.get(channel.id)
        if found is None:
            found = (guild.id, digest(channel))
            self._digests[channel.id] = found
            if len(self._digests) > _KEPT:
                self._digests.popitem(last=False)
        return found[1]

    def forget(self, guild: int) -> None:
        """Roles or overwrites of a guild have changed."""
        for channel in [channel for channel, (home, _) in self._digests.items() if home == guild]:
            del self._digests[channel]


def digest(channel: Any) -> str:
    """What decides who may view the channel, in a canonical form, hashed."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    facts = [str(channel.guild.id)]
    if parent is None or (isinstance(channel, discord.Thread) and channel.is_private()):
        facts.append(f"thread {channel.id}")
    if parent is not None:
        facts += _facts(parent)
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _facts(channel: Any) -> Iterator[str]:
    """Rules that can make a difference: https://discord.com/developers/docs/topics/permissions#permission-hierarchy."""
    guild = channel.guild
    everyone: bool | None = None
    denied: set[int] = set()
    allowed: set[int] = set()
    members: dict[int, bool] = {}
    for target, overwrite in channel.overwrites.items():
        view = overwrite.view_channel
        if view is None:
            continue
        if target.id == guild.id:
            everyone = view
        elif isinstance(target, discord.Role) or getattr(target, "type", None) is discord.Role:
            (allowed if view else denied).add(target.id)
        else:
            members[target.id] = view
    open_to_all = everyone if everyone is not None else guild.default_role.permissions.view_channel
    if open_to_all and not denied and not any(view is False for view in members.values()):
        yield "everyone"
        return
    yield f"open {open_to_all}"
    if everyone is None and not open_to_all:
        yield from (f"base {role}" for role in sorted(r.id for r in guild.roles if r.permissions.view_channel))
    yield from (f"admin {role}" for role in sorted(r.id for r in guild.roles if r.permissions.administrator))
    yield from (f"role {role} {role in allowed}" for role in sorted(allowed | denied))
    yield from (f"member {member} {view}" for member, view in sorted(members.items()))
