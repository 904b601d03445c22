"""Threads where a suggestion is planned: what its member says there is an answer."""

import asyncio
from collections import OrderedDict

import structlog

from bot.chat.orders import Order, Orders
from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import HERE
from bot.core.errors import MegawattsError
from bot.core.ids import ChannelId

log = structlog.get_logger()
TABLE = "planning"
"""Threads, each with the member who plans there and the suggestion's number."""
_ANSWERS, _ENDS = "answer_plan", frozenset({"start_plan", "keep_plan"})
_FRESH = 3.0
"""Seconds for which a channel without a plan is not looked up again."""
_CHANNELS = 4096


class Planning:
    """Looks at the records; most channels are no such thread, and cost a look every few seconds only."""

    def __init__(self, parts: Parts, orders: Orders) -> None:
        self._parts = parts
        spec = orders.named("plan answer")
        self._command = spec.command if spec is not None and spec.name == _ANSWERS else ""
        self._plain: OrderedDict[ChannelId, float] = OrderedDict()

    async def order(self, turn: Turn) -> Order | None:
        """The answer that a message gives to a plan's question, unless it says the words that end the planning."""
        message = turn.message
        ends = turn.sure and any(wish.match.intent.tool in _ENDS for wish in turn.wishes)
        if message.guild == HERE or ends or not self._command:
            return None
        now = self._parts.timer()
        if now - self._plain.get(message.channel, float("-inf")) < _FRESH:
            return None
        try:
            row = await asyncio.to_thread(self._parts.records.get, TABLE, message.channel)
        except MegawattsError as error:
            log.warning("planning not looked up", error=type(error).__name__)
            return None
        if row is None:
            self._note(message.channel, now)
        if row is None or row.get("user") != message.user:
            return None
        return Order(_ANSWERS, self._command, {"number": str(row["number"]), "text": turn.text})

    def _note(self, channel: ChannelId, now: float) -> None:
        self._plain[channel] = now
        self._plain.move_to_end(channel)
        if len(self._plain) > _CHANNELS:
            self._plain.popitem(last=False)
