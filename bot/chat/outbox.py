"""Messages that the bot owes members: reminders that fell due."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from bot.core.chat import Pending
from bot.core.ids import ChannelId, UserId
from bot.core.ports import Records

REMINDERS = "reminders"
_TAKEN = "reminders_taken"


class Outbox:
    """Hands each due message out once, whichever process is asked."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def take(self, user: UserId, now: datetime) -> Sequence[Pending]:
        """All of this member's messages that are due, earliest first; they are gone afterwards."""
        due: list[Pending] = []
        for key, row in self._records.scan(REMINDERS, quote(user, safe="") + "/"):
            at = datetime.fromisoformat(str(row["due"]))
            if at > now or row.get("user") != user:
                continue
            if self._records.add(_TAKEN, key, {"at": now.isoformat()}):
                channel = ChannelId(str(row["channel"]))
                due.append(Pending(str(row["id"]), user, channel, str(row["text"]), at))
            self._records.delete(REMINDERS, key)
        return sorted(due, key=lambda one: one.due)
