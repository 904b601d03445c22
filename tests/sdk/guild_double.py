"""A guild in memory for tests of tools and of the registry: views can be changed, deeds are kept and change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.core.audit import Entry
from bot.core.errors import MegawattsError
from bot.core.guild import (
    ChannelView,
    Deed,
    MemberView,
    MessageView,
    Permissions,
    RoleView,
    ServerView,
    WebhookView,
)
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from bot.policy.permission_names import NAMES

GUILD = GuildId("100000000000000001")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOD = frozenset(
    {
        "ban_members", "kick_members", "moderate_members", "manage_roles", "manage_channels", "manage_messages",
        "manage_webhooks", "manage_guild", "create_instant_invite", "add_reactions", "view_channel", "send_messages",
        "read_message_history",
    }
)  # fmt: skip
PLAIN = frozenset({"view_channel", "send_messages", "read_message_history", "add_reactions"})
BOT, OWNER, MODERATOR, ANN, BOSS = (f"20000000000000000{n}" for n in range(5))
MAIN, SECRET = ChannelId("300000000000000000"), ChannelId("300000000000000001")
EVERYONE, COSMETIC, HELPER, MODS, BOTS, BOSSES = (RoleId(f"40000000000000000{n}") for n in range(6))


def member(number: str, name: str, top: int, may: Permissions = PLAIN, *roles: RoleId, **more: Any) -> MemberView:
    return MemberView(UserId(number), GUILD, name, may, top, frozenset(roles), **more)


def role(number: RoleId, name: str, position: int, may: Permissions = frozenset(), **more: Any) -> RoleView:
    return RoleView(number, GUILD, name, position, may, **more)


@dataclass
class GuildDouble:
    """Ranks from the top: the owner, `boss`, the bot, `mod`, a helper's role, `ann`. Ann cannot see `secret`."""

    people: dict[str, MemberView] = field(default_factory=dict)
    ranks: dict[str, RoleView] = field(default_factory=dict)
    places: dict[str, ChannelView] = field(default_factory=dict)
    there: dict[tuple[str, str], Permissions] = field(default_factory=dict)
    said: dict[str, list[MessageView]] = field(default_factory=dict)
    hooks: dict[str, WebhookView] = field(default_factory=dict)
    acts: list[Deed] = field(default_factory=list)
    fails: list[MegawattsError] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=lambda: {"id": "500000000000000000", "name": "x", "count": 2})

    def __post_init__(self) -> None:
        everybody = (
            member(BOT, "Megawatts", 4, MOD, BOTS, bot=True),
            member(OWNER, "Olga", 0, NAMES, owner=True),
            member(MODERATOR, "Mo", 3, MOD, MODS),
            member(ANN, "Ann", 0),
            member(BOSS, "Bea", 5, NAMES, BOSSES),
        )
        self.people = {one.id: one for one in everybody}
        some = (
            role(EVERYONE, "@everyone", 0, PLAIN), role(COSMETIC, "Cosmetic", 1), role(HELPER, "Helper", 2, PLAIN),
            role(MODS, "Mods", 3, MOD), role(BOTS, "Bots", 4, MOD), role(BOSSES, "Boss", 5, NAMES),
        )  # fmt: skip
        self.ranks = {one.id: one for one in some}
        self.places = {MAIN: ChannelView(MAIN, GUILD, "main"), SECRET: ChannelView(SECRET, GUILD, "secret")}
        self.there = {(SECRET, ANN): frozenset(), (SECRET, MODERATOR): frozenset()}

    def demote(self, user: str, top: int = 0, may: Permissions = PLAIN) -> None:
        self.people[user] = replace(self.people[user], top=top, permissions=may, roles=frozenset())

    def say(self, channel: str, author: str, text: str, at: datetime = NOON, **more: Any) -> MessageView:
        number = MessageId(str(600000000000000000 + sum(map(len, self.said.values()))))
        name = self.people[author].name if author in self.people else author
        made = MessageView(number, ChannelId(channel), UserId(author), name, text, at, **more)
        self.said.setdefault(channel, []).insert(0, made)
        return made

    async def me(self, guild: GuildId) -> MemberView:
        return self.people[BOT]

    async def member(self, guild: GuildId, user: UserId) -> MemberView | None:
        return self.people.get(user) if guild == GUILD else None

    async def members(self, guild: GuildId, like: str = "", most: int = 25) -> Sequence[MemberView]:
        return [one for one in self.people.values() if one.name.casefold().startswith(like.casefold())][:most]

    async def server(self, guild: GuildId) -> ServerView:
        return ServerView(GUILD, "The Hall", UserId(OWNER), len(self.people), NOON)

    async def role(self, guild: GuildId, role: RoleId) -> RoleView | None:
        return self.ranks.get(role)

    async def roles(self, guild: GuildId) -> Sequence[RoleView]:
        return tuple(self.ranks.values())

    async def channel(self, guild: GuildId, channel: ChannelId) -> ChannelView | None:
        return self.places.get(channel)

    async def channels(self, guild: GuildId) -> Sequence[ChannelView]:
        return tuple(self.places.values())

    async def permissions_in(self, guild: GuildId, channel: ChannelId, user: UserId) -> Permissions:
        if channel not in self.places or user not in self.people:
            return frozenset()
        return self.there.get((channel, user), self.people[user].permissions)

    async def message(self, guild: GuildId, channel: ChannelId, message: MessageId) -> MessageView | None:
        return next((one for one in self.said.get(channel, []) if one.id == message), None)

    async def messages(
        self, guild: GuildId, channel: ChannelId, most: int, before: MessageId | None = None
    ) -> Sequence[MessageView]:
        found = [one for one in self.said.get(channel, []) if before is None or int(one.id) < int(before)]
        return found[:most]

    async def webhook(self, guild: GuildId, webhook: str) -> WebhookView | None:
        return self.hooks.get(webhook)

    async def act(self, deed: Deed) -> Mapping[str, Any]:
        if self.fails:
            raise self.fails.pop(0)
        self.acts.append(deed)
        return {"url": "https://discord.com/x", "code": "abc", "message": "1", **self.answers}

    @property
    def verbs(self) -> list[str]:
        return [deed.verb for deed in self.acts]


@dataclass
class Log:
    """Keeps what is put on record, or refuses to."""

    rows: list[tuple[str, str, str, str, dict[str, str]]] = field(default_factory=list)
    broken: MegawattsError | None = None

    def append(self, actor: str, act: str, subject: str, reason: str, facts: Mapping[str, str] | None = None) -> Entry:
        if self.broken:
            raise self.broken
        self.rows.append((actor, act, subject, reason, dict(facts or {})))
        return None  # type: ignore[return-value]  (nobody reads it here)

    @property
    def acts(self) -> list[str]:
        return [row[1] for row in self.rows]
