"""One process of a kind in one home folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import Misconfigured


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock named after the process; Misconfigured if another one holds it. The kernel frees it on death."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misconfigured(
                f"another {lock.stem} runs on {lock.parent}: end it first, or name another home with --home"
            ) from error
        yield
