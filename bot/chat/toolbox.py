"""The tools of one turn, bound to the member who asked: a model can name a tool, never a caller."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.text import shorten
from bot.core.chat import Observer
from bot.core.model import ToolSchema
from bot.policy.redact import redact
from bot.sdk.called import Called
from bot.sdk.host import Caller
from bot.sdk.registry import Registry
from bot.sdk.tool import ToolSpec

_MOST_CALLS = 8
_MOST_ASKED = 3
"""Things that one answer may ask the member to confirm."""
_LONGEST = 4000


class BoundToolbox:
    """`core.model.Toolbox` over the registry. Holds only what the member's own words asked for."""

    def __init__(self, registry: Registry, caller: Caller, offered: Sequence[ToolSpec], observer: Observer) -> None:
        self._registry, self._caller, self._observer = registry, caller, observer
        self._offered = {spec.name: spec for spec in offered}
        self._seen: set[str] = set()
        self._asked = 0
        self.calls: list[tuple[ToolSpec, Called]] = []
        """What was called and how it ended, in order."""

    def schemas(self) -> Sequence[ToolSchema]:
        """What the model may call in this turn."""
        return tuple(ToolSchema(spec.name, spec.summary, spec.parameters) for spec in self._offered.values())

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the tool said, redacted. Never raises."""
        spec = self._offered.get(name)
        if spec is None:
            names = ", ".join(self._offered) or "none"
            return f"There is no tool {name[:64]!r} in this turn. Tools there are: {names}."
        if len(self.calls) >= _MOST_CALLS:
            return "That is enough of tools for one turn. Answer with what you have."
        if spec.mutates and self._asked >= _MOST_ASKED:
            return "Enough waits for the member already. Answer now, and let them decide."
        same = f"{name} {_key(arguments)}"
        if same in self._seen:
            return "That was called with the same arguments already; the answer is the same. Answer with what you have."
        self._seen.add(same)
        called = await self._registry.call(name, arguments, self._caller, by_model=True)
        self._observer.tool_called(name, called.fate)
        self.calls.append((spec, called))
        self._asked += called.fate == "confirm"
        said = redact(shorten(called.result.text, _LONGEST))
        waits = " Nothing has happened: it waits for the member's button." if called.fate == "confirm" else ""
        return f"{said}{waits}"


def _key(arguments: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(arguments), sort_keys=True, default=str)
    except (TypeError, ValueError):
        return repr(arguments)
