"""A question to a member, as Discord's modal."""

from typing import Any

import discord

from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.words import Words
from bot.policy.rendering import shorten

_LIVES = 900.0
"""Seconds that discord.py remembers it; what is sent in later is routed by its id all the same."""
_LONGEST = 1000


class Question(discord.ui.Modal):
    """One question with room for a few sentences. Its id is the id of the button that asked."""

    def __init__(self, button: str, question: str) -> None:
        super().__init__(title=shorten(question, 45), timeout=_LIVES, custom_id=button)
        text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=shorten(question, 45), style=discord.TextStyle.paragraph, max_length=_LONGEST, custom_id="text"
        )
        self.add_item(text)

    @classmethod
    async def ask(cls, interaction: discord.Interaction[Any], button: str, question: str, words: Words) -> None:
        """Show the question. Raises Unavailable or Denied."""
        with discord_errors("ask you"):
            asked = question or words("feedback.asks", interaction.locale.value)
            await interaction.response.send_modal(cls(button, asked))
