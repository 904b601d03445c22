"""Members who said stop: nothing of theirs is kept beyond the reply under way."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

import structlog

from bot.core.errors import MegawattsError
from bot.core.ids import UserId
from bot.core.ports import Clock, Records

log = structlog.get_logger()
TABLE = "refusals"
OUT, IN = "opt_out", "opt_in"
"""The tools by which members decide."""
_MEMBERS = 8192
_REFRESH = 60.0
"""Seconds after which another process's word is looked for."""


class Refusals:
    """Kept in the records; read once a minute and member. Where they cannot be read, a member counts as refusing."""

    def __init__(self, records: Records, clock: Clock, timer: Callable[[], float]) -> None:
        self._records, self._clock, self._timer = records, clock, timer
        self._known: OrderedDict[UserId, tuple[bool, float]] = OrderedDict()

    async def refused(self, user: UserId) -> bool:
        """Whether this member wants nothing kept."""
        known = self._known.get(user)
        if known is not None and self._timer() - known[1] < _REFRESH:
            return known[0]
        try:
            found = await asyncio.to_thread(self._records.get, TABLE, quote(user, safe="")) is not None
        except MegawattsError as error:
            log.warning("refusals unavailable", error=type(error).__name__)
            return True
        self._note(user, refused=found)
        return found

    async def decided(self, tool: str, user: UserId) -> None:
        """A member used a tool. Raises Unavailable if their word cannot be kept."""
        if tool == OUT:
            self._note(user, refused=True)
            row = {"at": self._clock().isoformat()}
            await asyncio.to_thread(self._records.put, TABLE, quote(user, safe=""), row)
        elif tool == IN:
            await asyncio.to_thread(self._records.delete, TABLE, quote(user, safe=""))
            self._note(user, refused=False)

    def _note(self, user: UserId, *, refused: bool) -> None:
        self._known[user] = (refused, self._timer())
        self._known.move_to_end(user)
        if len(self._known) > _MEMBERS:
            self._known.popitem(last=False)
