"""Ban, kick and time out; each is a case in the log."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from bot.extensions import _cases
from bot.extensions._guild import TIME, because, named, plural, spell
from bot.sdk import USER, Host, Length, MemberView, Outcome, Plan, Range, Result, Touch, deed_of, tool

_NEEDS = ("guilds", _cases.TABLE)
_LONGEST = 28 * 24 * 60
"""Minutes of a time-out. https://discord.com/developers/docs/resources/guild#modify-guild-member"""
Reason = Annotated[str, "why; the member's case and the audit log keep it", Length(0, 300)]


def _noted(
    host: Host, kind: str, user: str, name: str, reason: str, *, text: str
) -> Callable[[Outcome], Awaitable[Result]]:
    async def then(_outcome: Outcome) -> Result:
        number = await _cases.note(host, kind, user, name, reason)
        return Result(f"{text} (case {number})", facts={"case": number})

    return then


@tool("Ban a user.", "!ban @Ann spam", command="ban", needs=_NEEDS, permissions=("ban_members",),
      destructive=True, timeout=TIME, per_minute=10)  # fmt: skip
async def ban_user(
    host: Host,
    user_id: Annotated[str, "member, mention, or the id of anybody", USER],
    reason: Reason = "",
    delete_days: Annotated[int, "days of their messages to delete", Range(0, 7)] = 0,
) -> Plan:
    """A member below the asker and the bot, or somebody who is not on the server."""
    member = await host.sight.member(user_id)
    who = named(member) if member else f"the user {user_id}, who is not on this server"
    gone = f" and delete their messages of the last {plural(delete_days, 'day')}" if delete_days else ""
    return Plan(
        f"Ban {who}{gone}{because(reason)}.",
        Touch(member=member, against=True),
        _noted(host, "ban", user_id, member.name if member else user_id, reason, text=f"Banned {who}."),
        deed_of(host, "ban_user", reason, user=user_id, delete_days=delete_days),
    )


@tool("Lift a ban.", "!unban 123456789012345678", command="unban", needs=_NEEDS, permissions=("ban_members",),
      mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def unban_user(host: Host, user_id: Annotated[str, "id of the banned user", USER], reason: Reason = "") -> Plan:
    """They may join again."""
    return Plan(
        f"Lift the ban of the user {user_id}{because(reason)}.",
        Touch(),
        _noted(host, "unban", user_id, user_id, reason, text=f"The user {user_id} may join again."),
        deed_of(host, "unban_user", reason, user=user_id),
    )


@tool("Kick a member.", "!kick @Ann spam", command="kick", needs=_NEEDS, permissions=("kick_members",),
      destructive=True, timeout=TIME, per_minute=10)  # fmt: skip
async def kick_user(host: Host, user_id: MemberView, reason: Reason = "") -> Plan:
    """They leave, and may join again."""
    return Plan(
        f"Kick {named(user_id)}{because(reason)}.",
        Touch(member=user_id, against=True),
        _noted(host, "kick", user_id.id, user_id.name, reason, text=f"Kicked {named(user_id)}."),
        deed_of(host, "kick_user", reason, user=user_id.id),
    )


@tool("Time a member out, or let them speak again.", "!timeout @Ann 10 calm down", command="timeout", needs=_NEEDS,
      permissions=("moderate_members",), mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def timeout_user(
    host: Host,
    user_id: MemberView,
    minutes: Annotated[int, "how long, 1 to 40320; 0 ends it", Range(0, _LONGEST)],
    reason: Reason = "",
) -> Plan | Result:
    """They can read, and neither write nor speak. Discord times out no administrator."""
    if "administrator" in user_id.permissions and not user_id.owner:
        return Result(f"{named(user_id)} is an administrator; Discord times none out.", "administrator", ok=False)
    lasting = spell(minutes * 60)
    says = f"Time out {named(user_id)} for {lasting}" if minutes else f"End the time-out of {named(user_id)}"
    text = f"{named(user_id)} is timed out for {lasting}." if minutes else f"{named(user_id)} may speak again."
    kind = f"time-out of {lasting}," if minutes else "end of the time-out"
    return Plan(
        f"{says}{because(reason)}.",
        Touch(member=user_id, against=True),
        _noted(host, kind, user_id.id, user_id.name, reason, text=text),
        deed_of(host, "timeout_user", reason, user=user_id.id, minutes=minutes),
    )
