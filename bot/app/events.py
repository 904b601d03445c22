"""What processes tell people and one another: one JSON object a line."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO


def emitter(process: str, stream: TextIO | None = None) -> Callable[[str, Mapping[str, object]], None]:
    """A function that writes one event a line: `{"at", "process", "event", ...facts}`. A closed stream or a
    full disk behind it is ignored: a process that does real work must not die because nobody listens."""
    out = stream if stream is not None else sys.stdout

    def say(event: str, facts: Mapping[str, object]) -> None:
        row = {"at": datetime.now(UTC).isoformat(), "process": process, "event": event, **facts}
        try:
            out.write(json.dumps(row, default=str) + "\n")
            out.flush()
        except (OSError, ValueError):
            return

    return say
