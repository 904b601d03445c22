"""Who answers: the tools, a model, or nobody."""

from typing import ClassVar

from bot.chat.flags import MODEL_ANSWERS, value
from bot.chat.parts import Parts
from bot.chat.steps.understand import as_order
from bot.chat.turn import Route, Turn

SURE = 0.8
"""Likeness from which a tool is called without asking a model."""


def route(turn: Turn, *, model: bool) -> Route:
    """Commands and certain wishes go to their tools. With a model, small talk and guesses are its business; without
    one, whatever was understood at all is answered."""
    if as_order(turn) is not None:
        return "offline"
    if not model:
        return "offline" if turn.wishes else "none"
    tools = turn.wishes and all(wish.match.intent.tool for wish in turn.wishes)
    certain = turn.sure or (tools and all(wish.match.score >= SURE for wish in turn.wishes))
    return "offline" if tools and certain and not turn.message.attachments else "model"


class RouteMessage:
    """Pure but for the flag that stops models."""

    name: ClassVar[str] = "router"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, turn: Turn) -> None:
        """Decides."""
        parts = self._parts
        model = parts.thinker is not None and bool(value(parts.flags, MODEL_ANSWERS, turn.unit))
        turn.route = route(turn, model=model)
