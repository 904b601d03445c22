"""Buttons under answers: what the member thinks of them, and the whole of a long one as a file."""

from bot.adapters.discord.render import OWN
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, Button, Outcome
from bot.policy.rendering import BUTTONS, CUSTOM_ID, split

FEW = 3
"""Parts above which a file is offered."""
_OPINION = "feedback/"
"""What the pipeline's own ids for opinions begin with: `feedback/ANSWER/up`, `down` and `fix`."""
_FILE = f"{OWN}file:"


def under(answer: Answer, words: Words, locale: str) -> tuple[Button, ...]:
    """Buttons to add to those of an answer. A rejection has none: there is nothing to judge."""
    if answer.outcome is Outcome.REJECTED or len(answer.buttons) > BUTTONS - 5:
        return ()
    parts = len(split(answer.text))
    whole = (Button(f"{_FILE}{parts}", words("button.file", locale)),) if parts > FEW else ()
    return (*_opinions(answer, words, locale), *whole)


def _opinions(answer: Answer, words: Words, locale: str) -> tuple[Button, ...]:
    start = f"{_OPINION}{answer.id}"
    if not answer.id or len(start) > CUSTOM_ID - 10 or any(one.id.startswith(_OPINION) for one in answer.buttons):
        return ()
    return (
        Button(f"{start}/up", words("feedback.up", locale)),
        Button(f"{start}/down", words("feedback.down", locale)),
        Button(f"{start}/fix", words("feedback.fix", locale), asks=words("feedback.asks", locale)),
    )


def is_fix(identity: str) -> bool:
    """Whether a button asks what was wrong with an answer."""
    return identity.startswith(_OPINION) and identity.endswith("/fix")


def file_of(identity: str) -> int:
    """How many parts the answer has that a button makes a file of; 0: it is no such button."""
    count = identity.removeprefix(_FILE)
    return int(count) if identity.startswith(_FILE) and count.isdecimal() else 0
