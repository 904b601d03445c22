"""How what a tool found is said: in the intent's words, in the catalogue's, or in the tool's own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from bot.chat.catalogue import Intent
from bot.chat.phrases import choose, fill
from bot.chat.texts import Texts
from bot.core.chat import Button
from bot.sdk.called import Called
from bot.sdk.host import Caller

BROKEN = frozenset({"error", "timeout", "unknown"})
_DO, _DROP = ":do", ":drop"


class Replies:
    """Words for results, by language."""

    def __init__(self, intents: Sequence[Intent], texts: Texts, random: Random) -> None:
        self._by_tool: Mapping[str, Intent] = {one.tool: one for one in reversed(intents) if one.tool}
        self._texts, self._random = texts, random

    def intent(self, tool: str) -> str:
        """The name under which a tool's use is counted."""
        return self._by_tool[tool].name if tool in self._by_tool else tool

    def say(self, tool: str, called: Called, caller: Caller) -> str:
        """What to tell the member. What waits for a button is always told in the registry's own words."""
        result = called.result
        if called.fate == "confirm":
            return f"{result.text}\n{self._texts('confirm.waits', caller.language)}"
        if called.fate == "cancelled":
            return self._texts("confirm.cancelled", caller.language)
        facts = {"name": caller.name, "user": caller.user, **result.facts}
        intent = self._by_tool.get(tool)
        variants = intent.replies.get(result.key) if intent else None
        if variants is not None:
            return fill(choose(variants, caller.language, self._random), facts)
        key = f"tool.{tool}.{result.key}"
        if self._texts.has(key):
            return self._texts(key, caller.language, **facts)
        return result.text

    def buttons(self, called: Called, language: str, number: int = 0) -> tuple[Button, ...]:
        """Buttons of a result, those of a confirmation in the member's language; numbered where there are several."""
        lead = f"{number}. " if number else ""
        return tuple(replace(one, label=lead + self._label(one, language)) for one in called.buttons)

    def _label(self, button: Button, language: str) -> str:
        if button.id.startswith("pledge:"):
            if button.id.endswith(_DO):
                return self._texts("button.do", language)
            if button.id.endswith(_DROP):
                return self._texts("button.cancel", language)
        return button.label
