"""`core.guild.Guilds` over discord.py: it reads guilds, and does what a member asked for. It holds the credential."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.adapters.discord import deeds_channels, deeds_members, deeds_messages, deeds_roles
from bot.adapters.discord.deeds_ground import Do, Ground, deed_errors
from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.guilds_views import (
    NONE,
    channel_view,
    member_view,
    message_view,
    names,
    number,
    role_view,
)
from bot.core.errors import Denied
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

DEEDS: Mapping[str, Do] = {
    **deeds_roles.DEEDS,
    **deeds_channels.DEEDS,
    **deeds_members.DEEDS,
    **deeds_messages.DEEDS,
}


class _Views:
    """`core.guild.GuildViews`. Roles and channels are as the gateway tells them; so are members where the Members
    intent keeps them current, else they are asked for."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def me(self, guild: GuildId) -> MemberView:
        """The bot itself."""
        return member_view(self._guild(guild).me)

    async def member(self, guild: GuildId, user: UserId) -> MemberView | None:
        """One member as they are now, or None."""
        found = await self._member(self._guild(guild), number(user))
        return member_view(found) if found is not None else None

    async def members(self, guild: GuildId, like: str = "", most: int = 25) -> Sequence[MemberView]:
        """Members in order of name; without the Members intent Discord finds them by name only."""
        place, wanted = self._guild(guild), like.casefold()
        if self._client.intents.members:
            fitting = [one for one in place.members if _called(one, wanted)]
        else:
            with discord_errors("look for members"):
                fitting = (
                    [one async for one in place.fetch_members(limit=most)]
                    if not wanted
                    else (await place.query_members(like, limit=min(most, 100), cache=False))
                )
        ordered = sorted(fitting, key=lambda one: (one.display_name.casefold(), one.id))
        return [member_view(one) for one in ordered[:most]]

    async def server(self, guild: GuildId) -> ServerView:
        """The guild as a whole."""
        place = self._guild(guild)
        return ServerView(
            id=guild,
            name=place.name,
            owner=UserId(str(place.owner_id)),
            members=place.member_count or 0,
            created=place.created_at,
            description=place.description or "",
            boosts=place.premium_subscription_count,
            verification=str(place.verification_level),
        )

    async def role(self, guild: GuildId, role: RoleId) -> RoleView | None:
        """One role, or None."""
        found = self._guild(guild).get_role(number(role))
        return role_view(found) if found is not None else None

    async def roles(self, guild: GuildId) -> Sequence[RoleView]:
        """All roles, @everyone too."""
        return [role_view(one) for one in self._guild(guild).roles]

    async def channel(self, guild: GuildId, channel: ChannelId) -> ChannelView | None:
        """One channel or thread of this guild, or None."""
        found = self._guild(guild).get_channel_or_thread(number(channel))
        return channel_view(found) if found is not None else None

    async def channels(self, guild: GuildId) -> Sequence[ChannelView]:
        """All channels in the order in which Discord shows them."""
        return [channel_view(one) for one in sorted(self._guild(guild).channels, key=lambda one: one.position)]

    async def permissions_in(self, guild: GuildId, channel: ChannelId, user: UserId) -> Permissions:
        """Overwrites, time-outs and private threads counted; empty if they cannot see the channel."""
        place = self._guild(guild)
        where, who = place.get_channel_or_thread(number(channel)), await self._member(place, number(user))
        if where is None or who is None:
            return NONE
        held = names(where.permissions_for(who))
        if "view_channel" not in held or not await _may_enter(where, who, held):
            return NONE
        return held

    def _guild(self, guild: GuildId) -> discord.Guild:
        found = self._client.get_guild(number(guild))
        if found is None:
            raise Denied("I am not on that server.")
        return found

    async def _member(self, guild: discord.Guild, user: int) -> discord.Member | None:
        if not user:
            return None
        if self._client.user is not None and user == self._client.user.id:
            return guild.me
        if self._client.intents.members and guild.chunked:
            return guild.get_member(user)
        with discord_errors("look at a member"):
            try:
                return await guild.fetch_member(user)
            except discord.NotFound:
                return None


class DiscordGuilds(_Views):
    """The whole door: views, messages, deeds."""

    async def message(self, guild: GuildId, channel: ChannelId, message: MessageId) -> MessageView | None:
        """One message, or None."""
        where = self._place(guild, channel)
        if not hasattr(where, "fetch_message"):
            return None
        with discord_errors("read a message"):
            try:
                return message_view(await where.fetch_message(number(message)))
            except discord.NotFound:
                return None

    async def messages(
        self, guild: GuildId, channel: ChannelId, most: int, before: MessageId | None = None
    ) -> Sequence[MessageView]:
        """The newest, newest first."""
        where = self._place(guild, channel)
        if not hasattr(where, "history"):
            return ()
        until = discord.Object(number(before)) if before else None
        with discord_errors("read messages"):
            return [message_view(one) async for one in where.history(limit=most, before=until)]

    async def webhook(self, guild: GuildId, webhook: str) -> WebhookView | None:
        """One webhook of this guild, without its token."""
        with discord_errors("look at a webhook"):
            try:
                found = await self._client.fetch_webhook(number(webhook))
            except discord.NotFound:
                return None
        if str(found.guild_id) != guild:
            return None
        return WebhookView(str(found.id), ChannelId(str(found.channel_id)), found.name or "")

    async def act(self, deed: Deed) -> Mapping[str, Any]:
        """Do it. Raises Denied for a verb that is none."""
        do = DEEDS.get(deed.verb)
        if do is None:
            raise Denied(f"I do not know how to {deed.verb.replace('_', ' ')}.")
        with deed_errors(deed.verb):
            return await do(Ground(self._client, self._guild(deed.guild), deed))

    def _place(self, guild: GuildId, channel: ChannelId) -> Any:
        return self._guild(guild).get_channel_or_thread(number(channel))


def _called(member: discord.Member, wanted: str) -> bool:
    return any(name.casefold().startswith(wanted) for name in (member.display_name, member.name))


async def _may_enter(where: Any, who: discord.Member, held: Permissions) -> bool:
    """A private thread is for its members and for those who manage threads."""
    if not isinstance(where, discord.Thread) or not where.is_private() or "manage_threads" in held:
        return True
    with discord_errors("look at a thread"):
        try:
            await where.fetch_member(who.id)
        except discord.NotFound:
            return False
    return True
