"""Slash commands, menus, buttons, selects and modals: routed by what they carry, so that they outlive the process."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.adapters.discord import payload
from bot.adapters.discord.board import Board
from bot.adapters.discord.buttons import file_of, under
from bot.adapters.discord.feedback import Thumbs
from bot.adapters.discord.menus import Menus, fix_of
from bot.adapters.discord.modal import Question
from bot.adapters.discord.places import Within
from bot.adapters.discord.prefix import Commands
from bot.adapters.discord.render import Piece, asked, pieces
from bot.adapters.discord.translate import Translator
from bot.adapters.discord.whole import whole
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, Listener, Outcome
from bot.core.errors import MegawattsError, Unavailable

log = structlog.get_logger()
PATIENCE = 1.5
"""Seconds before Discord is told that an answer takes longer; it waits for three."""
_COMPLETES_WITHIN = 2.0
_OFFERED = 25


class Interactions:
    """Answers every kind of interaction. Whatever breaks is told to the member, and never raised."""

    def __init__(
        self, listener: Listener, translator: Translator, commands: Commands, words: Words, thumbs: Thumbs
    ) -> None:
        self._listener, self._translator, self._thumbs = listener, translator, thumbs
        self._commands, self._words = commands, words
        self._menus = Menus(listener, translator, commands, words)

    async def handle(self, interaction: discord.Interaction[Any]) -> None:
        """One interaction, whatever it is."""
        kind = discord.InteractionType
        try:
            if interaction.type is kind.autocomplete:
                await self._complete(interaction)
                return
            await self._translator.meet(interaction.user, interaction.locale.value)
            if interaction.type is kind.application_command:
                await self._command(interaction)
            elif interaction.type is kind.component:
                await self._component(interaction)
            elif interaction.type is kind.modal_submit:
                await self._modal(interaction)
        except MegawattsError as error:
            log.warning("interaction not answered", because=str(error), type=interaction.type.name)

    async def _command(self, interaction: discord.Interaction[Any]) -> None:
        data = _data(interaction)
        if data.get("type", 1) != 1:
            await self._menu(interaction, data)
            return
        said = payload.slash(data)
        spec = self._commands.spec(said.name)
        place = Within(interaction, private=spec is not None and spec.private)
        board = Board(place)
        command = self._translator.slash(interaction, said.name, said.arguments)
        await self._show(interaction, self._listener.command(command, board), place, board)

    async def _menu(self, interaction: discord.Interaction[Any], data: Any) -> None:
        """A command from a message's menu."""
        name, target = self._menus.of(data)
        button = fix_of(target, interaction) if name == "fix" else ""
        if button:
            await Question.ask(interaction, button, "", self._words)
            return
        await self._answer(interaction, self._menus.act(interaction, name, target), secret=True)

    async def _complete(self, interaction: discord.Interaction[Any]) -> None:
        """Offers for what is being typed; none where that takes too long or breaks."""
        said = payload.slash(_data(interaction))
        typed = str(said.arguments.get(said.typing) or "")
        command = self._translator.slash(interaction, said.name, said.arguments)
        try:
            async with asyncio.timeout(_COMPLETES_WITHIN):
                offers = await self._listener.complete(command, said.typing, typed)
        except (TimeoutError, MegawattsError):
            offers = ()
        choices = [app_commands.Choice(name=one[:100], value=one[:100]) for one in offers[:_OFFERED] if one]
        try:
            await interaction.response.autocomplete(choices)
        except discord.HTTPException:
            log.debug("autocomplete came too late")

    async def _component(self, interaction: discord.Interaction[Any]) -> None:
        """A button or a choice. One that asks is answered by its question."""
        identity = payload.chosen(_data(interaction))
        question = asked(identity)
        if question is not None:
            await Question.ask(interaction, *question, self._words)
            return
        await self._pressed(interaction, identity, "")

    async def _modal(self, interaction: discord.Interaction[Any]) -> None:
        data = _data(interaction)
        await self._pressed(interaction, str(data["custom_id"]), payload.written(data))

    async def _pressed(self, interaction: discord.Interaction[Any], identity: str, text: str) -> None:
        parts = file_of(identity)
        if parts:
            await self._answer(interaction, whole(interaction, parts, self._words), secret=True)
            return
        press = self._translator.press(interaction, identity, text)
        await self._answer(interaction, self._listener.press(press), secret=False)

    async def _answer(
        self, interaction: discord.Interaction[Any], asking: Awaitable[Answer | Piece], *, secret: bool
    ) -> None:
        """`secret`: for the member's eyes, whatever the answer says of itself."""
        place = Within(interaction, private=True)
        await self._show(interaction, asking, place, Board(place), secret=secret)

    async def _show(
        self,
        interaction: discord.Interaction[Any],
        asking: Awaitable[Answer | Piece],
        place: Within,
        board: Board,
        *,
        secret: bool = False,
    ) -> None:
        """Wait as long as Discord does, then tell it to wait longer; show the answer when it is there."""
        task = asyncio.ensure_future(asking)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            await place.defer()
        answer = await self._outcome(task, interaction.locale.value)
        if isinstance(answer, Piece):
            place.only_for_the_member(True)
            await board.finish([answer])
            return
        place.only_for_the_member(secret or answer.private or answer.outcome is Outcome.REJECTED)
        said = await board.finish(pieces(answer, under(answer, self._words, interaction.locale.value)))
        self._thumbs.shown(answer, [one or place.response for one in said])

    async def _outcome(self, task: "asyncio.Future[Answer | Piece]", locale: str) -> Answer | Piece:
        """The answer, or what to say where there is none."""
        try:
            return await task
        except Unavailable as error:
            return Piece(self._words("discord.busy", locale, seconds=max(1, round(error.retry_after or 5))))
        except MegawattsError as error:
            return Piece(str(error))
        except Exception as error:  # noqa: BLE001  (the member still gets a sentence)
            log.error("interaction failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold a text)
            return Piece(self._words("discord.broken", locale))


def _data(interaction: discord.Interaction[Any]) -> Mapping[str, Any]:
    """What it says, in Discord's form."""
    data: Any = interaction.data
    return data or {}
