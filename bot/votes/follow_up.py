"""Tells those who suggested something what became of it, where they said it; and everybody of emergency commands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.core.chat import Post
from bot.core.errors import Denied
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.text import one_line
from bot.policy import announcements as policy
from bot.votes.announce import OUTCOMES, TABLE, Desk, nonce_of

SUGGESTIONS, REMINDERS, EMERGENCIES, ORDERS = "suggestions", "reminders", "announcements", "orders"
_RECENT = timedelta(days=1)
"""An emergency command is announced within this time or not at all."""
_FOLLOWED = timedelta(days=180)


class FollowUp:
    """Level-triggered, like the announcer: what was told is on record, and told once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def round(self) -> int:
        """One look at every suggestion and every emergency command; how many sentences were said."""
        now = self._desk.clock()
        by_suggestion: dict[str, list[Mapping[str, Any]]] = {}
        for _, row in self._desk.records.scan(OUTCOMES):
            for number in row.get("suggestions", ()):
                by_suggestion.setdefault(str(number), []).append(row)
        said = 0
        for key, row in self._desk.records.scan(SUGGESTIONS) if by_suggestion else ():
            rows = by_suggestion.get(str(row.get("id", key)))
            if rows and now - datetime.fromisoformat(str(row["at"])) < _FOLLOWED:
                said += await self._tell(f"news/{key}", row, rows, now)
        return said + await self._emergencies(now)

    async def _tell(self, key: str, suggestion: Mapping[str, Any], rows: list[Mapping[str, Any]], now: datetime) -> int:
        told = list((self._desk.records.get(TABLE, key) or {}).get("told", ()))
        say = self._desk.say(GuildId(str(suggestion.get("guild", ""))), str(suggestion.get("language", "")))
        fresh = policy.unsaid(told, rows, say)
        for name, text in fresh:
            await self._deliver(suggestion, text, nonce_of(f"{key}/{name}"), now)
            told.append(name)
            self._desk.records.put(TABLE, key, {"told": told, "at": now.isoformat()})
        return len(fresh)

    async def _deliver(self, suggestion: Mapping[str, Any], text: str, nonce: str, now: datetime) -> None:
        """In the thread or channel where it was said; where the bot may not speak there any more, to the member."""
        user = UserId(str(suggestion["user"]))
        if not suggestion.get("guild"):
            self._owe(user, suggestion, text, nonce, now)
            return
        post = Post(f"{text}\n> {one_line(str(suggestion['text']), 200)}", nonce=nonce)
        for place in (suggestion.get("thread"), suggestion.get("channel")):
            if place and await self._sent(ChannelId(str(place)), post):
                return
        try:
            await self._desk.messenger.direct(user, post)
        except Denied:
            return  # they shut their door, and there is no other

    async def _sent(self, place: ChannelId, post: Post) -> bool:
        try:
            await self._desk.messenger.send(place, post)
        except Denied:
            return False
        return True

    def _owe(self, user: UserId, suggestion: Mapping[str, Any], text: str, nonce: str, now: datetime) -> None:
        """Without a guild it waits in the outbox for the member's next look; the same key is handed out once."""
        row = {
            "id": nonce,
            "user": user,
            "channel": str(suggestion.get("channel", "")),
            "text": text,
            "due": now.isoformat(),
            "news": True,
        }
        self._desk.records.put(REMINDERS, f"{quote(user, safe='')}/0-{nonce}", row)

    async def _emergencies(self, now: datetime) -> int:
        """Stop, resume, rollback and override are always announced, whoever gave them and from where."""
        settings = self._desk.book.read(self._desk.home)
        places = [one for one in dict.fromkeys((settings.vote_channel, settings.log_channel)) if one]
        said = 0
        given = [(key, row) for key, row in self._desk.records.scan(ORDERS) if row.get("act") in {"stop", "resume"}]
        for key, row in [*self._desk.records.scan(EMERGENCIES), *given] if places else ():
            if now - datetime.fromisoformat(str(row["at"])) > _RECENT:
                continue
            for place in places:
                said += await self._once(f"emergency/{key}/{place}", place, _emergency(row), now)
        return said

    async def _once(self, key: str, place: ChannelId, text: str, now: datetime) -> int:
        if self._desk.records.get(TABLE, key) is not None:
            return 0
        if not await self._sent(place, Post(text, nonce=nonce_of(key))):
            return 0
        self._desk.records.put(TABLE, key, {"at": now.isoformat()})
        return 1


def _emergency(row: Mapping[str, Any]) -> str:
    act, by = one_line(str(row["act"]), 40), one_line(str(row["by"]), 80)
    about = one_line(str(row.get("subject", "")), 120)
    return f"🛑 {act} of {about}, by {by}: {one_line(str(row.get('reason', '')), 500) or 'no reason was given'}"
