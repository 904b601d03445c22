"""What processes tell people and one another: one JSON object a line."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

Listener = Callable[[Mapping[str, object]], None]
_LISTENERS: list[Listener] = []


@contextmanager
def relaying(listener: Listener) -> Iterator[None]:
    """Until the end of the block the listener is handed each line that this process tells. It must be quick and never
    raise."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def relay(line: Mapping[str, object]) -> None:
    """Hand one line to who listens."""
    for listener in _LISTENERS:
        listener(line)


def emitter(process: str, stream: TextIO | None = None) -> Callable[[str, Mapping[str, object]], None]:
    """A function that writes one event a line: `{"at", "process", "event", ...facts}`. A closed stream or a
    full disk behind it is ignored: a process that does real work must not die because nobody listens."""
    out = stream if stream is not None else sys.stdout

    def say(event: str, facts: Mapping[str, object]) -> None:
        row = {"at": datetime.now(UTC).isoformat(), "process": process, "event": event, **facts}
        relay(row)
        try:
            out.write(json.dumps(row, default=str) + "\n")
            out.flush()
        except (OSError, ValueError):
            return

    return say
