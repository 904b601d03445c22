"""What tools share, those for servers above all: names for people, durations, plans in one line, where they act."""

from collections.abc import Callable

from bot.sdk import ChannelView, Host, MemberView, Outcome, Result, RoleView, Unavailable, one_line

TIME = 10.0
"""Seconds that a deed on Discord may take."""
_SECONDS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def named(view: MemberView | RoleView | ChannelView) -> str:
    """As people know it, with the id that settles which one it is."""
    name = one_line(view.name, 60)
    return f"#{name}" if isinstance(view, ChannelView) else f"{name} ({view.id})"


def told(text: str, key: str = "ok") -> Callable[[Outcome], Result]:
    """A result that does not depend on what came of the deed."""
    return lambda _outcome: Result(text, key)


def because(reason: str) -> str:
    """The reason at the end of a sentence, if there is one."""
    return f", because: {one_line(reason, 200)}" if reason.strip() else ""


def plural(count: int, word: str) -> str:
    """`1 day`, `2 days`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def spell(seconds: int) -> str:
    """A duration in words: the two largest units."""
    parts = []
    for size, unit in _SECONDS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


async def where(host: Host, channel: ChannelView | None) -> ChannelView:
    """The channel that was named, or the one in which the member asks. Raises Unavailable if that one is gone."""
    found = channel or await host.sight.channel(host.caller.channel)
    if found is None:
        raise Unavailable("Discord", "this channel is not one of the server's")
    return found


async def sayable(host: Host, text: str) -> tuple[str, str]:
    """The text as the server's rules let the bot say it, and why not, or ''."""
    if "moderator" not in host.doors:
        return text, ""
    judged = await host.moderator.incoming(text, host.caller.scope)
    if judged.allowed:
        judged = await host.moderator.outgoing(text, host.caller.scope, by_model=False)
    return judged.text, "" if judged.allowed else judged.because or "the rules of this server do not allow that text"
