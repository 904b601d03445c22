"""What moderators read in their log channel: what was blocked, and of its text no more than they need."""

from collections import OrderedDict, deque

from bot.chat.text import shorten
from bot.core.ids import GuildId, UserId
from bot.core.text import one_line
from bot.policy.redact import redact

PER_MEMBER, PER_GUILD, WITHIN = 60.0, 10, 600.0
"""Seconds between two notices on one member; notices of one guild within so many seconds."""
_GUILDS = 4096
_LONGEST = 120


class Notices:
    """Says when a notice is due. `now` in seconds that never run backwards."""

    def __init__(self) -> None:
        self._told: OrderedDict[GuildId, deque[tuple[float, UserId]]] = OrderedDict()

    def due(self, guild: GuildId, user: UserId, now: float) -> bool:
        """Whether to tell of this member now; if so, it counts as told."""
        told = self._told.setdefault(guild, deque())
        self._told.move_to_end(guild)
        if len(self._told) > _GUILDS:
            self._told.popitem(last=False)
        while told and now - told[0][0] >= WITHIN:
            told.popleft()
        if len(told) >= PER_GUILD or any(who == user and now - at < PER_MEMBER for at, who in told):
            return False
        told.append((now, user))
        return True


def excerpt(text: str) -> str:
    """The beginning of a text without secrets and personal data, hidden until it is clicked, with links that are dead.
    Redacted before it is cut, since half a secret is not known for one."""
    short = shorten(one_line(redact(text), 2000), _LONGEST)
    for mark in ("|", "`", "*", "_", "~", "\\"):
        short = short.replace(mark, " ")
    return f"||{short.replace('://', ' // ').replace('discord.gg/', 'discord.gg /').strip()}||" if short.strip() else ""
