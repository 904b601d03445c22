"""What was said in a channel lately; kept in the records so that a restart forgets next to nothing."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.chat.memory.gist import extract, quotes
from bot.chat.memory.talk import Talk, fitted, from_row, key, merged, to_row
from bot.core.chat import HERE, Line
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.ports import Clock, Records

TABLE = "conversations"
GONE = "conversations_gone"
"""Ids of messages and members whose lines must not come back from another process that still has them in mind."""
_CHANNELS = 2000
"""Windows held in this process; the one unused longest is written out and dropped."""
_MOST_GONE = 500
_GONE_FOR = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


class Memory:
    """A window of lines per channel and a summary of those before; no channel sees another's.

    Lines are written behind, by `flush`: an answer never waits for the disk. What must go, and edits, are written at
    once: `drop`, `edit`, `forget`, `expire` and `retain` wait for the disk and may be called in another thread.
    Processes that share the records merge what they saw when they flush.
    """

    def __init__(self, records: Records, window: int, clock: Clock = _now) -> None:
        self._records, self._window, self._clock = records, window, clock
        self._talks: OrderedDict[ChannelId, Talk] = OrderedDict()
        self._dirty: set[ChannelId] = set()
        self._edited: dict[ChannelId, set[MessageId]] = {}
        self._guilds: dict[ChannelId, GuildId] = {}
        self._fleeting: set[ChannelId] = set()
        self._state, self._writing = threading.Lock(), threading.RLock()  # the second is always taken first

    def add(self, channel: ChannelId, line: Line, guild: GuildId = HERE, *, lasting: bool = True) -> None:
        """Append a line; those beyond the window go into the summary. `guild`: whose retention holds for the channel;
        `lasting`: whether it may be on disk at all."""
        if channel not in self._talks:
            self._load(channel)
        with self._state:
            if guild != HERE:
                self._guilds[channel] = guild
            (self._fleeting.discard if lasting else self._fleeting.add)(channel)
            self._talks[channel] = (self._talks.get(channel) or Talk()).with_line(line, self._window)
            self._talks.move_to_end(channel)
            self._dirty.add(channel)
            oldest = next(iter(self._talks)) if len(self._talks) > _CHANNELS else None
        if oldest is not None:
            self._write(oldest)
            with self._state:
                self._talks.pop(oldest, None)
                self._guilds.pop(oldest, None)
                self._fleeting.discard(oldest)

    def lines(self, channel: ChannelId) -> tuple[Line, ...]:
        """The window, oldest first. Read from the records the first time a channel is asked for."""
        return self._load(channel).lines[-self._window :]

    def summary(self, channel: ChannelId) -> tuple[Line, ...]:
        """Sentences from before the window, oldest first, each as a line of the member who said it."""
        self._load(channel)
        with self._state:
            talk = self._talks.get(channel, Talk())
            if len(talk.lines) > self._window:
                talk = self._talks[channel] = fitted(talk.lines, talk.gist, self._window)
        return talk.gist

    def edit(self, channel: ChannelId, message: MessageId, text: str) -> bool:
        """A member changed a message; whether it was remembered. What the bot repeated of the old text goes."""
        talk = self._load(channel)
        old = [x for x in (*talk.gist, *talk.lines) if message and x.message == message and not x.by_bot]
        if not old:
            return False
        if not text.strip():
            return self.drop(channel, [message]) > 0
        with self._writing:
            self._change(channel, lambda now: _edited(now, message, text, [x.text for x in old]))
            self._edited.setdefault(channel, set()).add(message)
            self._write(channel)
        return True

    def drop(self, channel: ChannelId, messages: Sequence[MessageId]) -> int:
        """Forget messages, the answers to them, and what the bot repeated of them, on disk too; how many lines."""
        ids = {one for one in messages if one}
        talk = self._load(channel)
        if not any(one.message in ids for one in (*talk.gist, *talk.lines)):
            return 0
        with self._writing:
            self._mark(f"channel/{channel}", ids)
            return self._remove(channel, lambda line: line.message in ids)

    def forget(self, user: UserId) -> int:
        """Forget all that a member said anywhere, and the answers to it, on disk too; how many lines."""
        with self._writing:
            self._mark(f"user/{user}", {user})
            return sum(self._remove(channel, lambda line: line.user == user) for channel in self._channels())

    def expire(self, before: datetime) -> int:
        """Forget what was said before a moment, everywhere; how many lines."""
        return self.retain(lambda _guild: before)

    def retain(self, since: Callable[[GuildId], datetime | None]) -> int:
        """Forget what was said before the moment that holds for its guild; how many lines. None: of that guild nothing
        stays on disk. Channels that are of no guild, such as direct messages, are asked for as `HERE`."""
        with self._writing:
            for name, row in self._records.scan(GONE):
                if not row or max(map(datetime.fromisoformat, row.values())) < self._clock() - _GONE_FOR:
                    self._records.delete(GONE, name)
            return sum(self._retain(channel, since) for channel in self._channels())

    def of(self, user: UserId) -> list[dict[str, Any]]:
        """All that is held of a member's words and the answers to them, as JSON values."""
        with self._writing:
            talks = {channel: self._whole(channel) for channel in self._channels()}
        return [
            {"channel": channel, "text": one.text, "at": one.at.isoformat(), "bot": one.by_bot, "message": one.message}
            for channel, talk in talks.items()
            for one in talk.of(user)
        ]

    def flush(self) -> int:
        """Write what is new; how many channels that were. May run in another thread than the rest."""
        channels = tuple(self._dirty)
        for channel in channels:
            self._write(channel)
        return len(channels)

    def _load(self, channel: ChannelId) -> Talk:
        with self._state:
            if channel in self._talks:
                self._talks.move_to_end(channel)
                return self._talks[channel]
        with self._writing:
            stored = self._stored(channel)
            with self._state:
                return self._talks.setdefault(channel, stored)

    def _channels(self) -> list[ChannelId]:
        return sorted({*self._talks, *(ChannelId(name) for name, _row in self._records.scan(TABLE))})

    def _change(self, channel: ChannelId, change: Callable[[Talk], Talk]) -> None:
        with self._state:
            self._talks[channel] = change(self._talks.get(channel, Talk()))
            self._dirty.add(channel)

    def _whole(self, channel: ChannelId) -> Talk:
        """What is on disk and what is not yet there."""
        return merged(
            self._stored(channel), self._talks.get(channel, Talk()), self._window, self._edited.get(channel, ())
        )

    def _remove(self, channel: ChannelId, gone: Callable[[Line], bool]) -> int:
        whole = self._whole(channel)
        kept = whole.without(gone)
        removed = len(whole.lines) + len(whole.gist) - len(kept.lines) - len(kept.gist)
        if removed:
            with self._state:
                if channel in self._talks:
                    self._talks[channel] = kept
                self._dirty.discard(channel)
            try:
                self._store(channel, kept)
            except BaseException:
                self._dirty.add(channel)
                raise
        return removed

    def _retain(self, channel: ChannelId, since: Callable[[GuildId], datetime | None]) -> int:
        stored = self._stored(channel)
        moment = since(self._guilds.get(channel, HERE))
        if moment is not None:
            return self._remove(channel, lambda line: line.at < moment)
        if channel in self._talks:
            self._fleeting.add(channel)
        self._records.delete(TABLE, channel)
        return len(stored.lines) + len(stored.gist)

    def _write(self, channel: ChannelId) -> None:
        with self._writing:
            if channel not in self._dirty:
                return
            with self._state:
                self._dirty.discard(channel)
                mine = self._talks.get(channel, Talk())
            try:
                whole = self._allowed(channel, self._whole(channel))
                self._store(channel, whole)
                if (after := self._allowed(channel, whole)) != whole:  # another process forgot while this one wrote
                    self._store(channel, after)
            except BaseException:
                self._dirty.add(channel)
                raise
            self._edited.pop(channel, None)
            self._adopt(channel, mine, after)

    def _adopt(self, channel: ChannelId, mine: Talk, whole: Talk) -> None:
        """What was merged is what is remembered from here on, with the lines that came in between."""
        known = {key(line) for line in mine.lines}
        with self._state:
            now = self._talks.get(channel)
            if now is None:
                return
            for line in now.lines:
                if key(line) not in known:
                    whole = whole.with_line(line, self._window)
            self._talks[channel] = whole

    def _store(self, channel: ChannelId, talk: Talk) -> None:
        if (talk.lines or talk.gist) and channel not in self._fleeting:
            guild = self._guilds.get(channel, HERE)
            self._records.put(TABLE, channel, to_row(talk) | ({"guild": guild} if guild else {}))
        else:
            self._records.delete(TABLE, channel)

    def _stored(self, channel: ChannelId) -> Talk:
        row = self._records.get(TABLE, channel)
        if row and row.get("guild"):
            self._guilds.setdefault(channel, GuildId(str(row["guild"])))
        return from_row(row, self._window)

    def _mark(self, name: str, ids: set[Any]) -> None:
        now = self._clock().isoformat()
        row = {**(self._records.get(GONE, name) or {}), **{str(one): now for one in ids}}
        self._records.put(GONE, name, dict(sorted(row.items(), key=lambda item: item[1])[-_MOST_GONE:]))

    def _allowed(self, channel: ChannelId, talk: Talk) -> Talk:
        """Without what was deleted or forgotten by any process."""
        messages = self._records.get(GONE, f"channel/{channel}") or {}
        users = {line.user for line in (*talk.lines, *talk.gist) if not line.by_bot}
        since = {user: self._records.get(GONE, f"user/{user}") for user in users}
        forgotten = {user: datetime.fromisoformat(row[user]) for user, row in since.items() if row}
        if not messages and not forgotten:
            return talk
        return talk.without(
            lambda line: line.message in messages or (line.user in forgotten and line.at < forgotten[line.user])
        )


def _edited(talk: Talk, message: MessageId, text: str, old: Sequence[str]) -> Talk:
    """The new text in place of the old, in the summary its best sentence; the bot's repetitions of the old are gone."""

    def repeats(one: Line) -> bool:
        return one.by_bot and any(quotes(one.text, said) for said in old) and not quotes(one.text, text)

    def mine(one: Line) -> bool:
        return one.message == message and not one.by_bot

    lines = (replace(one, text=text) if mine(one) else one for one in talk.lines if not repeats(one))
    gist = (extract(replace(one, text=text)) if mine(one) else one for one in talk.gist if not repeats(one))
    return Talk(tuple(lines), tuple(one for one in gist if one is not None))
