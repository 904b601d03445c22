"""Language, mood and intent of a message."""

import asyncio
from typing import ClassVar

import structlog

from bot.chat import feelings
from bot.chat.language import answered_in, spoken
from bot.chat.orders import Order, Orders
from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import HERE, Outcome
from bot.core.errors import MegawattsError
from bot.policy.mood import tone_of

log = structlog.get_logger()
_TALK = "ask"
"""The command that only talks: `!ask why is the sky blue`."""
_PLANNING = "planning"
"""Threads where a suggestion is planned, each with the member who plans it and the suggestion's number."""
_ANSWERS, _ENDS = "answer_plan", frozenset({"start_plan", "keep_plan"})


class Understand:
    """Pure but for the answer to a command that there is not."""

    name: ClassVar[str] = "understanding"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._orders = Orders(parts.registry.specs())
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
        if self._parts.emotion and not rest:
            turn.tone = tone_of(self._feelings.mood(turn.text, turn.language), self._parts.threshold)
        if rest:
            self._take(turn, rest)
        else:
            await self._plan(turn)

    async def _plan(self, turn: Turn) -> None:
        """In the thread of their suggestion, whatever the member says is an answer, but for the words that end it."""
        ends = turn.sure and any(wish.match.intent.tool in _ENDS for wish in turn.wishes)
        spec = self._orders.named("plan answer")
        if turn.message.guild == HERE or ends or spec is None or spec.name != _ANSWERS:
            return
        try:
            row = await asyncio.to_thread(self._parts.records.get, _PLANNING, turn.message.channel)
        except MegawattsError as error:
            log.warning("planning not looked up", error=type(error).__name__)
            return
        if row is not None and row.get("user") == turn.message.user:
            turn.order = Order(_ANSWERS, spec.command, {"number": str(row["number"]), "text": turn.text})
            turn.wishes = ()

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
