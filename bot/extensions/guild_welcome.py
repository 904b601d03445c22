"""A word of welcome for members who join."""

import asyncio
from typing import Annotated, Any

from bot.extensions._guild import TIME, named, sayable
from bot.sdk import ChannelView, Host, Length, Misconfigured, Plan, Result, Touch, one_line, tool

_NEEDS = ("guilds", "book", "moderator")
_ADMIN = frozenset({"manage_guild"})


@tool("Welcome new members with a text.", "!welcome #hall Welcome, {name}, to {server}!", command="welcome set",
      needs=_NEEDS, permissions=("view_channel",), mutates=True, timeout=TIME)  # fmt: skip
async def set_welcome(
    host: Host,
    channel_id: ChannelView,
    text: Annotated[str, "what to say; {name} and {server} are filled in", Length(1, 500)],
) -> Plan | Result:
    """For those who manage the server, in a channel where both may speak. Nobody is mentioned by it."""
    said, problem = await sayable(host, text)
    if problem:
        return Result(problem, "moderated", ok=False)
    touch = Touch(channels=(channel_id,), needs=frozenset({"send_messages"}), asker_needs=_ADMIN)
    changes = {"welcome_channel": channel_id.id, "welcome_text": said}
    return Plan(
        f"Welcome whoever joins in {named(channel_id)} with: {said}",
        touch,
        lambda _: _change(host, changes, f"I will welcome new members in {named(channel_id)}."),
    )


@tool("Welcome nobody any more.", "!welcome off", command="welcome off", needs=_NEEDS, guild_only=True, mutates=True,
      timeout=TIME)  # fmt: skip
async def end_welcome(host: Host) -> Plan:
    """For those who manage the server."""
    changes = {"welcome_channel": "", "welcome_text": ""}
    touch = Touch(asker_needs=_ADMIN)
    return Plan("Welcome nobody any more.", touch, lambda _: _change(host, changes, "I will welcome nobody."))


@tool("Show how new members are welcomed.", "!welcome show", command="welcome show", needs=_NEEDS, guild_only=True,
      timeout=TIME)  # fmt: skip
async def show_welcome(host: Host) -> Result:
    """The text, and the channel if the asker can see it."""
    settings = host.book.read(host.caller.guild)
    channel = await host.sight.channel(settings.welcome_channel) if settings.welcome_channel else None
    if channel is None or not settings.welcome_text:
        return Result("Nobody is welcomed here. !welcome set begins it.", "none")
    return Result(f"In {named(channel)}: {one_line(settings.welcome_text, 500)}")


async def _change(host: Host, changes: dict[str, Any], text: str) -> Result:
    caller = host.caller
    try:
        await asyncio.to_thread(host.book.change, caller.guild, changes, caller.user)
    except Misconfigured as error:
        return Result(str(error), "bad_arguments", ok=False)
    return Result(text)
