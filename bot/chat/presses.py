"""What a pressed button leads to."""

import re
from typing import Any

from bot.chat.opinions import Opinions
from bot.chat.parts import Parts
from bot.chat.replies import Replies
from bot.chat.steps.tools import outcome_of
from bot.chat.text import clean
from bot.core.chat import Answer, File, Outcome, Press
from bot.core.ids import MessageId
from bot.core.text import one_line
from bot.policy.buttons import asked
from bot.policy.redact import redact
from bot.sdk.called import Called
from bot.sdk.host import Caller

_FEEDBACK = re.compile(r"feedback/(?P<answer>[\w-]{1,64})/(?P<voice>up|down|fix)")
_FIX = re.compile(r"fix:(?P<answer>[\w-]{1,64})")
_FILE = re.compile(r"file/(?P<answer>[\w-]{1,64})")
_TOOL = re.compile(r"tool/(?P<tool>[a-z][a-z0-9_]{1,63})")
_CONFIRM = re.compile(r"(?P<act>confirm|cancel)/(?P<number>[\w-]{1,64})")
_FIXES = "fix_answer"


class Presses:
    """Buttons are data: an id says what is asked for, the press says by whom; the registry checks the rest."""

    def __init__(self, parts: Parts, opinions: Opinions) -> None:
        self._parts, self._opinions = parts, opinions
        self._replies = Replies(parts.understander.intents, parts.texts, parts.random)
        self._specs = {spec.name: spec for spec in parts.registry.specs()}

    async def press(self, press: Press, number: str) -> Answer:
        """One answer to one press; an unknown button is an answer that says so."""
        language = self._language(press)
        caller = self._caller(press, language)
        for pattern, act in ((_FEEDBACK, self._feedback), (_FIX, self._fix), (_FILE, self._file)):
            if found := pattern.fullmatch(press.button):
                return await act(found, press, caller, number)
        tool, called = await self._called(press, caller)
        if called is None:
            text = self._parts.texts("button.unknown", language)
            return Answer(number, text, "press", Outcome.UNANSWERED, language, private=True)
        return self._answer(number, tool, called, caller)

    async def _called(self, press: Press, caller: Caller) -> tuple[str, Called | None]:
        """The registry's own buttons first; then those that name a tool."""
        registry, text = self._parts.registry, redact(clean(press.text, 2000))
        if (called := await registry.press(press.button, caller)) is not None:
            return self._counted(called)
        if found := _CONFIRM.fullmatch(press.button):
            act = registry.confirm if found["act"] == "confirm" else registry.cancel
            return self._counted(await act(found["number"], caller))
        named, arguments = asked(press.button, text) or ("", {})
        if not named and (found := _TOOL.fullmatch(press.button)):
            named = found["tool"] if self._callable(found["tool"]) else ""
        if named not in self._specs:
            return "", None
        called = await registry.call(named, arguments, caller)
        self._parts.observer.tool_called(named, called.fate)
        return named, called

    def _counted(self, called: Called) -> tuple[str, Called]:
        if called.tool:
            self._parts.observer.tool_called(called.tool, called.fate)
        return called.tool, called

    def _callable(self, tool: str) -> bool:
        spec = self._specs.get(tool)
        return spec is not None and not spec.parameters["required"]

    async def _feedback(self, found: re.Match[str], press: Press, caller: Caller, number: str) -> Answer:
        voice: Any = found["voice"]
        if voice == "fix":
            return await self._fix(found, press, caller, number)
        known = await self._opinions.voice(found["answer"], press.user, voice)
        text = self._parts.texts("feedback.thanks" if known else "feedback.gone", caller.language)
        return Answer(number, text, "feedback", _done(known), caller.language, private=True)

    async def _fix(self, found: re.Match[str], press: Press, caller: Caller, number: str) -> Answer:
        """A voice, and the member's words as a suggestion that knows the answer it is about."""
        answer, text = found["answer"], clean(press.text, 1500)
        known = await self._opinions.voice(answer, press.user, "fix", text)
        if not known and not text:
            said = self._parts.texts("feedback.gone", caller.language)
            return Answer(number, said, "feedback", Outcome.UNANSWERED, caller.language, private=True)
        if _FIXES in self._specs and text:
            about = self._opinions.context(answer, press.user)
            asking = Caller(
                caller.user, caller.channel, caller.name, caller.language, about, caller.guild, caller.message,
                caller.audience, caller.locale,
            )  # fmt: skip
            arguments = {"text": redact(text), **({"answer": answer} if known else {})}
            called = await self._parts.registry.call(_FIXES, arguments, asking)
            self._parts.observer.tool_called(_FIXES, called.fate)
            return self._answer(number, _FIXES, called, caller)
        said = self._parts.texts("feedback.noted", caller.language)
        return Answer(number, said, "feedback", Outcome.ANSWERED, caller.language)

    async def _file(self, found: re.Match[str], press: Press, caller: Caller, number: str) -> Answer:
        whole = self._opinions.whole(found["answer"], press.user)
        text = self._parts.texts("answer.file" if whole else "button.unknown", caller.language)
        files = (File("answer.md", whole.encode()),) if whole else ()
        return Answer(number, text, "press", _done(whole), caller.language, files=files, private=True)

    def _answer(self, number: str, tool: str, called: Called, caller: Caller) -> Answer:
        spec, result = self._specs.get(tool), called.result
        return Answer(
            id=number,
            text=self._replies.say(tool, called, caller),
            intent=self._replies.intent(tool) if tool else "press",
            outcome=outcome_of(called),
            language=caller.language,
            tool=tool,
            retry_after=called.retry_after,
            buttons=self._replies.buttons(called, caller.language),
            card=result.card,
            files=result.files,
            private=spec.private if spec else not result.ok,
        )

    def _language(self, press: Press) -> str:
        book = self._parts.book
        guild = book.read(press.guild).language if book is not None and press.guild else ""
        if not self._parts.understander.multilingual:
            return "en"
        return (press.locale or guild or "en").partition("-")[0].lower()

    def _caller(self, press: Press, language: str) -> Caller:
        name = one_line(press.name, 80) or press.user
        return Caller(
            press.user, press.channel, name, language, (), press.guild, MessageId(""), press.audience, press.locale
        )


def _done(well: object) -> Outcome:
    return Outcome.ANSWERED if well else Outcome.UNANSWERED
