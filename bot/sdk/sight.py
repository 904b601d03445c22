"""One guild as one member may see it: what they cannot see is not there."""

from collections.abc import Sequence

from bot.core.errors import Denied
from bot.core.guild import (
    ChannelView,
    Guilds,
    GuildViews,
    MemberView,
    MessageView,
    Permissions,
    RoleView,
    ServerView,
    WebhookView,
)
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId

READS = frozenset({"view_channel", "read_message_history"})


class Sight:
    """Reads only. Raises Unavailable or Denied as Discord answers."""

    __slots__ = ("_guild", "_guilds", "_user")

    def __init__(self, guilds: Guilds, guild: GuildId, user: UserId) -> None:
        self._guilds, self._guild, self._user = guilds, guild, user

    async def asker(self) -> MemberView:
        """The member who asks. Raises Denied if they are none."""
        found = await self._guilds.member(self._guild, self._user)
        if found is None:
            raise Denied("You are not a member of this server.")
        return found

    async def me(self) -> MemberView:
        """The bot itself."""
        return await self._guilds.me(self._guild)

    async def server(self) -> ServerView:
        """The guild."""
        return await self._guilds.server(self._guild)

    async def member(self, user: str) -> MemberView | None:
        """A member by id."""
        return await self._guilds.member(self._guild, UserId(user))

    async def members(self, like: str = "", most: int = 25) -> Sequence[MemberView]:
        """Members by the start of their names."""
        return await self._guilds.members(self._guild, like, most)

    async def role(self, role: str) -> RoleView | None:
        """A role by id."""
        return await self._guilds.role(self._guild, RoleId(role))

    async def roles(self) -> Sequence[RoleView]:
        """All roles, lowest first."""
        return sorted(await self._guilds.roles(self._guild), key=lambda one: one.position)

    async def channel(self, channel: str) -> ChannelView | None:
        """A channel by id, if the asker can see it."""
        found = await self._guilds.channel(self._guild, ChannelId(channel))
        if found is None or found.guild != self._guild or "view_channel" not in await self._may(found.id):
            return None
        return found

    async def channels(self) -> Sequence[ChannelView]:
        """The channels that the asker can see."""
        seen = await self._guilds.channels(self._guild)
        return [one for one in seen if "view_channel" in await self._may(one.id)]

    async def message(self, channel: ChannelView, message: str) -> MessageView | None:
        """A message in a channel whose history the asker may read."""
        if not await self._may(channel.id) >= READS:
            return None
        return await self._guilds.message(self._guild, channel.id, MessageId(message))

    async def messages(self, channel: ChannelView, most: int, before: str = "") -> Sequence[MessageView]:
        """The newest messages, newest first, if the asker may read them."""
        if not await self._may(channel.id) >= READS:
            return ()
        return await self._guilds.messages(self._guild, channel.id, most, MessageId(before) if before else None)

    async def webhook(self, webhook: str) -> WebhookView | None:
        """A webhook in a channel that the asker can see."""
        found = await self._guilds.webhook(self._guild, webhook)
        return found if found is not None and await self.channel(found.channel) is not None else None

    async def _may(self, channel: ChannelId) -> Permissions:
        return await self._guilds.permissions_in(self._guild, channel, self._user)


class Reader:
    """The door to guilds as tools have it: everything but `act`, which the registry does after its checks."""

    __slots__ = ("_guilds",)

    def __init__(self, guilds: GuildViews) -> None:
        self._guilds = guilds

    def __getattr__(self, name: str) -> object:
        if name.startswith("_") or name == "act":
            raise Denied("a tool hands its deed to the registry in a Plan")
        return getattr(self._guilds, name)
