"""Roles that members give themselves by a reaction."""

import asyncio
from typing import Annotated

from bot.extensions._guild import TIME, named, told, where
from bot.sdk import (
    MESSAGE,
    REACTION_ROLES,
    ChannelView,
    Host,
    Length,
    Outcome,
    Plan,
    Result,
    RoleView,
    Touch,
    deed_of,
    one_line,
    reaction_key,
    tool,
)

_NEEDS = ("guilds", REACTION_ROLES)
_MOST = 200
"""Of one server."""
MessageId = Annotated[str, "id or link of the message", MESSAGE]
Emoji = Annotated[str, "the emoji", Length(1, 64)]


@tool("Give members a role when they react to a message.", "!reactionrole add LINK 👍 @Helpers",
      command="reactionrole add", needs=_NEEDS, permissions=("manage_roles",), mutates=True, timeout=TIME,
      per_minute=10)  # fmt: skip
async def add_reaction_role(
    host: Host, message_id: MessageId, emoji: Emoji, role_id: RoleView, channel_id: ChannelView | None = None
) -> Plan | Result:
    """A role that the asker could give. Whenever it is used, that is asked again: of the one who set it up."""
    channel = await where(host, channel_id)
    message = await host.sight.message(channel, message_id)
    if message is None:
        return Result("I do not find that message there; give its link, and its channel.", "not_found", ok=False)
    shelf, caller, mark = host.shelf(REACTION_ROLES), host.caller, emoji.strip()
    if len(await asyncio.to_thread(shelf.scan, f"{caller.guild}/")) >= _MOST:
        return Result(f"There are {_MOST} reaction roles already; remove one first.", "too_many", ok=False)
    key = reaction_key(caller.guild, message_id, mark)
    row = {
        "role": role_id.id,
        "role_name": one_line(role_id.name, 60),
        "emoji": mark,
        "channel": channel.id,
        "message": message_id,
        "by": caller.user,
        "by_name": caller.name,
    }

    async def then(_outcome: Outcome) -> Result:
        await asyncio.to_thread(shelf.put, key, row)
        return Result(f"Whoever reacts with {mark} there has the role {named(role_id)}.")

    reacting = frozenset({"add_reactions", "read_message_history"})
    return Plan(
        f"Give the role {named(role_id)} to whoever reacts with {one_line(mark, 64)} to “{one_line(message.text, 60)}” "
        f"in {named(channel)}.",
        Touch(channels=(channel,), role=role_id, use="give", gives=role_id.permissions, needs=reacting),
        then,
        deed_of(host, "add_reaction", channel=channel.id, message=message_id, emoji=mark),
    )


@tool("End a reaction role.", "!reactionrole remove LINK 👍", command="reactionrole remove", needs=_NEEDS,
      permissions=("manage_roles",), mutates=True, timeout=TIME)  # fmt: skip
async def remove_reaction_role(host: Host, message_id: MessageId, emoji: Emoji) -> Plan | Result:
    """Members keep what they have."""
    key = reaction_key(host.caller.guild, message_id, emoji.strip())
    row = await asyncio.to_thread(host.shelf(REACTION_ROLES).get, key)
    if row is None:
        return Result("There is no reaction role with that emoji on that message.", "not_found", ok=False)

    async def then(_outcome: Outcome) -> Result:
        await asyncio.to_thread(host.shelf(REACTION_ROLES).delete, key)
        return told("The reaction role is gone; members keep what they have.")({})

    return Plan(f"End the reaction role {row['emoji']} for {row['role_name']}.", Touch(), then)


@tool("List the reaction roles of this server.", "!reactionrole list", command="reactionrole list", needs=_NEEDS,
      permissions=("manage_roles",), timeout=TIME)  # fmt: skip
async def list_reaction_roles(host: Host) -> Result:
    """Those in channels that the asker can see."""
    rows = await asyncio.to_thread(host.shelf(REACTION_ROLES).scan, f"{host.caller.guild}/")
    seen = {channel.id: channel for channel in await host.sight.channels()}
    lines = [
        f"- {row['emoji']} in {named(seen[row['channel']])}: {row['role_name']}, set up by {row['by_name']}"
        for _, row in rows
        if row["channel"] in seen
    ]
    if not lines:
        return Result("There are no reaction roles.", "none")
    return Result("Reaction roles:\n" + "\n".join(lines), facts={"count": len(lines)})
