"""The offline responder: commands and understood wishes, answered by tools and fixed phrases."""

from collections.abc import Mapping
from typing import Any, ClassVar

import structlog

from bot.chat.flags import NEAR_HINT, value
from bot.chat.learning import Learning
from bot.chat.parts import Parts
from bot.chat.phrases import choose, fill
from bot.chat.refusals import OUT, Refusals
from bot.chat.replies import BROKEN, Replies
from bot.chat.steps.understand import as_order
from bot.chat.turn import Turn
from bot.chat.understand import Wish
from bot.core.chat import Outcome
from bot.policy.mood import Tone
from bot.sdk.called import Called

log = structlog.get_logger()
_BAD = (Outcome.ANSWERED, Outcome.UNANSWERED, Outcome.REJECTED, Outcome.FAILED)


class Tools:
    """Several wishes of one message are answered together."""

    name: ClassVar[str] = "tools"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts, refusals: Refusals, learning: Learning) -> None:
        self._parts, self._refusals, self._learning = parts, refusals, learning
        self._replies = Replies(parts.understander.intents, parts.texts, parts.random)
        self._private = frozenset(spec.name for spec in parts.registry.specs() if spec.private)

    async def __call__(self, turn: Turn) -> None:
        """Ends with an answer unless a model is to answer."""
        if turn.route == "none":
            await self._unknown(turn)
        elif turn.route == "offline":
            await self.offline(turn)

    async def _unknown(self, turn: Turn) -> None:
        """Nothing to do was understood; what the member told of themselves may still have been."""
        said, learned = await self._learning.said(turn)
        if learned:
            turn.end(said, Outcome.ANSWERED, "learned")
            return
        text = choose(self._parts.phrases["unknown"], turn.language, self._parts.random)
        if value(self._parts.flags, NEAR_HINT, turn.unit) and (near := self._near(turn)):
            text = f"{text}\n{self._parts.texts('command.did_you_mean', turn.language, names=near)}"
        if turn.tone is Tone.GENTLE:
            text = f"{self._parts.texts('tone.gentle', turn.language)} {text}"
        turn.end(f"{text}\n{said}" if said else text, Outcome.UNANSWERED, "unknown")

    def _near(self, turn: Turn) -> str:
        """How the nearest thing that could have been meant is said, in the member's language; empty if nothing is."""
        intent = self._parts.understander.near(turn.text)
        said = [text for language, text in intent.examples if language == turn.language] if intent else []
        return f'"{said[0]}"' if said else ""

    async def offline(self, turn: Turn) -> None:
        """Answer from tools and phrases alone."""
        order = as_order(turn)
        if order is not None:
            called = await self._call(turn, order.tool, order.arguments)
            text, outcome = self._replies.say(order.tool, called, turn.caller), outcome_of(called)
            turn.buttons += self._replies.buttons(called, turn.language)
            result, intent = called.result, self._replies.intent(order.tool)
            turn.end(text, outcome, intent, tool=order.tool, card=result.card, files=result.files)
            return
        said = [await self._fulfil(turn, wish) for wish in turn.wishes]
        intents = [wish.match.intent for wish in turn.wishes]
        turn.end(
            "\n".join(reply for reply, _ in said),
            max((outcome for _, outcome in said), key=_BAD.index),
            "+".join(intent.name for intent in intents),
            tool="+".join(intent.tool for intent in intents if intent.tool),
            card=turn.answer.card if turn.answer else None,
            files=turn.answer.files if turn.answer else (),
        )

    async def _fulfil(self, turn: Turn, wish: Wish) -> tuple[str, Outcome]:
        intent, caller = wish.match.intent, turn.caller
        if not intent.tool:
            facts = {"name": caller.name, "user": caller.user}
            reply = fill(choose(intent.replies["ok"], caller.language, self._parts.random), facts)
            return reply, Outcome.ANSWERED if intent.answers else Outcome.UNANSWERED
        called = await self._call(turn, intent.tool, wish.arguments)
        turn.buttons += self._replies.buttons(called, turn.language)
        if called.result.card or called.result.files:
            turn.end("", Outcome.ANSWERED, card=called.result.card, files=called.result.files)
        return self._replies.say(intent.tool, called, caller), outcome_of(called)

    async def _call(self, turn: Turn, tool: str, arguments: Mapping[str, Any]) -> Called:
        called = await self._parts.registry.call(tool, arguments, turn.caller)
        self._parts.observer.tool_called(tool, called.fate)
        if called.error:
            log.warning("tool failed", tool=tool, fate=called.fate, error=called.error)
        if called.fate == "ok":
            await self._refusals.decided(tool, turn.message.user)
            turn.keeps = turn.keeps and tool != OUT
        turn.private = turn.private or tool in self._private
        return called


def outcome_of(called: Called) -> Outcome:
    """How the message ended, by how the call did."""
    if called.fate == "limited":
        return Outcome.REJECTED
    return Outcome.FAILED if called.fate in BROKEN else Outcome.ANSWERED
