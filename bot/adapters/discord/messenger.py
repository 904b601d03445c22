"""`core.chat.Messenger` over Discord."""

from typing import Any

import discord

from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.render import Piece, pieces
from bot.core.chat import Post
from bot.core.errors import Denied
from bot.core.ids import ChannelId, MessageId, UserId
from bot.core.ports import Records
from bot.policy.rendering import shorten

THREADS = "discord_threads"
"""Threads that the bot opened: whether it listens there without being called."""
_KEPT_OPEN = 10080
"""Minutes until Discord archives a silent thread: a week, the longest it offers."""


class DiscordMessenger:
    """Says things of the bot's own accord, with nobody mentioned. Raises Unavailable or Denied."""

    def __init__(self, client: discord.Client, records: Records, threads: dict[int, bool]) -> None:
        """`threads` is what the gateway reads; what is opened here is added to it and to the records."""
        self._client, self._records, self._threads = client, records, threads

    async def send(self, channel: ChannelId, post: Post) -> MessageId:
        """Say it; the id of its last message. A nonce makes a repeated call within minutes one message."""
        place = self._channel(channel)
        sent = None
        with discord_errors(f"write in <#{channel}>"):
            for number, piece in enumerate(_sent(post)):
                given = piece.sending()
                if post.replies_to and number == 0:
                    given["reference"] = _at(place, post.replies_to).to_reference(fail_if_not_exists=False)
                    given["mention_author"] = False
                if post.nonce:
                    given["nonce"] = post.nonce[:25] if number == 0 else f"{post.nonce[:23]}{number:02}"
                sent = await place.send(**given)
        return MessageId(str(sent.id)) if sent else MessageId("")

    async def edit(self, channel: ChannelId, message: MessageId, post: Post) -> None:
        """Change what was said; of a long post, what fits one message."""
        with discord_errors(f"change a message in <#{channel}>"):
            await _at(self._channel(channel), message).edit(**_sent(post)[-1].editing())

    async def thread(self, channel: ChannelId, message: MessageId, name: str) -> ChannelId:
        """Open a thread under a message. The bot listens in it, unless the message is a card: those are announcements,
        below which members talk to each other."""
        with discord_errors(f"open a thread in <#{channel}>"):
            number = _number(channel)
            # Of a channel that it has not looked up, discord.py does not know the guild, and opens no threads there.
            place: Any = self._client.get_channel(number) or await self._client.fetch_channel(number)
            found = await place.fetch_message(_number(message))
            made = await found.create_thread(name=shorten(name.strip() or "…", 100), auto_archive_duration=_KEPT_OPEN)
        listens = not found.embeds
        self._threads[made.id] = listens
        self._records.put(THREADS, str(made.id), {"listens": listens})
        return ChannelId(str(made.id))

    async def direct(self, user: UserId, post: Post) -> MessageId:
        """Say it to one member alone."""
        sent = None
        with discord_errors("write to that member"):
            person = self._client.get_user(_number(user)) or await self._client.fetch_user(_number(user))
            for piece in _sent(post):
                sent = await person.send(**piece.sending())
        return MessageId(str(sent.id)) if sent else MessageId("")

    def _channel(self, channel: ChannelId) -> Any:
        """Discord decides whether it is there and open to the bot; nothing is asked beforehand."""
        return self._client.get_partial_messageable(_number(channel))


def _sent(post: Post) -> list[Piece]:
    made = pieces(post)
    if not made:
        raise Denied("I could not say nothing: give the post a text, a card or a file.")
    return made


def _at(place: Any, message: MessageId) -> Any:
    return place.get_partial_message(_number(message))


def _number(name: str) -> int:
    if not name.isdecimal():
        raise Denied(f"{name[:40]!r} is no id of Discord; it takes numbers.")
    return int(name)
