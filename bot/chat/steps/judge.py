"""Moderation of what comes in and of what goes out."""

from dataclasses import replace
from typing import ClassVar

import structlog

from bot.chat.moderator import RuleModerator
from bot.chat.orders import Orders
from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import Outcome
from bot.core.errors import MegawattsError
from bot.core.moderation import Judged
from bot.policy.moderation import SECRETS

log = structlog.get_logger()
MODERATED = "moderated"
"""What the intent of a message that was not read begins with; the rule follows."""


class JudgeMessage:
    """A member's text is read or refused, never changed."""

    name: ClassVar[str] = "moderation_in"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts, rules: RuleModerator) -> None:
        self._parts, self._moderator = parts, parts.moderator or rules
        self._unjudged, self._orders = rules.unjudged, Orders(parts.registry.specs())

    async def __call__(self, turn: Turn) -> None:
        """A moderator out of reach lets members speak: what is answered is judged again."""
        if self._about_words(turn):
            return
        try:
            judged = await self._moderator.incoming(turn.text, turn.scope)
        except MegawattsError as error:
            log.warning("moderation unavailable", error=type(error).__name__)
            self._parts.observer.stepped("moderation_unavailable", 0.0)
            return
        if judged.allowed:
            return
        turn.keeps = False
        turn.language = self._parts.understander.language(turn.text)
        turn.end(refused(self._parts, judged, turn.language), Outcome.REJECTED, f"{MODERATED}:{judged.rule}")

    def _about_words(self, turn: Turn) -> bool:
        if turn.given is not None:
            return turn.given.spec.name in self._unjudged
        prefix = turn.settings.prefix or self._parts.prefix
        order = self._orders.find(turn.text[len(prefix) :]) if turn.text.startswith(prefix) else None
        return order is not None and order.tool in self._unjudged


class JudgeAnswer:
    """An answer goes out as the rules leave it, or not at all."""

    name: ClassVar[str] = "moderation_out"
    about_answers: ClassVar[bool] = True

    def __init__(self, parts: Parts, rules: RuleModerator) -> None:
        self._parts, self._rules = parts, rules

    async def __call__(self, turn: Turn) -> None:
        """The house's rules speak first, and cannot be out of reach; a moderator of its own can only narrow."""
        answer = turn.answer
        if answer is None:
            return
        judged = await self._judge(answer.text, turn)
        if judged.allowed:
            text = f"{judged.text}\n{turn.tail}".strip() if turn.tail else judged.text
            turn.answer = answer if text == answer.text else replace(answer, text=text)
            return
        log.warning("answer refused", rule=judged.rule, model=answer.model)
        self._parts.observer.stepped(f"refused_{judged.rule}", 0.0)
        key = "moderated.secrets" if judged.rule == SECRETS else "moderated.answer"
        refusal = self._parts.texts(key, turn.language)
        turn.answer = replace(answer, text=refusal, outcome=Outcome.REJECTED, card=None, files=())

    async def _judge(self, text: str, turn: Turn) -> Judged:
        held = await self._rules.outgoing(text, turn.scope, by_model=turn.by_model)
        own = self._parts.moderator
        if not held.allowed or own is None or (isinstance(own, RuleModerator) and not turn.by_model):
            return held
        try:
            return await own.outgoing(held.text, turn.scope, by_model=turn.by_model)
        except MegawattsError as error:
            log.warning("moderation unavailable", error=type(error).__name__)
            self._parts.observer.stepped("moderation_unavailable", 0.0)
            return held


def refused(parts: Parts, judged: Judged, language: str) -> str:
    """Why a member's text was not read, in their language."""
    key = f"moderated.{judged.rule}"
    return parts.texts(key if parts.texts.has(key) else "moderated.model", language, because=judged.because)
