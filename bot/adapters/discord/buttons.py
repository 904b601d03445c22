"""Buttons that every answer gets: what the member thinks of it, and the whole of a long one as a file."""

from typing import Literal

from bot.adapters.discord.render import OWN, asked
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, Button, Outcome
from bot.policy.rendering import BUTTONS, CUSTOM_ID, split

FEW = 3
"""Parts above which a file is offered."""
Act = Literal["up", "down", "fix", "file", "menu"]
_ACTS: tuple[Act, ...] = ("up", "down", "fix", "file", "menu")


def under(answer: Answer, words: Words, locale: str) -> tuple[Button, ...]:
    """Buttons to put under an answer. None under a rejection: there is nothing to judge."""
    if answer.outcome is Outcome.REJECTED or not answer.id or len(f"?{OWN}down:{answer.id}") > CUSTOM_ID:
        return ()
    made = [
        Button(f"{OWN}up:{answer.id}", words("discord.good", locale)),
        Button(f"{OWN}down:{answer.id}", words("discord.bad", locale)),
        Button(f"{OWN}fix:{answer.id}", words("discord.fix", locale), asks=words("discord.fix_question", locale)),
    ]
    parts = len(split(answer.text))
    if parts > FEW:
        made.append(Button(f"{OWN}file:{parts}", words("discord.file", locale)))
    return tuple(made) if len(answer.buttons) + len(made) <= BUTTONS - 5 else ()


def own(identity: str) -> tuple[Act, str] | None:
    """What a button of this carrier does and to what; None if the button is the pipeline's."""
    plain = asked(identity)
    act, _, subject = (plain[0] if plain else identity).removeprefix(OWN).partition(":")
    if not (plain[0] if plain else identity).startswith(OWN):
        return None
    return next(((known, subject) for known in _ACTS if known == act), None)
