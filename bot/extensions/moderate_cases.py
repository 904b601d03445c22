"""Warnings, and the case log: shown, and corrected."""

from typing import Annotated

from bot.extensions import _cases
from bot.extensions._guild import TIME, because, named, told
from bot.sdk import (
    USER,
    Complete,
    Denied,
    Host,
    Length,
    MemberView,
    Outcome,
    Plan,
    Post,
    Result,
    Touch,
    Unavailable,
    UserId,
    one_line,
    tool,
)

_NEEDS = ("guilds", "messenger", _cases.TABLE)
_MODERATOR = frozenset({"moderate_members"})
"""Needed of the asker alone: the bot keeps the log itself."""
_SHOWN = 15


@tool("Warn a member; they are told, and it is kept as a case.", "!warn @Ann no spam please", command="warn",
      needs=_NEEDS, guild_only=True, mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def warn_user(host: Host, user_id: MemberView, reason: Annotated[str, "what for", Length(1, 300)]) -> Plan:
    """A member below the asker."""
    why = one_line(reason, 300)

    async def then(_outcome: Outcome) -> Result:
        number = await _cases.note(host, "warning", user_id.id, user_id.name, why)
        reached = await _tell(host, user_id, f"You were warned on {(await host.sight.server()).name}: {why}")
        missed = "" if reached else " I could not tell them: they take no direct messages from me."
        return Result(f"Warned {named(user_id)} (case {number}).{missed}", facts={"case": number})

    return Plan(
        f"Warn {named(user_id)}{because(why)}.",
        Touch(member=user_id, against=True, by_bot=False, asker_needs=_MODERATOR),
        then,
    )


@tool("Show the cases of a member, or the newest of all.", "!cases @Ann", command="cases", needs=_NEEDS,
      guild_only=True, private=True, timeout=TIME)  # fmt: skip
async def list_cases(host: Host, user_id: Annotated[str, "member, mention or id", USER] = "") -> Plan:
    """For moderators; a member sees their own."""
    mine = user_id == host.caller.user

    async def then(_outcome: Outcome) -> Result:
        rows = await _cases.read(host, user_id)
        if not rows:
            return Result("There are no cases.", "none")
        lines = "\n".join(_cases.line(row) for _, row in rows[:_SHOWN])
        more = f"\nand {len(rows) - _SHOWN} older ones" if len(rows) > _SHOWN else ""
        return Result(f"Cases:\n{lines}{more}", facts={"list": lines, "count": len(rows)})

    return Plan("Show the case log.", Touch(asker_needs=frozenset() if mine else _MODERATOR), then)


async def _numbers(host: Host, typed: str) -> list[str]:
    """Case numbers, for moderators."""
    asker = await host.sight.asker()
    if not (asker.permissions & {"moderate_members", "administrator"}):
        return []
    return [row["id"] for _, row in await _cases.read(host) if row["id"].startswith(typed.casefold())]


@tool("Remove a case from the log.", "!case remove 3f2a1b", command="case remove", needs=_NEEDS, guild_only=True,
      destructive=True, timeout=TIME)  # fmt: skip
async def remove_case(
    host: Host, number: Annotated[str, "its number", Length(6, 6), Complete(_numbers)]
) -> Plan | Result:
    """For moderators, and never one's own case."""
    found = next(((key, row) for key, row in await _cases.read(host) if row["id"] == number.casefold()), None)
    member = await host.sight.member(found[1]["user"]) if found else None
    if found is None or found[1]["user"] == host.caller.user:
        # The same words, so that nobody learns from them that there is one.
        text = "I find no such case that you may remove. !cases shows them with their numbers."
        return Result(text, "not_found", ok=False)
    key, row = found

    async def then(_outcome: Outcome) -> Result:
        host.shelf(_cases.TABLE).delete(key)
        return told(f"Case {number} is removed.")({})

    touch = Touch(member=member, against=member is not None, by_bot=False, asker_needs=_MODERATOR)
    return Plan(f"Remove the case {_cases.line(row)[2:]}.", touch, then)


async def _tell(host: Host, member: MemberView, text: str) -> bool:
    if "messenger" not in host.doors:
        return False
    try:
        await host.messenger.direct(UserId(member.id), Post(text))
    except (Unavailable, Denied):
        return False
    return True
