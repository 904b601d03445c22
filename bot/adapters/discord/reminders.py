"""Reminders that fell due reach their members, whichever process of the bot looks first."""

import asyncio
from datetime import datetime
from typing import Any

import structlog

from bot.adapters.discord.words import Words
from bot.core.chat import Conversation, Messenger, Pending, Post
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.ids import UserId
from bot.core.ports import Clock, Records

log = structlog.get_logger()
TABLE = "reminders"
LONGEST = 30.0
"""Seconds between two looks when nothing is due: another process may have taken a reminder down."""
_SOON = 0.5
_TRIES = 5


class Reminders:
    """Sleeps until the next one is due; one look reads one table, whatever the number of members."""

    def __init__(
        self, conversation: Conversation, messenger: Messenger, records: Records, clock: Clock, words: Words
    ) -> None:
        self._conversation, self._messenger = conversation, messenger
        self._records, self._clock, self._words = records, clock, words
        self._wake = asyncio.Event()
        self._late: list[tuple[Pending, int]] = []
        """Taken, but not delivered: Discord was out of reach. With the number of tries."""

    def nudge(self) -> None:
        """A reminder may have been set just now."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver what is due, for ever."""
        while True:
            try:
                wait = await self.look()
            except MegawattsError as error:
                log.warning("reminders not read", error=type(error).__name__)
                wait = LONGEST
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def look(self) -> float:
        """Deliver what is due now; seconds until the next look."""
        now = self._clock()
        rows = await asyncio.to_thread(self._records.scan, TABLE)
        waiting = [(datetime.fromisoformat(str(row["due"])), str(row["user"])) for _, row in rows if _is_ours(row)]
        for user in sorted({user for due, user in waiting if due <= now}):
            self._late += [(one, 0) for one in await self._conversation.pending(UserId(user))]
        late, self._late = self._late, []
        for pending, tries in late:
            await self._deliver(pending, tries)
        ahead = min(((due - now).total_seconds() for due, _ in waiting if due > now), default=LONGEST)
        return max(_SOON, min(ahead, LONGEST))

    async def _deliver(self, pending: Pending, tries: int) -> None:
        """Where it was set; to the member alone where the bot may not write any more."""
        post = Post(
            self._words("discord.reminder", "", text=f"<@{pending.user}> {pending.text}"), nonce=pending.id[:25]
        )
        try:
            try:
                await self._messenger.send(pending.channel, post)
            except Denied:
                await self._messenger.direct(pending.user, post)
        except Denied as refusal:
            log.warning("reminder not delivered", because=str(refusal))
        except Unavailable:
            if tries < _TRIES:
                self._late.append((pending, tries + 1))


def _is_ours(row: dict[str, Any]) -> bool:
    """Set on Discord: its ids are numbers, those of the terminal and the local endpoint are not."""
    return str(row.get("user", "")).isdecimal() and str(row.get("channel", "")).isdecimal()
