"""Picks the sandbox that works on this host, by trying it."""

import functools
import os
from collections.abc import Callable
from typing import Protocol

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.landlock import Landlock
from bot.adapters.sandbox.probe import probe
from bot.adapters.sandbox.unconfined import Unconfined
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ports import Sandbox

FLAG = "MEGAWATTS_UNSAFE_NO_SANDBOX"


class Boxed(Sandbox, Protocol):
    """A sandbox that says what it cannot hold on this host."""

    notes: tuple[str, ...]


def makers() -> tuple[Callable[[], Boxed], ...]:
    """Best first."""
    return (Bubblewrap, Landlock)


def find(*, allow_none: bool = False) -> Boxed:
    """The best sandbox that really confines a probe here; tried once per process.

    Raises Misconfigured, naming what each one lacks, if none does and neither `allow_none` nor the
    environment variable MEGAWATTS_UNSAFE_NO_SANDBOX=1 says to go on without.
    """
    found, reasons = _tried()
    if found is not None:
        return found
    if allow_none or os.environ.get(FLAG) == "1":
        return Unconfined(reasons)
    raise Misconfigured(
        f"no sandbox works on this host ({'; '.join(reasons)}): untrusted code is not run; "
        f"fix one of these, or set {FLAG}=1 to run it with all of your own rights"
    )


@functools.cache
def _tried() -> tuple[Boxed | None, tuple[str, ...]]:
    reasons = []
    for make in makers():
        try:
            box = make()
        except (Misconfigured, Unavailable) as error:
            reasons.append(str(error))
            continue
        if not (lacking := probe(box)):
            return box, ()
        reasons.append(f"{box.name}: {lacking}")
    return None, tuple(reasons)
