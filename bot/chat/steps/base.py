"""What a step is."""

from collections.abc import Awaitable
from typing import ClassVar, Protocol

from bot.chat.turn import Turn


class Step(Protocol):
    """One step. It is left out once there is an answer, unless it is about answers."""

    name: ClassVar[str]
    about_answers: ClassVar[bool]

    def __call__(self, turn: Turn) -> Awaitable[None]: ...
