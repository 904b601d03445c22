"""Calls one function and its mutants on the same inputs, and says what the original gives and where they differ."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from . import mutants
from .literal import Unreadable, literal

SECONDS = 0.25
"""Processor time of one call."""


class Late(BaseException):
    """A call took too long."""


def main() -> int:
    """Read the job from standard input, write the answer to what was standard output."""
    job = json.loads(sys.stdin.buffer.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(null, target)
    sys.path[:0] = job["roots"]
    answer: dict[str, Any] = {"original": [], "mutants": {}}
    try:
        module = importlib.import_module(job["module"])
    except BaseException as error:  # noqa: BLE001  (a module that cannot be loaded is an answer)
        answer["broken"] = repr(error)[:300]
    else:
        first, second = _all(module, job["calls"]), _all(module, job["calls"])
        answer["original"] = [one if one == other else None for one, other in zip(first, second, strict=True)]

        def attempt(mutant: dict[str, Any]) -> dict[str, Any]:
            pairs = mutants.live_patches(mutant)
            if not pairs or not mutants.patch(pairs):
                return {"differs": []}
            seen = _all(module, job["calls"])
            rows = zip(answer["original"], seen, strict=True)
            return {"differs": [n for n, (old, new) in enumerate(rows) if old is not None and new != old]}

        def keep(record: dict[str, Any]) -> None:
            if record["e"] == "mutant":
                answer["mutants"][record["id"]] = record.get("differs", [])

        mutants.each([dict(m, seconds=20.0) for m in job["mutants"]], attempt, keep)
    out.write(json.dumps(answer) + "\n")
    out.flush()
    os._exit(0)


def _all(module: Any, calls: list[str]) -> list[dict[str, Any] | None]:
    """What each call gives: a source, or the exception's type; None for what has neither."""
    late = 0
    found: list[dict[str, Any] | None] = []
    for call in calls:
        seen = _one(module, call) if late < 5 else None
        late += bool(seen and seen.get("late"))
        found.append(seen)
    return found


def _one(module: Any, call: str) -> dict[str, Any] | None:
    try:
        with _limited():
            value = eval(call, dict(vars(module)))  # noqa: S307  (our own text, in the sandbox)
    except Late:
        return {"late": True}
    except Exception as error:  # noqa: BLE001  (any exception is an outcome)
        return _raised(error)
    except BaseException:  # noqa: BLE001  (exits and interrupts: nothing to assert)
        return None
    try:
        source, needs = literal(value)
    except Unreadable:
        return None
    return {"source": source, "needs": needs, "type": type(value).__name__}


def _raised(error: Exception) -> dict[str, Any] | None:
    """Only what the code raises on purpose: a slip of the input (TypeError and the like) says nothing."""
    kind = type(error)
    if kind in (TypeError, AttributeError, NameError, RecursionError, MemoryError, AssertionError):
        return None
    module = sys.modules.get(kind.__module__)
    if getattr(module, kind.__name__, None) is not kind:
        return None
    return {
        "raises": kind.__name__,
        "needs": [] if kind.__module__ == "builtins" else [(kind.__module__, kind.__name__)],
    }


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def ring(_signal: int, _frame: Any) -> None:
        raise Late

    signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
