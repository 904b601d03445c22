"""Who may do what here, checked at the time of the call with what Discord knows then."""

import re

from bot.sdk import HERE, Denied, Host, Result, Unavailable, one_line, spoken

ADMIN, MANAGE = "administrator", "manage_guild"
_HEAD = re.compile(r"[0-9a-f]{7,40}")


async def lacking(host: Host, permission: str) -> str:
    """Why the asking member may not do it, in a sentence; empty if they may. What cannot be looked up is a no.

    The bot itself needs nothing for these: it changes its own state, not the server.
    """
    caller = host.caller
    if caller.guild == HERE:
        mine = caller.user in host.home.operators
        return "" if mine else "Only an admin may do that: ask me on your server, or at the machine's own terminal."
    try:
        member = await host.guilds.member(caller.guild, caller.user)
    except (Unavailable, Denied):
        return "I cannot look up what you may do here right now. Please try again later."
    if member is None:
        return "You are not a member of this server."
    if member.owner or member.permissions & {ADMIN, permission}:
        return ""
    return f"You need the permission {spoken(frozenset({permission}))} for that."


def at_home(host: Host) -> bool:
    """Whether orders given here are for everything: the home guild, or the machine's own terminal."""
    caller = host.caller
    return caller.guild == host.home.guild or (caller.guild == HERE and caller.user in host.home.operators)


def version_and_reason(head: str, reason: str) -> tuple[str, str]:
    """Both as they were meant: where no version was named, the reason begins with the first word."""
    word = head.strip().casefold()
    return (word, one_line(reason, 500)) if _HEAD.fullmatch(word) else ("", one_line(f"{head} {reason}", 500))


def no(text: str, key: str = "refused", **facts: str | int | float) -> Result:
    """An honest refusal that says what to do."""
    return Result(text, key, {"because": text, **facts}, ok=False)


def signature(host: Host) -> str:
    """The asking member as the audit log names them."""
    caller = host.caller
    return f"{caller.name} ({caller.user})" if caller.name and caller.name != caller.user else str(caller.user)
