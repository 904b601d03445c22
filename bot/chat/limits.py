"""Rate limits: token buckets per member, channel and guild."""

from collections import OrderedDict
from collections.abc import Hashable

from bot.core.chat import HERE
from bot.core.guild_settings import GuildSettings

_MOST = 20_000
"""Buckets remembered; the one unused longest is forgotten first (it is full again by then)."""


class Buckets:
    """Token buckets by key. Times are seconds on any clock that does not run backwards."""

    def __init__(self, capacity: float, per_minute: float) -> None:
        self._capacity, self._rate = capacity, per_minute / 60.0
        self._state: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def level(self, key: Hashable, now: float, most: float | None = None) -> float:
        """Tokens that a key has now. `most`: per minute, where that is less than usual."""
        capacity, rate = self._held(most)
        tokens, seen = self._state.get(key, (capacity, now))
        return min(capacity, tokens + max(0.0, now - seen) * rate)

    def wait(self, key: Hashable, now: float, most: float | None = None) -> float:
        """Seconds until one token is there; 0 if one is."""
        missing = 1.0 - self.level(key, now, most)
        return missing / self._held(most)[1] if missing > 0 else 0.0

    def take(self, key: Hashable, now: float, most: float | None = None) -> None:
        """Use one token; never below zero."""
        self._state[key] = (max(0.0, self.level(key, now, most) - 1.0), now)
        self._state.move_to_end(key)
        while len(self._state) > _MOST:
            self._state.popitem(last=False)

    def _held(self, most: float | None) -> tuple[float, float]:
        """A guild may narrow both the burst and the rate, never widen them."""
        if most is None:
            return self._capacity, self._rate
        return max(1.0, min(self._capacity, most)), min(self._rate, most / 60.0)


class Limits:
    """A message passes if its member, its channel and its guild all have a token; a refused one costs none."""

    def __init__(self, user: Buckets, channel: Buckets, guild: Buckets | None = None) -> None:
        """Without buckets for guilds, those of their settings are used: a minute's messages at once."""
        self._user, self._channel = user, channel
        self._guild = guild or Buckets(3000, 3000)

    def admit(self, user: str, channel: str, now: float, settings: GuildSettings | None = None) -> float:
        """0 if the message passes, else the seconds to wait. `settings` are those of its guild; those who talk outside
        of any guild share no limit."""
        if settings is not None and settings.guild == HERE:
            settings = None
        mine = float(settings.per_user) if settings else None
        theirs = float(settings.per_guild) if settings else None
        wait = max(self._user.wait(user, now, mine), self._channel.wait(channel, now))
        if settings:
            wait = max(wait, self._guild.wait(settings.guild, now, theirs))
        if wait <= 0:
            self._user.take(user, now, mine)
            self._channel.take(channel, now)
            if settings:
                self._guild.take(settings.guild, now, theirs)
        return wait
