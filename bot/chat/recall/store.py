"""Facts as rows. Every method waits for the disk: not for the event loop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Fact
from bot.core.ports import Records
from bot.policy.memory import Held, Place

FACTS, SOURCES, USES, UNINDEXED = "facts", "fact_sources", "fact_uses", "facts_unindexed"


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact as it is stored, with what its topic and its use say about it."""

    fact: Fact
    value: str
    words: str
    many: bool = False
    private: bool = False
    superseded: bool = False
    uses: int = 0
    used: datetime | None = None

    @property
    def key(self) -> str:
        """Its row: member, guild, fact."""
        return f"{scope(self.fact.user, self.fact.guild)}{quote(self.fact.id, safe='')}"

    @property
    def held(self) -> Held:
        """What policy decides upon."""
        one = self.fact
        return Held(
            one.id, one.topic, self.value, one.importance, one.at, self.many, self.uses, self.used, self.superseded
        )

    @property
    def told(self) -> Place:
        """Where it was told."""
        return Place(self.fact.user, self.fact.guild, self.private)


class FactStore:
    """The rows of long-term memory: the truth; vectors are only a way to find them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, user: UserId, guild: GuildId | None = None) -> list[Kept]:
        """A member's facts, superseded ones too, oldest first; of one guild or of all."""
        prefix = f"{_key(user)}/" if guild is None else scope(user, guild)
        found = [self._kept(key, row) for key, row in self._records.scan(FACTS, prefix)]
        return sorted(found, key=lambda one: (one.fact.at, one.fact.id))

    def some(self, user: UserId, guild: GuildId, ids: Iterable[str]) -> list[Kept]:
        """Those of these facts that are still there, in this order."""
        keys = [f"{scope(user, guild)}{quote(one, safe='')}" for one in ids]
        rows = ((key, self._records.get(FACTS, key)) for key in keys)
        return [self._kept(key, row) for key, row in rows if row]

    def put(self, kept: Kept) -> None:
        """Write a fact, first that it is not indexed yet, and where it came from."""
        self._records.put(UNINDEXED, kept.key, {})
        if kept.fact.message:
            self._records.put(
                SOURCES, f"{_source(kept.fact.channel, kept.fact.message)}{kept.fact.id}", {"fact": kept.key}
            )
        self._records.put(FACTS, kept.key, _row(kept))

    def delete(self, kept: Sequence[Kept]) -> None:
        """Remove facts with all that points to them."""
        for one in kept:
            self._records.delete(FACTS, one.key)
            self._records.delete(USES, one.key)
            self._records.delete(UNINDEXED, one.key)
            if one.fact.message:
                self._records.delete(SOURCES, f"{_source(one.fact.channel, one.fact.message)}{one.fact.id}")

    def from_messages(self, channel: ChannelId, messages: Iterable[MessageId]) -> list[Kept]:
        """The facts that were learned from these messages."""
        keys = [
            str(row["fact"])
            for message in messages
            if message
            for _, row in self._records.scan(SOURCES, _source(channel, message))
        ]
        rows = ((key, self._records.get(FACTS, key)) for key in keys)
        return [self._kept(key, row) for key, row in rows if row]

    def use(self, kept: Iterable[Kept], at: datetime) -> None:
        """Note that facts were recalled: beside them, so that a fact forgotten meanwhile does not come back."""
        for one in kept:
            self._records.put(USES, one.key, {"uses": one.uses + 1, "used": at.isoformat()})

    def unindexed(self, user: UserId) -> list[Kept]:
        """This member's facts that no index has yet."""
        keys = [key for key, _ in self._records.scan(UNINDEXED, f"{_key(user)}/")]
        rows = ((key, self._records.get(FACTS, key)) for key in keys)
        return [self._kept(key, row) for key, row in rows if row]

    def indexed(self, kept: Iterable[Kept], *, done: bool = True) -> None:
        """Note that facts are in the index, or no longer."""
        for one in kept:
            if done:
                self._records.delete(UNINDEXED, one.key)
            else:
                self._records.put(UNINDEXED, one.key, {})

    def _kept(self, key: str, row: Mapping[str, Any]) -> Kept:
        use = self._records.get(USES, key) or {}
        fact = Fact(
            id=str(row["id"]),
            user=UserId(str(row["user"])),
            guild=GuildId(str(row["guild"])),
            text=str(row["text"]),
            topic=str(row["topic"]),
            importance=float(row["importance"]),
            at=datetime.fromisoformat(str(row["at"])),
            channel=ChannelId(str(row["channel"])),
            message=MessageId(str(row["message"])),
        )
        return Kept(
            fact,
            str(row["value"]),
            str(row["words"]),
            many=bool(row["many"]),
            private=bool(row["private"]),
            superseded=bool(row["superseded"]),
            uses=int(use.get("uses", 0)),
            used=datetime.fromisoformat(str(use["used"])) if use else None,
        )


def shown(kept: Kept) -> dict[str, Any]:
    """A fact as JSON values for its member."""
    row = {key: value for key, value in _row(kept).items() if key not in ("words", "value", "many")}
    return {**row, "uses": kept.uses, "used": kept.used.isoformat() if kept.used else None}


def _row(kept: Kept) -> dict[str, Any]:
    one = kept.fact
    return {
        "id": one.id,
        "user": one.user,
        "guild": one.guild,
        "text": one.text,
        "topic": one.topic,
        "importance": one.importance,
        "at": one.at.isoformat(),
        "channel": one.channel,
        "message": one.message,
        "value": kept.value,
        "words": kept.words,
        "many": kept.many,
        "private": kept.private,
        "superseded": kept.superseded,
    }


def scope(user: UserId, guild: GuildId) -> str:
    """What the keys of a member's facts in one guild, or in direct messages, begin with."""
    return f"{_key(user)}/{quote(guild, safe='')}/"


def _key(user: UserId) -> str:
    return quote(user, safe="")


def _source(channel: ChannelId, message: MessageId) -> str:
    return f"{quote(channel, safe='')}/{quote(message, safe='')}/"
