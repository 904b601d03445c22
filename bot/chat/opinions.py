"""What members think of answers: one voice a member, and, under consent, what it was about."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.parts import Parts
from bot.core.chat import Answer, Line, Message, Voice
from bot.core.errors import MegawattsError
from bot.core.ids import ChannelId, GuildId, UserId
from bot.policy.redact import redact

TABLE = "feedback"
_RECENT = 4096
"""Answers on which feedback is still taken."""
_LONG = 64
"""Whole texts of shortened answers that are still at hand."""
_KEPT = 1500


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given, as far as it is still known. Texts are redacted when they leave this process."""

    intent: str
    tool: str
    user: UserId
    channel: ChannelId
    guild: GuildId
    question: str
    text: str
    model: str
    private: bool


class Opinions:
    """Answers given lately, and the voices on them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._recent: OrderedDict[str, Given] = OrderedDict()
        self._long: OrderedDict[str, tuple[UserId, str]] = OrderedDict()

    def note(self, message: Message, question: str, answer: Answer, full: str = "") -> None:
        """An answer was given."""
        self._recent[answer.id] = Given(
            answer.intent,
            answer.tool,
            message.user,
            message.channel,
            message.guild,
            question[:_KEPT],
            answer.text[:_KEPT],
            answer.model,
            answer.private,
        )
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        if self._parts.symptoms is not None:
            self._parts.symptoms.answered(answer.intent, answer.outcome, message.user)
            self._parts.symptoms.met(answer.intent, message.user)
        if self._parts.insights is not None:
            self._parts.insights.answered(message.guild, message.user, answer.intent, answer.outcome)
        if full:
            self._long[answer.id] = (message.user, full)
            if len(self._long) > _LONG:
                self._long.popitem(last=False)

    def whole(self, answer: str, user: UserId) -> str:
        """The whole of a shortened answer, for the member who asked; empty if it is gone or not theirs."""
        owner, text = self._long.get(answer, (user, ""))
        return text if owner == user else ""

    def context(self, answer: str, user: UserId) -> tuple[Line, ...]:
        """Question and answer as lines, for the member who asked; nobody is shown another's question."""
        given = self._recent.get(answer)
        if given is None or given.user != user:
            return ()
        now = self._parts.clock()
        bot = Line(UserId("megawatts"), "Megawatts", redact(given.text), now, by_bot=True)
        return (Line(user, user, redact(given.question), now), bot)

    async def voice(self, answer: str, user: UserId, voice: Voice, text: str = "") -> bool:
        """One voice per member and answer: a later one replaces the earlier. False if the answer is not known."""
        given = self._recent.get(answer)
        if given is None:
            return False
        row = {"value": voice, "user": user, "intent": given.intent, "at": self._parts.clock().isoformat()}
        row |= {"tool": given.tool, "revision": self._parts.symptoms.revision if self._parts.symptoms else ""}
        row |= await self._about(given, voice, text)
        key, records = f"{answer}/{user}", self._parts.records
        if await asyncio.to_thread(records.add, TABLE, key, row):
            self._parts.observer.voiced(voice, user)
            if self._parts.trials is not None:
                self._parts.trials.voiced(user, voice)
        else:
            await asyncio.to_thread(records.put, TABLE, key, row)
        return True

    async def _about(self, given: Given, voice: Voice, text: str) -> Mapping[str, Any]:
        """What the voice is about: the asker's question and the answer only if the asker lets the bot remember."""
        if voice == "up":
            return {}
        row = {"channel": given.channel, "model": given.model} | ({"guild": given.guild} if given.guild else {})
        if text:
            row["text"] = redact(text[:_KEPT])
        if not given.private and await self._consents(given.user):
            row |= {"question": redact(given.question), "answer": redact(given.text)}
        return row

    async def _consents(self, user: UserId) -> bool:
        try:
            return self._parts.memories is not None and await self._parts.memories.consents(user)
        except MegawattsError:
            return False
