"""What happens on a server without a word to the bot: members join and react."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import discord

from bot.adapters.discord.feedback import Thumbs
from bot.core.ids import GuildId, MessageId, UserId


class Attendant(Protocol):
    """Who is told. Never raises."""

    async def joined(self, guild: GuildId, user: UserId, name: str) -> object: ...
    async def reacted(self, guild: GuildId, message: MessageId, user: UserId, emoji: str) -> object: ...
    async def unreacted(self, guild: GuildId, message: MessageId, user: UserId, emoji: str) -> object: ...
    async def message_gone(self, guild: GuildId, message: MessageId) -> None: ...


Work = Coroutine[Any, Any, None]


class Happenings:
    """Hands joins and reactions on; the bot's own do not count."""

    def __init__(
        self,
        attendant: Attendant,
        client: discord.Client,
        once: Callable[[str, Callable[[], Work], int | None], Work],
        thumbs: Thumbs,
    ) -> None:
        """`once` begins work of a guild in one process only, where several hear of the same; `thumbs` are opinions."""
        self._attendant, self._client, self._once, self._thumbs = attendant, client, once, thumbs

    def handlers(self) -> Mapping[str, Callable[..., Coroutine[Any, Any, None] | None]]:
        """By discord.py's names of events."""
        return {
            "member_join": self._joined,
            "raw_reaction_add": self._added,
            "raw_reaction_remove": lambda raw: self._reacted(raw, self._attendant.unreacted),
        }

    def _joined(self, member: discord.Member) -> Coroutine[Any, Any, None] | None:
        if member.bot:
            return None
        guild, user = GuildId(str(member.guild.id)), UserId(str(member.id))
        since = member.joined_at.timestamp() if member.joined_at else 0
        name = member.display_name
        return self._once(
            f"j{guild}/{user}/{since}", lambda: _done(self._attendant.joined(guild, user, name)), member.guild.id
        )

    def _added(self, raw: discord.RawReactionActionEvent) -> Coroutine[Any, Any, None] | None:
        """An opinion, or a role."""
        me = self._client.user
        if me is not None and raw.user_id == me.id:
            return None
        return self._thumbs.reacted(raw) or self._reacted(raw, self._attendant.reacted)

    def _reacted(
        self, raw: discord.RawReactionActionEvent, tell: Callable[..., Coroutine[Any, Any, object]]
    ) -> Coroutine[Any, Any, None] | None:
        me = self._client.user
        if raw.guild_id is None or (me is not None and raw.user_id == me.id):
            return None
        guild, message = GuildId(str(raw.guild_id)), MessageId(str(raw.message_id))
        return _done(tell(guild, message, UserId(str(raw.user_id)), str(raw.emoji)))


async def _done(telling: Coroutine[Any, Any, object]) -> None:
    await telling
