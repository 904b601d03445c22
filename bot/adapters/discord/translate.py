"""Discord's messages and interactions in the house's words."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import discord
import structlog

from bot.adapters.discord.audience import Audiences
from bot.adapters.discord.files import named, read_all
from bot.adapters.discord.words import Words
from bot.core.chat import HERE, Attachment, Command, Message, Press
from bot.core.errors import MegawattsError
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId

log = structlog.get_logger()
_KEPT = 10_000


class Seen(Protocol):
    """Records a member, to say later who may vote. Called in a thread, once and whenever something has changed."""

    def __call__(
        self,
        *,
        user: UserId,
        name: str,
        roles: frozenset[RoleId],
        created: datetime,
        joined: datetime | None,
        is_bot: bool,
        guild: GuildId,
    ) -> None: ...


class Translator:
    """Knows the audiences, the locales that interactions told of, and who was met lately."""

    def __init__(self, words: Words, seen: Seen) -> None:
        self.audiences = Audiences()
        self.me = 0
        self._words, self._seen = words, seen
        self._locales: OrderedDict[int, str] = OrderedDict()
        self._met: OrderedDict[tuple[int, int], tuple[str, tuple[int, ...], datetime | None]] = OrderedDict()
        """By member and guild: name, roles, time of joining."""

    async def message(self, message: discord.Message) -> Message:
        """A message for the bot, with its files read and what it replies to."""
        attached = await read_all(message.attachments, self._words) if message.attachments else ()
        return self.overheard(message, attached=(*_quoted(message, self.me), *attached))

    def overheard(self, message: discord.Message, attached: tuple[Attachment, ...] | None = None) -> Message:
        """A message as it stands; its files are named only."""
        author, guild, channel, text = message.author, message.guild, message.channel, message.content
        if attached is None:
            attached = tuple(named(file) for file in message.attachments) if message.attachments else ()
        return Message(
            UserId(str(author.id)),
            ChannelId(str(channel.id)),
            self.stripped(message) if "<@" in text else text,
            author.display_name,
            GuildId(str(guild.id)) if guild is not None else HERE,
            MessageId(str(message.id)),
            self.audiences.of(channel),
            self._locales.get(author.id, ""),
            attached,
            author.bot,
        )

    def stripped(self, message: discord.Message) -> str:
        """What was said, without the mention that called the bot."""
        text = message.content
        calls = [f"<@{self.me}>", f"<@!{self.me}>"]
        calls += [f"<@&{role.id}>" for role in message.role_mentions if role.tags and role.tags.bot_id == self.me]
        for call in calls:
            text = text.replace(call, "")
        return text.strip()

    def slash(self, interaction: discord.Interaction[Any], name: str, arguments: Mapping[str, Any]) -> Command:
        """A slash command."""
        user, channel, guild = self._where(interaction)
        shown = interaction.user.display_name
        return Command(
            name, arguments, user, channel, shown, guild, self._audience(interaction), interaction.locale.value
        )

    def press(self, interaction: discord.Interaction[Any], button: str, text: str = "") -> Press:
        """A button that was pressed, with what the member wrote if it asked."""
        user, channel, guild = self._where(interaction)
        shown, locale = interaction.user.display_name, interaction.locale.value
        return Press(button, user, channel, shown, guild, text, locale, self._audience(interaction))

    def about(self, interaction: discord.Interaction[Any], text: str, quoted: Attachment) -> Message:
        """A wish about a message that was chosen from its menu."""
        user, channel, guild = self._where(interaction)
        return Message(
            user=user,
            channel=channel,
            text=text,
            name=interaction.user.display_name,
            guild=guild,
            audience=self._audience(interaction),
            locale=interaction.locale.value,
            attachments=(quoted,),
        )

    def locale(self, user: discord.abc.User) -> str:
        """The member's interface language, if an interaction ever told; else empty."""
        return self._locales.get(user.id, "")

    async def meet(self, user: discord.User | discord.Member, locale: str = "") -> None:
        """Tell the house of a member, once and whenever something about them has changed."""
        if locale:
            _keep(self._locales, user.id, locale)
        guild = user.guild if isinstance(user, discord.Member) else None
        roles = tuple(role.id for role in user.roles[1:]) if isinstance(user, discord.Member) else ()
        joined = user.joined_at if isinstance(user, discord.Member) else None
        key, looks = (user.id, guild.id if guild else 0), (user.display_name, roles, joined)
        if self._met.get(key) == looks:
            return
        met: dict[str, Any] = {
            "user": UserId(str(user.id)),
            "name": user.display_name,
            "roles": frozenset(RoleId(str(role)) for role in roles),
            "created": user.created_at,
            "joined": joined,
            "is_bot": user.bot,
            "guild": GuildId(str(guild.id)) if guild else HERE,
        }
        try:
            await asyncio.to_thread(self._seen, **met)
        except MegawattsError as error:
            log.warning("member not recorded", error=type(error).__name__)
        else:
            _keep(self._met, key, looks)

    def _where(self, interaction: discord.Interaction[Any]) -> tuple[UserId, ChannelId, GuildId]:
        guild = GuildId(str(interaction.guild_id)) if interaction.guild_id else HERE
        return UserId(str(interaction.user.id)), ChannelId(str(interaction.channel_id or "")), guild

    def _audience(self, interaction: discord.Interaction[Any]) -> str:
        """A channel that the bot cannot see is an audience of its own."""
        if interaction.guild_id is None:
            return ""
        cached = interaction.client.get_channel(interaction.channel_id or 0)
        return self.audiences.of(cached) if cached is not None else f"unseen {interaction.channel_id}"


def _quoted(message: discord.Message, me: int) -> tuple[Attachment, ...]:
    """What a message replies to, as data; the bot's own words are in memory already."""
    resolved = message.reference.resolved if message.reference else None
    if not isinstance(resolved, discord.Message) or resolved.author.id == me or not resolved.content:
        return ()
    return (quote(resolved),)


def quote(message: discord.Message) -> Attachment:
    """A message as something that is looked at."""
    return Attachment(f"message of {message.author.display_name}", "text/plain", len(message.content), message.content)


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)
