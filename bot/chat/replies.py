"""How what a tool found is said: in the intent's words, in the catalogue's, or in the tool's own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from bot.chat.catalogue import Intent
from bot.chat.phrases import choose, fill
from bot.chat.texts import Texts
from bot.core.chat import Button
from bot.policy.buttons import spoken
from bot.sdk.called import Called
from bot.sdk.host import Caller

BROKEN = frozenset({"error", "timeout", "unknown"})
_DO, _DROP = ":do", ":drop"
_KEY = "_key"
_QUESTION = 300
"""Characters of what a button asks."""


class Replies:
    """Words for results, by language."""

    def __init__(self, intents: Sequence[Intent], texts: Texts, random: Random) -> None:
        self._by_tool: Mapping[str, Intent] = {one.tool: one for one in reversed(intents) if one.tool}
        self._texts, self._random = texts, random

    def intent(self, tool: str) -> str:
        """The name under which a tool's use is counted."""
        return self._by_tool[tool].name if tool in self._by_tool else tool

    def say(self, tool: str, called: Called, caller: Caller) -> str:
        """What to tell the member. What waits for a button is told in the registry's words or in the catalogue's, and
        never in a model's."""
        result = called.result
        language = caller.language
        facts = self._facts({"name": caller.name, "user": caller.user, **result.facts}, language)
        key = f"tool.{tool}.{result.key}"
        if called.fate == "confirm":
            asked = self._texts(key, language, **facts) if self._texts.fits(key, facts) else result.text
            return f"{asked}\n{self._texts('confirm.waits', language)}"
        if called.fate == "cancelled":
            return self._texts("confirm.cancelled", language)
        intent = self._by_tool.get(tool)
        variants = intent.replies.get(result.key) if intent else None
        if variants is not None and (language in variants or not self._texts.fits(key, facts)):
            return fill(choose(variants, language, self._random), facts)
        return self._texts(key, language, **facts) if self._texts.fits(key, facts) else result.text

    def _facts(self, facts: dict[str, object], language: str) -> dict[str, object]:
        """A fact that has a text of its own, named by `FACT_key`, is said in the member's language with the others."""
        keyed = {name[:-4]: str(key) for name, key in facts.items() if name.endswith(_KEY)}
        fitting = {name: key for name, key in keyed.items() if self._texts.fits(key, facts)}
        return facts | {name: self._texts(key, language, **facts) for name, key in fitting.items()}

    def buttons(self, called: Called, language: str, number: int = 0) -> tuple[Button, ...]:
        """Buttons of a result, those of a confirmation in the member's language; numbered where there are several."""
        lead = f"{number}. " if number else ""
        asks = str(called.result.facts.get("question_key", ""))
        return tuple(
            replace(one, label=lead + self._label(one, language), asks=self._asks(one, asks, language))
            for one in called.buttons
        )

    def _asks(self, button: Button, question: str, language: str) -> str:
        key = spoken(button.id)[1] or question
        return self._texts(key, language)[:_QUESTION] if button.asks and self._texts.has(key) else button.asks

    def _label(self, button: Button, language: str) -> str:
        if button.id.startswith("pledge:"):
            if button.id.endswith(_DO):
                return self._texts("button.do", language)
            if button.id.endswith(_DROP):
                return self._texts("button.cancel", language)
        key = spoken(button.id)[0]
        return self._texts(key, language) if self._texts.has(key) else button.label
