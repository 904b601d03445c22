"""Whether the channels heat up, and the calm word that is then said."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from bot.core.ids import ChannelId, UserId
from bot.policy.mood import Heat, heated

_CHANNELS = 4000
"""Channels whose heat is remembered; the one unused longest has cooled by then."""


class Climate:
    """Heat by channel, in this process."""

    def __init__(self, hostility: Callable[[str], float]) -> None:
        self._hostility = hostility
        self._heat: OrderedDict[ChannelId, Heat] = OrderedDict()

    def hear(self, channel: ChannelId, user: UserId, text: str, now: datetime) -> bool:
        """Take one line into account; whether a notice is due now."""
        hostile = self._hostility(text)
        before = self._heat.get(channel)
        if before is None and hostile <= 0:
            return False
        after, tell = heated(before or Heat(), user, hostile, now)
        self._heat[channel] = after
        self._heat.move_to_end(channel)
        if len(self._heat) > _CHANNELS:
            self._heat.popitem(last=False)
        return tell
