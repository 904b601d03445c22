"""Slow mode and purge."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from bot.extensions._guild import TIME, because, named, plural, spell, told, where
from bot.sdk import (
    MESSAGE,
    USER,
    ChannelView,
    Host,
    Length,
    MessageView,
    Plan,
    Range,
    Result,
    Touch,
    deed_of,
    one_line,
    tool,
)

_OLDEST = timedelta(days=14) - timedelta(minutes=10)
"""Age up to which Discord deletes messages in bulk."""
_LOOKED_AT = 200
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


@tool("Set how long members wait between messages in a channel.", "!slowmode 30", command="slowmode",
      needs=("guilds",), permissions=("manage_channels",), mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def slowmode(
    host: Host,
    seconds: Annotated[int, "0 to 21600; 0 ends it", Range(0, 21600)],
    channel_id: ChannelView | None = None,
    reason: Reason = "",
) -> Plan:
    """In the channel where it is asked, if no other is named."""
    channel = await where(host, channel_id)
    says = f"Slow mode of {spell(seconds)} in {named(channel)}" if seconds else f"End slow mode in {named(channel)}"
    return Plan(
        f"{says}{because(reason)}.",
        Touch(channels=(channel,)),
        told(f"Members of {named(channel)} wait {spell(seconds)} between messages." if seconds else f"{says}: done."),
        deed_of(host, "slowmode", reason, channel=channel.id, seconds=seconds),
    )


@tool("Delete the newest messages of a channel.", "!purge 20", command="purge", needs=("guilds",),
      permissions=("manage_messages", "read_message_history"), destructive=True, timeout=20.0,
      per_minute=5)  # fmt: skip
async def purge(
    host: Host,
    *,
    count: Annotated[int, "how many, 1 to 100", Range(1, 100)],
    channel_id: ChannelView | None = None,
    user_id: Annotated[str, "only those of this member", USER] = "",
    before: Annotated[str, "only those older than this message", MESSAGE] = "",
    reason: Reason = "",
) -> Plan | Result:
    """Not pinned ones, and none older than two weeks. What is shown is what is deleted, whatever is said meanwhile."""
    channel = await where(host, channel_id)
    looked = await host.sight.messages(channel, _LOOKED_AT if user_id else min(_LOOKED_AT, count + 50), before)
    fitting = [one for one in looked if not one.pinned and one.at > host.now - _OLDEST and user_id in ("", one.author)]
    chosen = fitting[:count]
    if not chosen:
        return Result("There is nothing here that I could delete: pinned and older ones stay.", "none", ok=False)
    pins = {"channel_id": channel.id, "before": str(int(looked[0].id) + 1)}
    return Plan(
        f"Delete {_described(chosen)} in {named(channel)}{because(reason)}.",
        Touch(channels=(channel,)),
        lambda done: Result(f"{plural(done['count'], 'message')} deleted.", facts={"count": done["count"]}),
        deed_of(host, "purge", reason, channel=channel.id, messages=[one.id for one in chosen]),
        pins=pins,
    )


def _described(chosen: Sequence[MessageView]) -> str:
    authors = Counter(one_line(one.author_name, 40) for one in chosen)
    whose = ", ".join(f"{name} {count}" for name, count in authors.most_common(5))
    newest, oldest = chosen[0], chosen[-1]
    span = f"{oldest.at:%Y-%m-%d %H:%M} to {newest.at:%H:%M} UTC"
    quotes = " … ".join(dict.fromkeys(f"“{one_line(one.text, 40)}”" for one in (oldest, newest)))
    return f"{plural(len(chosen), 'message')} ({whose}; {span}; {quotes})"
