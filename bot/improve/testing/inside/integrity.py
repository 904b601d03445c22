"""Notices when somebody replaces a part of the test machinery while tests run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

MACHINERY = ("_pytest", "pluggy", "unittest", "coverage", "asyncio.runners")
AT_EVERY_TEST = ("_pytest.python", "_pytest.runner", "_pytest.reports", "_pytest.skipping", "unittest.case", "pluggy.")


class Part(NamedTuple):
    """One name of the machinery and what it stood for: the object itself, since a freed address comes again."""

    label: str
    space: Mapping[str, Any]
    key: str
    value: Any
    function: Any
    """The function in the value, if there is one, whose code must stay too."""
    code: Any
    lacking: Any = None
    """What a name that is gone counts as."""


_known: list[Part] = []
_quick: list[Part] = []


def remember() -> None:
    """Take down the machinery as it is before anything of the checkout is loaded."""
    for name, module in list(sys.modules.items()):
        if name.startswith(MACHINERY) and isinstance(module, ModuleType):
            parts = [Part(name, sys.modules, name, module, None, None, module), *_parts(module, name)]
            _known.extend(parts)
            _quick.extend(parts if name.startswith(AT_EVERY_TEST) else ())


def replaced(*, everything: bool) -> list[str]:
    """Names of functions, classes and modules that are not what they were; a quick look takes those that decide
    outcomes. It runs after every test, so it is one loop without a call of ours.
    """
    return sorted(
        label
        for label, space, key, value, function, code, lacking in (_known if everything else _quick)
        if space.get(key, lacking) is not value or (code is not None and function.__code__ is not code)
    )


def _parts(module: ModuleType, name: str) -> Iterator[Part]:
    """Functions of a module and of its classes, and these classes."""
    yield from _functions(vars(module), name)
    for key, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield Part(f"{name}.{key}", vars(module), key, value, None, None)
            yield from _functions(vars(value), f"{name}.{key}")


def _functions(space: Mapping[str, Any], name: str) -> Iterator[Part]:
    for key, value in list(space.items()):
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if isinstance(function, FunctionType):
            yield Part(f"{name}.{key}", space, key, value, function, function.__code__)
