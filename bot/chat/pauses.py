"""Guilds whose admins stopped the bot: it is silent there, and says why now and then."""

from collections import OrderedDict

from bot.chat.orders import Orders
from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import Outcome
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId
from bot.policy.pause import awake

EVERY = 3600.0
"""Seconds between two sentences in one channel."""
_CHANNELS = 4096


class Pauses:
    """Decides what is answered in a guild that is stopped. Tools refuse there by themselves: the registry asks too."""

    def __init__(self, parts: Parts, orders: Orders) -> None:
        self._parts, self._orders = parts, orders
        self._said: OrderedDict[ChannelId, float] = OrderedDict()

    def end(self, turn: Turn) -> bool:
        """Answer a turn whose guild is stopped: with nothing, or once an hour and channel with the reason. False if the
        turn may go on, as a command that is answered there."""
        if not turn.settings.paused or awake(self._command(turn)):
            return False
        turn.keeps = False
        turn.language = turn.message.locale or turn.settings.language or "en"
        waits = turn.given is not None or not turn.message.id  # who waits for it alone is always told
        turn.private = waits
        text = self.sentence(turn.settings, turn.language) if waits or self._due(turn.message.channel) else ""
        turn.end(text, Outcome.REJECTED, "paused")
        return True

    def sentence(self, settings: GuildSettings, language: str) -> str:
        """Why nothing is answered."""
        prefix = settings.prefix or self._parts.prefix
        return self._parts.texts("stopped.here", language, because=settings.paused, prefix=prefix)

    def _command(self, turn: Turn) -> str:
        if turn.given is not None:
            return turn.given.spec.command
        text, prefix = turn.message.text.strip(), turn.settings.prefix or self._parts.prefix
        order = self._orders.find(text[len(prefix) :]) if text.startswith(prefix) else None
        return order.command if order is not None else ""

    def _due(self, channel: ChannelId) -> bool:
        now = self._parts.timer()
        if now - self._said.get(channel, float("-inf")) < EVERY:
            return False
        self._said[channel] = now
        self._said.move_to_end(channel)
        if len(self._said) > _CHANNELS:
            self._said.popitem(last=False)
        return True
