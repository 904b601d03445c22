"""Commands from the menu of a message."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot.adapters.discord.buttons import is_fix
from bot.adapters.discord.commands import MENUS
from bot.adapters.discord.prefix import Commands
from bot.adapters.discord.render import Piece, asked
from bot.adapters.discord.translate import Translator
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, Attachment, Listener
from bot.policy.rendering import shorten

_REMEMBER = ("remember", "memory remember", "memory add")
"""Commands that remember what a member says of themselves; the first that there is."""


class Menus:
    """Acts on a message that a member chose."""

    def __init__(self, listener: Listener, translator: Translator, commands: Commands, words: Words) -> None:
        self._listener, self._translator, self._commands, self._words = listener, translator, commands, words
        self._names = {shorten(words(f"discord.menu.{name}", "en-US"), 32): name for name in MENUS}

    def of(self, data: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Which of the commands it is, and the message as Discord tells of it."""
        messages = (data.get("resolved") or {}).get("messages") or {}
        return self._names.get(str(data.get("name")), ""), messages.get(str(data.get("target_id"))) or {}

    async def act(self, interaction: discord.Interaction[Any], name: str, target: Mapping[str, Any]) -> Answer | Piece:
        """What to say to the member. Raises Unavailable or Denied."""
        locale, text = interaction.locale.value, str(target.get("content") or "").strip()
        author = target.get("author") or {}
        if name == "fix":
            return Piece(self._words("discord.not_mine", locale))
        if not text:
            return Piece(self._words("discord.no_text", locale))
        if name == "summarise":
            quoted = Attachment(f"message of {author.get('username', '')}", "text/plain", len(text), text)
            wish = self._words("discord.summarise_text", locale)
            return await self._listener.answer(self._translator.about(interaction, wish, quoted))
        if str(author.get("id")) != str(interaction.user.id):
            return Piece(self._words("discord.others_words", locale))
        return await self._remember(interaction, text)

    async def _remember(self, interaction: discord.Interaction[Any], text: str) -> Answer:
        name = next((one for one in _REMEMBER if self._commands.spec(one)), _REMEMBER[0])
        spec = self._commands.spec(name)
        argument = next(iter(spec.parameters["properties"]), "text") if spec else "text"
        return await self._listener.command(self._translator.slash(interaction, name, {argument: text}))


def fix_of(message: Mapping[str, Any], interaction: discord.Interaction[Any]) -> str:
    """The id of the button that asks what to fix, under an answer of this bot; else empty."""
    me = interaction.client.user
    if me is None or str((message.get("author") or {}).get("id")) != str(me.id):
        return ""
    for identity in _ids(message.get("components") or []):
        question = asked(identity)
        if question is not None and is_fix(question[0]):
            return question[0]
    return ""


def _ids(components: Any) -> Iterator[str]:
    for one in components:
        if "custom_id" in one:
            yield str(one["custom_id"])
        yield from _ids(one.get("components") or [])
