"""Answers to messages: asked for, shown while they grow, and said where the member can read them."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import discord
import structlog

from bot.adapters.discord.board import Board
from bot.adapters.discord.buttons import under
from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.feedback import Thumbs
from bot.adapters.discord.places import Below, Direct
from bot.adapters.discord.render import Piece, pieces
from bot.adapters.discord.translate import Translator
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, Listener
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.ids import ChannelId, MessageId

log = structlog.get_logger()
TYPES_AFTER, TYPES_EVERY = 0.4, 8.0
"""Seconds until the bot is shown as typing; Discord takes the sign away after ten."""
_KEPT = 4096


class Replies:
    """Answers each message once, however often the gateway delivers it."""

    def __init__(self, listener: Listener, translator: Translator, words: Words, thumbs: Thumbs) -> None:
        self._listener, self._translator, self._words, self._thumbs = listener, translator, words, thumbs
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._under_way: set[int] = set()
        self._gone: set[int] = set()
        self._complained: OrderedDict[int, None] = OrderedDict()

    def first(self, message: int) -> bool:
        """Whether this message was not seen before: after a dropped connection Discord delivers some again."""
        if message in self._seen:
            return False
        self._seen[message] = None
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return True

    def deleted(self, messages: Sequence[int]) -> None:
        """A question that is gone while it is answered gets no answer."""
        self._gone |= self._under_way.intersection(messages)

    async def reply(self, message: discord.Message) -> None:
        """Answer one message. Whatever breaks is told to the member where that is possible, and never raised."""
        self._under_way.add(message.id)
        typing = _Typing(message.channel)
        board = Board(Below(message))
        try:
            await self._translator.meet(message.author)
            answer = await self._ask(message, board)
            typing.end()
            if message.id in self._gone:
                await self._forget(message, board)
            else:
                await self._show(message, answer, board)
        except Denied as refusal:
            await self._complain(message, refusal)
        except Unavailable as error:
            log.warning("answer not shown", error=str(error))
        finally:
            typing.end()
            self._under_way.discard(message.id)
            self._gone.discard(message.id)

    async def _ask(self, message: discord.Message, board: Board) -> Answer | str:
        """The answer, or what to say where there is none."""
        locale = self._translator.locale(message.author)
        try:
            return await self._listener.answer(await self._translator.message(message), board)
        except Unavailable as error:
            return self._words("discord.busy", locale, seconds=max(1, round(error.retry_after or 5)))
        except Exception as error:  # noqa: BLE001  (the member still gets a sentence)
            log.error("message failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold a text)
            return self._words("discord.broken", locale)

    async def _show(self, message: discord.Message, answer: Answer | str, board: Board) -> None:
        if isinstance(answer, str):
            await board.finish([Piece(answer)])
            return
        locale = self._translator.locale(message.author) or answer.language
        shown = pieces(answer, under(answer, self._words, locale))
        if not answer.private or message.guild is None:
            self._thumbs.shown(answer, await board.finish(shown))
            return
        try:
            self._thumbs.shown(answer, await Board(Direct(message.author)).finish(shown))
        except Denied:
            await board.finish([Piece(self._words("discord.no_direct", locale))])
        else:
            await board.finish([Piece(self._words("answer.private", locale))])

    async def _forget(self, message: discord.Message, board: Board) -> None:
        """Take back what was shown, and have memory drop what the pipeline has put there since the deletion."""
        await board.finish([])
        await self._listener.deleted(ChannelId(str(message.channel.id)), [MessageId(str(message.id))])

    async def _complain(self, message: discord.Message, refusal: Denied) -> None:
        """Where the bot may not speak, its admins must hear of it: from the member who asked, once per channel."""
        log.warning("answer refused by Discord", because=str(refusal), channel=message.channel.id)
        if message.guild is None or message.channel.id in self._complained:
            return
        self._complained[message.channel.id] = None
        if len(self._complained) > _KEPT:
            self._complained.popitem(last=False)
        channel = message.guild.get_channel_or_thread(message.channel.id)
        if channel is None or channel.permissions_for(message.guild.me).send_messages:
            return
        locale = self._translator.locale(message.author)
        text = self._words("discord.may_not_write", locale, channel=f"<#{message.channel.id}>")
        try:
            with discord_errors("write to you"):
                await message.author.send(**Piece(text).sending())
        except MegawattsError:
            log.info("member takes no direct messages")


class _Typing:
    """Shows the bot as typing once an answer takes a while; costs a timer where it does not."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(TYPES_AFTER, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._type())

    async def _type(self) -> None:
        try:
            while True:
                with discord_errors("show that I am typing"):
                    await self._channel.typing()
                await asyncio.sleep(TYPES_EVERY)
        except MegawattsError:
            return

    def end(self) -> None:
        """The answer is there."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
