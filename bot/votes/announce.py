"""Tells members of proposals: looks at polls and outcomes, and at what was told, and does what is missing."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.chat import Messenger, Post
from bot.core.errors import Denied
from bot.core.guild_settings import GuildBook
from bot.core.ids import ChannelId, GuildId, MessageId, PullNumber
from bot.core.ports import Clock, Records
from bot.core.votes import Subject
from bot.policy import announcements as policy
from bot.policy.announcement_words import Words, english
from bot.policy.announcements import Edit, Matter, Open, Say, Send, Told
from bot.votes.service import Votes

TABLE = "announced"
OUTCOMES = "outcomes"
_CLAIM = timedelta(seconds=60)
"""How long another process is given to finish what it began."""
_OLD = timedelta(days=30)
"""What was last touched so long ago is not looked at again."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What announcing takes: the stores, a voice, the guild whose votes count, and its settings."""

    records: Records
    votes: Votes
    messenger: Messenger
    book: GuildBook
    clock: Clock
    home: GuildId
    texts: Callable[..., str] | None = None
    """A text by key and language; None: English alone."""

    def say(self, guild: GuildId, language: str = "") -> Words:
        """Texts in a language; empty: in that of a guild, whose members all read what is announced."""
        chosen = language or self.book.read(guild).language or "en"

        def said(key: str, **facts: object) -> str:
            return self.texts(key, chosen, **facts) if self.texts is not None else english(key, **facts)

        return said


