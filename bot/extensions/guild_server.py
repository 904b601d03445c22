"""The server and its members, to look at; the server's settings; invites."""

from typing import Annotated, Any, Literal

from bot.extensions._guild import TIME, because, named, plural, spell, told, where
from bot.sdk import (
    Card,
    ChannelView,
    Host,
    Length,
    MemberView,
    Plan,
    Range,
    Result,
    RoleView,
    Touch,
    deed_of,
    one_line,
    tool,
)

_NEEDS = ("guilds",)
_WEEK = 604800
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


@tool("Show this server: owner, members, channels you can see.", "!server", command="server info",
      needs=_NEEDS, guild_only=True, retries=1, timeout=TIME)  # fmt: skip
async def get_server_info(host: Host) -> Result:
    """What any member may see; channels that the asker cannot see are not counted."""
    server, owner = await host.sight.server(), ""
    found = await host.sight.member(server.owner)
    owner = named(found) if found else str(server.owner)
    fields = (
        ("Id", str(server.id)),
        ("Owner", owner),
        ("Members", str(server.members)),
        ("Channels you can see", str(len(await host.sight.channels()))),
        ("Roles", str(len(await host.sight.roles()))),
        ("Since", f"{server.created:%Y-%m-%d}" if server.created else "unknown"),
        ("Verification", server.verification or "none"),
    )
    name = one_line(server.name, 100)
    text = f"{name}: " + ", ".join(f"{key.casefold()} {value}" for key, value in fields) + "."
    return Result(text, facts={"name": name}, card=Card(name, one_line(server.description, 300), fields))


@tool("Show a member: roles, when they joined.", "!whois @Ann", command="whois",
      needs=_NEEDS, guild_only=True, retries=1, timeout=TIME)  # fmt: skip
async def get_user_info(host: Host, user_id: MemberView | None = None) -> Result:
    """What any member may see of another; without a name, of the asker."""
    member = user_id or await host.sight.asker()
    roles = [one_line(role.name, 60) for role in await host.sight.roles() if role.id in member.roles]
    kind = "owner" if member.owner else "bot" if member.bot else "member"
    fields = (
        ("Id", str(member.id)),
        ("Kind", kind),
        ("Joined", f"{member.joined:%Y-%m-%d}" if member.joined else "unknown"),
        ("Account since", f"{member.created:%Y-%m-%d}" if member.created else "unknown"),
        ("Roles", ", ".join(reversed(roles)) or "none"),
    )
    name = one_line(member.name, 60)
    text = f"{name}: " + ", ".join(f"{key.casefold()} {value}" for key, value in fields) + "."
    return Result(text, facts={"id": str(member.id), "name": name}, card=Card(name, fields=fields))


@tool("List members, of one role or by the start of their names.", "!members @Helpers", command="members",
      needs=_NEEDS, guild_only=True, retries=1, timeout=TIME, per_minute=10)  # fmt: skip
async def get_member_list(
    host: Host,
    role_id: RoleView | None = None,
    like: Annotated[str, "start of their names", Length(0, 32)] = "",
    limit: Annotated[int, "how many at most", Range(1, 100)] = 25,
) -> Result:
    """At most a hundred, in order of name."""
    found = await host.sight.members(like, 1000 if role_id else limit)
    fitting = [one for one in found if role_id is None or role_id.id in one.roles][:limit]
    if not fitting:
        return Result("I find no such member.", "none")
    lines = "\n".join(f"- {named(one)}{', a bot' if one.bot else ''}" for one in fitting)
    return Result(f"{plural(len(fitting), 'member')}:\n{lines}", facts={"list": lines, "count": len(fitting)})


@tool("Change the server: name, description, verification, system channel.", "!server edit name:The Hall",
      command="server edit", needs=_NEEDS, permissions=("manage_guild",), mutates=True, timeout=TIME,
      per_minute=5)  # fmt: skip
async def update_server(
    host: Host,
    *,
    name: Annotated[str, "new name", Length(0, 100)] = "",
    description: Annotated[str | None, "what it is about", Length(0, 300)] = None,
    verification: Literal["none", "low", "medium", "high", "highest"] | None = None,
    system_channel_id: ChannelView | None = None,
    reason: Reason = "",
) -> Plan | Result:
    """Only what is given changes."""
    options: dict[str, Any] = {}
    if name:
        options["name"] = one_line(name, 100)
        if len(options["name"]) < 2:
            return Result("A server's name has at least two characters.", "bad_arguments", ok=False)
    if description is not None:
        options["description"] = one_line(description, 300)
    if verification is not None:
        options["verification"] = verification
    if system_channel_id is not None:
        options["system_channel"] = system_channel_id.id
    if not options:
        return Result("Say what to change: name, description, verification or system_channel.", "nothing", ok=False)
    words = "; ".join(f"{key}: {value}" for key, value in options.items())
    return Plan(
        f"Change this server ({words}){because(reason)}.",
        Touch(channels=(system_channel_id,) if system_channel_id else ()),
        told("The server is changed."),
        deed_of(host, "update_server", reason, **options),
    )


@tool("Make an invite to a channel.", "!invite", command="invite", needs=_NEEDS,
      permissions=("create_instant_invite",), mutates=True, timeout=TIME, per_minute=5)  # fmt: skip
async def create_invite(
    host: Host,
    channel_id: ChannelView | None = None,
    max_age: Annotated[int, "seconds it holds; 0 for ever", Range(0, _WEEK)] = 86400,
    max_uses: Annotated[int, "how many may use it; 0 any number", Range(0, 100)] = 1,
    reason: Reason = "",
) -> Plan:
    """For one use within a day, if nothing else is said."""
    channel = await where(host, channel_id)
    lasting = f"for {spell(max_age)}" if max_age else "for ever"
    uses = f"{plural(max_uses, 'use')}" if max_uses else "any number of uses"
    return Plan(
        f"Make an invite to {named(channel)} {lasting}, {uses}{because(reason)}.",
        Touch(channels=(channel,)),
        lambda done: Result(f"Here is the invite to {named(channel)}: {done['url']}", facts={"code": done["code"]}),
        deed_of(host, "create_invite", reason, channel=channel.id, max_age=max_age, max_uses=max_uses),
    )
