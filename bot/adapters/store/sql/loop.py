"""An event loop in a thread of its own, so that many threads can wait for asynchronous work at once."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.core.errors import Unavailable

T = TypeVar("T")


class Loop:
    """Runs coroutines for callers in other threads."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it runs nothing any more."""
        return self._loop.is_closed()

    def run(self, work: Coroutine[Any, Any, T], patience: float) -> T:
        """The result. TimeoutError after `patience` seconds, and the work is cancelled; Unavailable once closed."""
        if self.closed:
            work.close()
            raise Unavailable("database", "this process has closed it")
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return waiting.result(patience)
        except BaseException:
            waiting.cancel()
            raise

    def close(self) -> None:
        """End the thread; a second time does nothing."""
        if not self.closed:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
