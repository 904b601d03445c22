"""May what is said here be kept at all?"""

from typing import ClassVar

from bot.chat.refusals import Refusals
from bot.chat.turn import Turn


class Consent:
    """What a member who said stop says, or what is said where the bot keeps nothing, is forgotten with the answer."""

    name: ClassVar[str] = "consent"
    about_answers: ClassVar[bool] = False

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    async def __call__(self, turn: Turn) -> None:
        """Only decides; long-term memory asks for the member's own consent besides."""
        message = turn.message
        settings = turn.settings
        ignored = bool(settings.paused) or message.channel in settings.ignores or message.by_bot
        turn.keeps = not ignored and not await self._refusals.refused(message.user)
