"""Large libraries are loaded at their first use, beside the event loop: some take seconds, and others want answers."""

import asyncio
import threading
from collections.abc import Callable
from importlib import import_module

ONE_AT_A_TIME = threading.Lock()
_loaded: set[str] = set()


async def load(*modules: str) -> None:
    """Import these; an `import` of them afterwards takes no time. Raises ImportError."""
    missing = [name for name in modules if name not in _loaded]
    if missing:
        await beside(lambda: [import_module(name) for name in missing])
        _loaded.update(missing)


async def beside(work: Callable[[], object]) -> None:
    """Do work that may import beside the event loop, one at a time: two that import each other's parts could hang."""

    def alone() -> None:
        with ONE_AT_A_TIME:
            work()

    await asyncio.to_thread(alone)
