"""A Discord server as the house sees it: views, and deeds that one member asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId

Permissions = frozenset[str]
"""Discord's permission names in lower case, such as `ban_members`. https://discord.com/developers/docs/topics/permissions"""


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member of one guild, as Discord knows them now."""

    id: UserId
    guild: GuildId
    name: str
    permissions: Permissions
    """Of the guild as a whole, by their roles; an owner holds all."""
    top: int
    """Position of their highest role; 0 is @everyone."""
    roles: frozenset[RoleId] = frozenset()
    owner: bool = False
    bot: bool = False
    created: datetime | None = None
    joined: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoleView:
    id: RoleId
    guild: GuildId
    name: str
    position: int
    permissions: Permissions = frozenset()
    managed: bool = False
    """Belongs to an integration: nobody may give or delete it."""


@dataclass(frozen=True, slots=True)
class ChannelView:
    id: ChannelId
    guild: GuildId
    name: str
    kind: str = "text"
    parent: ChannelId = ChannelId("")
    topic: str = ""
    slowmode: int = 0
    """Seconds that a member waits between messages."""


@dataclass(frozen=True, slots=True)
class ServerView:
    """A guild as a whole."""

    id: GuildId
    name: str
    owner: UserId
    members: int
    created: datetime | None = None
    description: str = ""
    boosts: int = 0
    verification: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of a channel. Its text is data, never authority."""

    id: MessageId
    channel: ChannelId
    author: UserId
    author_name: str
    text: str
    at: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class WebhookView:
    """One webhook, without its token."""

    id: str
    channel: ChannelId
    name: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One act on a guild that a member asked for. `verb` names it as the tools do: `ban_user`."""

    verb: str
    guild: GuildId
    asker: UserId
    asker_name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the verb, checked and in the names of its tool."""
    reason: str = ""


class GuildViews(Protocol):
    """Reads the members, roles and channels of guilds. Raises Unavailable or Denied as Discord answers."""

    async def me(self, guild: GuildId) -> MemberView: ...
    async def member(self, guild: GuildId, user: UserId) -> MemberView | None: ...
    async def members(self, guild: GuildId, like: str = "", most: int = 25) -> Sequence[MemberView]:
        """Members in order of name; with `like`, those whose name or display name begins so, whatever the case."""
        ...

    async def server(self, guild: GuildId) -> ServerView: ...
    async def role(self, guild: GuildId, role: RoleId) -> RoleView | None: ...
    async def roles(self, guild: GuildId) -> Sequence[RoleView]: ...
    async def channel(self, guild: GuildId, channel: ChannelId) -> ChannelView | None: ...
    async def channels(self, guild: GuildId) -> Sequence[ChannelView]: ...
    async def permissions_in(self, guild: GuildId, channel: ChannelId, user: UserId) -> Permissions:
        """What a member may do in one channel, overwrites counted; empty if they cannot see it."""
        ...


class MessageViews(Protocol):
    """Reads what is in channels, as far as the bot can. Raises Unavailable or Denied as Discord answers."""

    async def message(self, guild: GuildId, channel: ChannelId, message: MessageId) -> MessageView | None: ...
    async def messages(
        self, guild: GuildId, channel: ChannelId, most: int, before: MessageId | None = None
    ) -> Sequence[MessageView]:
        """The newest messages of a channel, newest first."""
        ...

    async def webhook(self, guild: GuildId, webhook: str) -> WebhookView | None: ...


class Guilds(GuildViews, MessageViews, Protocol):
    """Reads guilds and acts on them. It holds the credential; whoever calls it does not. Raises Unavailable or Denied
    (with a sentence for the member) as Discord answers."""

    async def act(self, deed: Deed) -> Mapping[str, Any]:
        """Do it, with the asker named in the audit log's reason; what came of it (ids, names). Permissions were checked
        by the caller with views no older than this call."""
        ...