class Announcer:
    """Level-triggered: a round does what is missing, whoever was killed in the middle of the one before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def round(self) -> int:
        """One look at everything; how many deeds were done. Raises Unavailable when the carrier does not answer, and
        Denied, at the end, when it refused one: the others are done."""
        now, done, refused = self._desk.clock(), 0, list[Denied]()
        outcomes = {int(row.get("pull", 0)): row for _, row in self._desk.records.scan(OUTCOMES)}
        current = {f"{one.pull}/{one.head[:12]}": one for one in self._desk.votes.subjects()}
        known: dict[str, Mapping[str, Any]] = dict(self._desk.records.scan(TABLE, "vote/"))
        todo: list[tuple[str, Matter, Mapping[str, Any]]] = []
        for key, subject in current.items():
            row = known.pop(f"vote/{key}", {})
            todo.append((f"vote/{key}", self._matter(subject, outcomes.get(subject.pull, {}), now), row))
        for key, row in known.items():  # a newer head took the poll's place
            if (gone := _left(row, current.values())) is not None:
                todo.append((key, Matter(gone), row))
        for key, matter, row in todo:
            try:
                done += await self._one(key, matter, row, now)
            except Denied as error:
                refused.append(error)
        if refused:
            raise refused[0]
        return done

    def _matter(self, subject: Subject, outcome: Mapping[str, Any], now: datetime) -> Matter:
        poll = self._desk.votes.read(PullNumber(subject.pull))
        if poll is None:
            return Matter(subject)
        return Matter(
            subject,
            poll,
            self._desk.votes.explain(poll, now),
            self._desk.votes.ends(poll, now),
            str(outcome.get("result", "")),
            str(outcome.get("because", "")),
            str(outcome.get("version", "")),
        )

    async def _one(self, key: str, matter: Matter, row: Mapping[str, Any], now: datetime) -> int:
        """Deed by deed, each on record before the next is chosen: a kill in between costs none and doubles none."""
        if row and now - datetime.fromisoformat(row["at"]) > _OLD:
            return 0
        if matter.poll is not None and matter.poll.guild != self._desk.home:
            return 0
        done = 0
        for _ in range(4):  # at most: send or edit, thread, line
            todo = policy.deeds(matter, _told(row), now, self._words())
            if not todo:
                break
            after = await self._do(todo[0], key, matter, row, now)
            if after is None:
                break
            row, done = after, done + 1
        return done

    async def _do(
        self, deed: policy.Deed, key: str, matter: Matter, row: Mapping[str, Any], now: datetime
    ) -> Mapping[str, Any] | None:
        if isinstance(deed, Send):
            return await self._send(key, matter, now)
        channel, message = ChannelId(str(row["channel"])), MessageId(str(row["message"]))
        after = {**row, "at": now.isoformat()}
        if isinstance(deed, Edit):
            await self._edit(channel, message, self._post(matter, now))
            after["shown"] = policy.digest(matter, now, self._words())
        elif isinstance(deed, Open):
            after["thread"] = await self._thread(channel, message, deed.name)
        elif isinstance(deed, Say):
            post = Post(deed.text, nonce=nonce_of(f"{key}/{deed.key}"))
            await self._say(ChannelId(str(row["thread"])), channel, message, post)
            after["said"] = [*row.get("said", ()), deed.key]
        self._desk.records.put(TABLE, key, after)
        return after

    async def _send(self, key: str, matter: Matter, now: datetime) -> Mapping[str, Any] | None:
        """Claimed before it is sent, so that no other process sends it as well; sent again after a kill it carries the
        same nonce, by which Discord knows it for minutes."""
        channel = self._desk.book.read(self._desk.home).vote_channel
        if not channel:
            return None
        claim = {"at": now.isoformat(), "channel": channel, **_of(matter)}
        if not self._desk.records.add(TABLE, key, claim):
            before = self._desk.records.get(TABLE, key) or {}
            if before.get("message") or now - datetime.fromisoformat(before["at"]) < _CLAIM:
                return None
            self._desk.records.put(TABLE, key, claim)
        post = replace(self._post(matter, now), nonce=nonce_of(key))
        message = await self._desk.messenger.send(channel, post)
        row = {**claim, "message": message, "shown": policy.digest(matter, now, self._words())}
        self._desk.records.put(TABLE, key, row)
        return row

    def _words(self) -> Words:
        return self._desk.say(self._desk.home)

    def _post(self, matter: Matter, now: datetime) -> Post:
        say = self._words()
        return Post(card=policy.card(matter, now, say), buttons=policy.buttons(matter, now, say))

    async def _edit(self, channel: ChannelId, message: MessageId, post: Post) -> None:
        """A message that somebody deleted cannot be edited; the thread goes on without it."""
        try:
            await self._desk.messenger.edit(channel, message, post)
        except Denied:
            return

    async def _say(self, thread: ChannelId, channel: ChannelId, message: MessageId, post: Post) -> None:
        """In the thread, or under the announcement where there is no thread."""
        try:
            await self._desk.messenger.send(thread, post)
        except Denied:
            await self._desk.messenger.send(channel, replace(post, replies_to=message))

    async def _thread(self, channel: ChannelId, message: MessageId, name: str) -> str:
        """A thread that a killed process began is there already: it has its message's id.
        https://discord.com/developers/docs/resources/channel#start-thread-from-message"""
        try:
            return await self._desk.messenger.thread(channel, message, name)
        except Denied:
            return message


def nonce_of(key: str) -> str:
    """At most 25 characters, the same for the same key. https://discord.com/developers/docs/resources/message"""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _told(row: Mapping[str, Any]) -> Told:
    said = tuple(str(one) for one in row.get("said", ()))
    return Told(str(row.get("message", "")), str(row.get("thread", "")), str(row.get("shown", "")), said)


def _of(matter: Matter) -> dict[str, Any]:
    """What is needed to show it when its poll has gone."""
    about = matter.subject
    return {"pull": about.pull, "head": about.head, "title": about.title, "summary": about.summary, "link": about.link}


def _left(row: Mapping[str, Any], current: Any) -> Subject | None:
    """A head that was announced and has no poll any more, as voided by the one that has."""
    newer = next((one for one in current if one.pull == row.get("pull")), None)
    if newer is None or not row.get("message"):
        return None
    known = {name: row[name] for name in ("pull", "head", "title", "summary", "link")}
    return Subject(**known, voided_by=newer.head)
