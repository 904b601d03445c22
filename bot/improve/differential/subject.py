"""The code under test, loaded from a checkout into this process with time, chance and the network held still."""

from __future__ import annotations

import importlib
import random
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

EPOCH = 1_700_000_000.0
SURFACE = "<module>"
"""Stands for what a module defines as data, as if it were a function without parameters."""


class Subject:
    """A module of the checkout. `find` resolves `module:Qualified.Name` in it."""

    def __init__(self, roots: list[str], seed: int) -> None:
        self.roots = roots
        self.seed = seed
        for root in reversed(roots):
            sys.path.insert(0, root)

    def load(self, module: str) -> types.ModuleType:
        """Import a module of the checkout. Raises whatever it raises."""
        return importlib.import_module(module)

    def find(self, path: str) -> Any:
        """The object at `module:Qualified.Name`. Raises ImportError or AttributeError."""
        module, _, name = path.partition(":")
        found: Any = self.load(module)
        if name == SURFACE:
            return lambda: surface(found)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def still(self) -> None:
        """Seed chance anew, so that a call does not depend on the calls before it."""
        random.seed(self.seed)
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed(self.seed)


def surface(module: types.ModuleType) -> dict[str, Any]:
    """Public data of a module, and of the classes that it defines, by name."""
    found: dict[str, Any] = {}
    for name, value in sorted(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            found.update({f"{name}.{n}": v for n, v in _data(vars(value)).items()})
            found[f"{name}'s fields"] = list(vars(value).get("__annotations__", {}))
    return found | _data(vars(module))


def _data(names: Mapping[str, Any]) -> dict[str, Any]:
    kinds = (types.ModuleType, type, property, staticmethod, classmethod)
    return {n: v for n, v in names.items() if not n.startswith("_") and not callable(v) and not isinstance(v, kinds)}


def freeze(seed: int) -> None:
    """Hold still what differs between two runs of the same code: the clock and random names.

    A different `seed` gives another clock, so that a function which reads it shows itself.
    """
    import time  # noqa: PLC0415  (patched here)
    import uuid  # noqa: PLC0415  (patched here)

    tick = [EPOCH + seed * 86_461.5]

    def now() -> float:
        tick[0] += 1e-3
        return tick[0]

    def now_ns() -> int:
        return int(now() * 1e9)

    patched: dict[str, Callable[..., Any]] = {
        "time": now, "time_ns": now_ns, "monotonic": now, "perf_counter": now, "process_time": now,
        "monotonic_ns": now_ns, "perf_counter_ns": now_ns, "sleep": lambda _seconds: None,
    }  # fmt: skip
    for name, stand_in in patched.items():
        setattr(time, name, stand_in)
    names = random.Random(seed)  # noqa: S311  (reproducible names, not secrets)
    uuid.uuid4 = lambda: uuid.UUID(int=names.getrandbits(128), version=4)


def purge() -> None:
    """Forget the probe's own modules, so that a checkout whose package has the same name is imported afresh."""
    for name in [n for n in sys.modules if n == "bot" or n.startswith("bot.")]:
        del sys.modules[name]
    home = str(Path(__file__).parents[3])
    sys.path[:] = [p for p in sys.path if p != home]
