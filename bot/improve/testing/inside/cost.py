"""What running something cost this process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time

ENOUGH = 5.0
"""Processor seconds after which nothing is run once more only to be measured."""


def cpu_seconds() -> float:
    """Processor seconds of this process so far, all threads, and of its children that have ended and been reaped."""
    children = getrusage(RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def again(passes: int) -> Iterator[None]:
    """Once for each pass before the last one, or until ENOUGH is spent.

    Garbage is collected between the passes and not in them: on which test it falls depends on what all others allocate.
    """
    began = cpu_seconds()
    for _ in range(passes - 1):
        if cpu_seconds() - began > ENOUGH:
            return
        yield
        gc.collect()
        gc.disable()
