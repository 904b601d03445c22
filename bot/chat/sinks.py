"""What is shown of an answer while a model still writes it: only what the rules let pass."""

from collections.abc import Callable

from bot.core.chat import Sink

HELD = 160
"""Characters at the end that are held back: a link, a key or a word that is still being written is not shown."""


class GuardedSink:
    """`core.chat.Sink` before another. Text that the rules refuse is not shown any further."""

    def __init__(self, sink: Sink, allow: Callable[[str], str], longest: int) -> None:
        """`allow` gives what may be shown of a text, or '' for nothing."""
        self._sink, self._allow, self._longest = sink, allow, longest
        self._shown = ""
        self._refused = False

    async def grow(self, text: str) -> None:
        """The whole answer so far; its end is held back until more has come."""
        if self._refused or len(text) > self._longest:
            return
        if not self._allow(text):
            self._refused = len(text) > HELD
            return
        head, _, _ = text[: max(0, len(text) - HELD)].rpartition(" ")
        shown = self._allow(head) if head.strip() else ""
        if shown and shown != self._shown:
            self._shown = shown
            await self._sink.grow(shown)
