"""Language, mood and intent of a message."""

from typing import ClassVar

from bot.chat import feelings
from bot.chat.flags import WARM_TONE, value
from bot.chat.language import answered_in, spoken
from bot.chat.orders import Order, Orders
from bot.chat.parts import Parts
from bot.chat.planning import Planning
from bot.chat.turn import Turn
from bot.core.chat import Outcome
from bot.policy.mood import tone_of

_TALK = "ask"
"""The command that only talks: `!ask why is the sky blue`."""


class Understand:
    """Pure but for the answer to a command that there is not."""

    name: ClassVar[str] = "understanding"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._orders = Orders(parts.registry.specs())
        self._planning = Planning(parts, self._orders)
        self._feelings = feelings.Feelings(feelings.load(), parts.mood)

    async def __call__(self, turn: Turn) -> None:
        """Commands are taken by their words; all else by what it is like."""
        if turn.given is not None:
            turn.language = self._language(turn, "", "")
            return
        rest = self._commanded(turn)
        text = f"!{rest}" if rest else turn.text
        understood = self._parts.understander.understand(text)
        turn.wishes, turn.sure = understood.wishes, understood.sure
        turn.language = self._language(turn, understood.spoken, understood.matched)
        if self._parts.emotion and not rest and value(self._parts.flags, WARM_TONE, turn.unit):
            turn.tone = tone_of(self._feelings.mood(turn.text, turn.language), self._parts.threshold)
        if rest:
            self._take(turn, rest)
        else:
            order = await self._planning.order(turn)
            if order is not None:
                turn.order, turn.wishes = order, ()

    def _commanded(self, turn: Turn) -> str:
        """What follows the prefix; empty if there is none, or if it is only punctuation."""
        prefix = turn.settings.prefix or self._parts.prefix
        if not turn.text.startswith(prefix):
            return ""
        rest = turn.text[len(prefix) :]
        word, _, talk = rest.partition(" ")
        if word.casefold() == _TALK and talk.strip():
            turn.text = talk.strip()
            return ""
        return rest if rest[:1].isalpha() else ""

    def _take(self, turn: Turn, rest: str) -> None:
        """The command; where an intent knows the same tool, its reading of the words is the better one."""
        order = self._orders.find(rest)
        pattern = turn.wishes[0].match.intent if turn.sure and turn.wishes else None
        if order is not None and (pattern is None or pattern.tool != order.tool):
            turn.order, turn.wishes = order, ()
        elif pattern is None:
            turn.wishes = ()
            self._unknown(turn, rest)

    def _unknown(self, turn: Turn, rest: str) -> None:
        texts, prefix = self._parts.texts, turn.settings.prefix or self._parts.prefix
        near = self._orders.near(rest)
        hint = texts("command.hint", turn.language, prefix=prefix)
        if near:
            names = ", ".join(f"{prefix}{name}" for name in near)
            hint = texts("command.did_you_mean", turn.language, names=names)
        name = f"{prefix}{rest.split(maxsplit=1)[0][:40]}"
        turn.end(texts("command.unknown", turn.language, name=name, hint=hint), Outcome.UNANSWERED, "unknown")

    def _language(self, turn: Turn, by_words: str, matched: str) -> str:
        if not self._parts.understander.multilingual:
            return "en"
        found = spoken(turn.text, by_words, self._parts.detector) or matched
        return answered_in(found, turn.message.locale, turn.settings.language)


def as_order(turn: Turn) -> Order | None:
    """The command of a turn, whoever took it apart."""
    if turn.given is None:
        return turn.order
    return Order(turn.given.spec.name, turn.given.spec.command, turn.given.arguments)
