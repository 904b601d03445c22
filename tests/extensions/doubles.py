"""Doors whose other side a test sets by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.core.audit import GENESIS, Entry, verify_chain
from bot.core.case import Stop
from bot.core.chat import Message, Post
from bot.core.errors import Denied, Unavailable
from bot.core.guild import ChannelView, MemberView, RoleView
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from bot.core.memory import Fact
from bot.core.verdict import Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GUILD, ELSEWHERE = GuildId("100000000000000001"), GuildId("100000000000000002")
BOTS, VOTES, ELDERS = "200000000000000001", "200000000000000002", "300000000000000001"


class ListAudit:
    """An audit log in memory, chained like the real one."""

    def __init__(self) -> None:
        self.rows: list[Entry] = []
        self.broken = False

    def append(self, actor: str, act: str, subject: str, reason: str, facts: Mapping[str, str] | None = None) -> Entry:
        if self.broken:
            raise Unavailable("audit log", "the disk is full")
        before = self.rows[-1].digest if self.rows else GENESIS
        entry = Entry(len(self.rows) + 1, NOON, actor, act, subject, reason, dict(facts or {}), before)
        entry = Entry(entry.number, NOON, actor, act, subject, reason, dict(facts or {}), before, entry.compute())
        self.rows.append(entry)
        return entry

    def entries(self) -> Sequence[Entry]:
        return tuple(self.rows)

    def verify(self) -> Verdict:
        return verify_chain(self.rows)

    def acts(self) -> list[tuple[str, str, str]]:
        return [(one.actor, one.act, one.reason) for one in self.rows]


class HandSwitch:
    """The emergency stop in memory."""

    def __init__(self) -> None:
        self.stopped: Stop | None = None

    def state(self) -> Stop | None:
        return self.stopped

    def stop(self, reason: str, by: str) -> Stop:
        self.stopped = self.stopped or Stop(reason, by, NOON)
        return self.stopped

    def resume(self, by: str) -> None:
        self.stopped = None


@dataclass
class HandGuilds:
    """Members with their permissions, and what there is in a guild."""

    members: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    mine: frozenset[str] = frozenset({"send_messages", "view_channel"})
    down: bool = False
    ages: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of the account, and of the membership."""

    def let(self, user: str, *permissions: str, guild: str = GUILD) -> None:
        self.members[guild, user] = frozenset(permissions)

    async def member(self, guild: GuildId, user: UserId) -> MemberView | None:
        if self.down:
            raise Unavailable("Discord", "no answer")
        held = self.members.get((guild, user))
        created, joined = self.ages.get(user, (None, None))
        return None if held is None else MemberView(user, guild, user, held, 1, created=created, joined=joined)

    async def me(self, guild: GuildId) -> MemberView:
        return MemberView(UserId("megawatts"), guild, "Megawatts", self.mine, 5, bot=True)

    async def roles(self, guild: GuildId) -> Sequence[RoleView]:
        return (RoleView(RoleId(ELDERS), guild, "elders", 3),)

    async def channels(self, guild: GuildId) -> Sequence[ChannelView]:
        names = ((BOTS, "bots"), (VOTES, "votes"))
        return tuple(ChannelView(ChannelId(number), guild, name) for number, name in names)


@dataclass
class HandMemories:
    """Facts by member, as a test put them there."""

    facts: list[Fact] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)

    def know(self, user: str, text: str, topic: str, number: str = "f00dfeed", guild: str = "") -> None:
        where = (ChannelId("hall"), MessageId("1"))
        self.facts.append(Fact(number, UserId(user), GuildId(guild), text, topic, 0.5, NOON, *where))

    async def consents(self, user: UserId) -> bool:
        return user in self.agreed

    async def consent(self, user: UserId, given: bool) -> None:
        self.agreed = self.agreed | {user} if given else self.agreed - {user}
        if not given:
            await self.forget(user)

    async def show(self, user: UserId, guild: GuildId | None = None) -> Sequence[Fact]:
        return [one for one in self.facts if one.user == user and guild in {None, one.guild}]

    async def forget(self, user: UserId, *, fact: str = "", topic: str = "") -> int:
        def goes(one: Fact) -> bool:
            return one.user == user and (not fact or one.id == fact) and (not topic or one.topic == topic)

        kept = [one for one in self.facts if not goes(one)]
        gone, self.facts = len(self.facts) - len(kept), kept
        return gone

    async def export(self, user: UserId) -> Mapping[str, Any]:
        return {"facts": [one.text for one in self.facts if one.user == user]}

    async def learn(self, message: Message) -> Sequence[Fact]:
        return ()


@dataclass
class HandMessenger:
    """A Discord that remembers what was sent; `shut` channels refuse, and a nonce is one message."""

    sent: list[tuple[str, Post]] = field(default_factory=list)
    edits: list[tuple[str, str, Post]] = field(default_factory=list)
    threads: dict[str, str] = field(default_factory=dict)
    directs: list[tuple[str, Post]] = field(default_factory=list)
    shut: set[str] = field(default_factory=set)
    down: bool = False

    async def send(self, channel: ChannelId, post: Post) -> MessageId:
        self._open(channel)
        for at, (place, before) in enumerate(self.sent):
            if post.nonce and (place, before.nonce) == (channel, post.nonce):
                return MessageId(f"m{at}")
        self.sent.append((channel, post))
        return MessageId(f"m{len(self.sent) - 1}")

    async def edit(self, channel: ChannelId, message: MessageId, post: Post) -> None:
        self._open(channel)
        self.edits.append((channel, message, post))

    async def thread(self, channel: ChannelId, message: MessageId, name: str) -> ChannelId:
        self._open(channel)
        if message in self.threads:
            raise Denied("a thread has already been created for this message")
        self.threads[message] = name
        return ChannelId(message)

    async def direct(self, user: UserId, post: Post) -> MessageId:
        self.directs.append((user, post))
        return MessageId("d")

    def _open(self, channel: str) -> None:
        if self.down:
            raise Unavailable("Discord", "no answer", retry_after=5.0)
        if channel in self.shut:
            raise Denied("I may not speak there")
