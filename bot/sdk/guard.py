"""The permission check as the registry makes it: views taken now, and the guild's grants."""

from collections.abc import Mapping
from typing import Any

from bot.core.chat import HERE
from bot.core.guild import ChannelView
from bot.core.verdict import Status, Verdict
from bot.policy.pause import awake
from bot.policy.permission import Powers, Touch, may
from bot.sdk.host import Caller, House
from bot.sdk.tool import ToolSpec

_FREE = Verdict("permission", Status.PASS, "needs none")


async def before(house: House, spec: ToolSpec, caller: Caller) -> Verdict:
    """What can be said before it is known what the call is about: grants, and permissions in the guild as a whole."""
    if why := _stopped(house, spec, caller):
        return Verdict(spec.name, Status.FAIL, why)
    if caller.guild == HERE or not (spec.guild_only or _granted(house, spec, caller)):
        return _FREE
    return await _check(house, spec, caller, Touch(), spec.permissions if not _by_channel(spec) else frozenset())


async def of_plan(house: House, spec: ToolSpec, caller: Caller, touch: Touch) -> Verdict:
    """Whether this member may have this done now. Raises Unavailable or Denied as Discord answers."""
    return await _check(house, spec, caller, touch, spec.permissions)


async def of_reading(house: House, spec: ToolSpec, caller: Caller, values: Mapping[str, Any]) -> Verdict:
    """For a tool without a plan: its permissions in the channels that it is given."""
    channels = tuple(value for value in values.values() if isinstance(value, ChannelView))
    if not spec.permissions or not _by_channel(spec):
        return _FREE
    return await _check(house, spec, caller, Touch(channels), spec.permissions)


async def _check(house: House, spec: ToolSpec, caller: Caller, touch: Touch, needs: frozenset[str]) -> Verdict:
    guilds, book = house.doors.guilds, house.doors.book
    if caller.guild == HERE:
        return Verdict(spec.name, Status.FAIL, "that works on a Discord server only")
    grants = book.read(caller.guild).grants if book is not None else {}
    if guilds is None:
        return Verdict(spec.name, Status.FAIL, "I am not connected to Discord here")
    asker = await guilds.member(caller.guild, caller.user)
    if asker is None:
        return Verdict(spec.name, Status.FAIL, "you are not a member of this server")
    bot = await guilds.me(caller.guild)
    there = {
        one.id: (
            await guilds.permissions_in(caller.guild, one.id, caller.user),
            await guilds.permissions_in(caller.guild, one.id, bot.id),
        )
        for one in touch.channels
    }
    return may(spec.name, needs, Powers(asker, bot, there), touch, grants)


def _stopped(house: House, spec: ToolSpec, caller: Caller) -> str:
    """Why nothing is done in this guild now; empty if there is no such reason."""
    book = house.doors.book
    paused = book.read(caller.guild).paused if book is not None and caller.guild != HERE else ""
    return f"an admin stopped me on this server: {paused}" if paused and not awake(spec.command) else ""


def _granted(house: House, spec: ToolSpec, caller: Caller) -> bool:
    book = house.doors.book
    return book is not None and spec.name in book.read(caller.guild).grants


def _by_channel(spec: ToolSpec) -> bool:
    """Whether the tool is about channels: what a member may do there counts, and not what they may in general."""
    return any(shape.get("format") == "channel" for shape in spec.parameters["properties"].values())
