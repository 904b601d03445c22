"""The answer as it is shown: whole code blocks, a length that the carrier takes, buttons."""

from dataclasses import replace
from typing import ClassVar

from bot.chat.parts import Parts
from bot.chat.text import cut
from bot.chat.turn import Turn
from bot.core.chat import Answer, Button, Outcome


class Render:
    """What is too long is cut between words, with a button for all of it."""

    name: ClassVar[str] = "rendering"
    about_answers: ClassVar[bool] = True

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, turn: Turn) -> None:
        """Sets the buttons as well."""
        answer = turn.answer
        if answer is None:
            return
        text, buttons = answer.text, list(turn.buttons) if answer.outcome is not Outcome.REJECTED else []
        if len(text) > self._parts.longest:
            note = self._parts.texts("answer.long", turn.language)
            turn.full = text
            text = f"{cut(text, self._parts.longest - len(note) - 1)}\n{note}"
            buttons.append(Button(f"file/{answer.id}", self._parts.texts("button.file", turn.language)))
        if self._parts.feedback_buttons and answer.outcome in (Outcome.ANSWERED, Outcome.UNANSWERED):
            buttons += self._feedback(answer)
        turn.answer = replace(answer, text=text, buttons=tuple(buttons), private=turn.private, language=turn.language)

    def _feedback(self, answer: Answer) -> list[Button]:
        say, language = self._parts.texts, answer.language
        return [
            Button(f"feedback/{answer.id}/up", say("feedback.up", language)),
            Button(f"feedback/{answer.id}/down", say("feedback.down", language)),
            Button(f"feedback/{answer.id}/fix", say("feedback.fix", language), asks=say("feedback.asks", language)),
        ]
