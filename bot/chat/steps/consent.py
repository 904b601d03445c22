"""May what is said here be kept at all?"""

from typing import ClassVar

from bot.chat.parts import Parts
from bot.chat.turn import Turn


class Consent:
    """Where a guild keeps nothing, or a channel is ignored, the conversation is forgotten with the answer."""

    name: ClassVar[str] = "consent"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, turn: Turn) -> None:
        """Only decides; long-term memory asks for the member's own consent besides."""
        turn.keeps = turn.message.channel not in turn.settings.ignores and not turn.message.by_bot
