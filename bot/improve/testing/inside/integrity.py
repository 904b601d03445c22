"""Notices when somebody replaces a part of the test machinery while tests run."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

MACHINERY = ("_pytest", "pluggy", "unittest", "coverage", "asyncio.runners")
AT_EVERY_TEST = ("_pytest.python", "_pytest.runner", "_pytest.reports", "_pytest.skipping", "unittest.case", "pluggy.")
Part = tuple[int, int]
_known: dict[str, dict[str, Part]] = {}


def remember() -> None:
    """Take down the machinery as it is before anything of the checkout is loaded."""
    for name, module in list(sys.modules.items()):
        if name.startswith(MACHINERY) and isinstance(module, ModuleType):
            _known[name] = dict(_parts(module))


def replaced(*, everything: bool) -> list[str]:
    """Names of functions that are not what they were; a quick look takes the modules that decide outcomes."""
    found = []
    for name, parts in _known.items():
        module = sys.modules.get(name)
        if module is None or not (everything or name.startswith(AT_EVERY_TEST)):
            continue
        now = _parts(module)
        found += [f"{name}.{part}" for part, was in parts.items() if now.get(part) != was]
    return sorted(found)


def _parts(module: ModuleType) -> dict[str, Part]:
    """Functions of a module and of its classes: their identity, and that of their code."""
    found: dict[str, Part] = {}
    for name, value in list(vars(module).items()):
        _add(found, name, value)
        if isinstance(value, type) and value.__module__ == module.__name__:
            for inner, member in list(vars(value).items()):
                _add(found, f"{name}.{inner}", member)
    return found


def _add(found: dict[str, Part], name: str, value: Any) -> None:
    function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    if isinstance(function, FunctionType):
        code: CodeType = function.__code__
        found[name] = (id(value), id(code))
