"""Every tool there is, found by itself, and the one way to call it."""

import asyncio
import inspect
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

from bot.core.errors import Misconfigured
from bot.sdk.host import Caller, Host, House
from bot.sdk.schema import fit
from bot.sdk.tool import Result, Tool, ToolSpec

Fate = Literal["ok", "refused", "bad_arguments", "timeout", "error", "unknown"]


def discover(package: ModuleType) -> tuple[Tool, ...]:
    """Every tool in the modules of a package, by name. A new file is found without being listed anywhere."""
    tools: list[Tool] = []
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = import_module(info.name)
        tools += [value for value in vars(module).values() if isinstance(value, Tool)]
    return tuple(sorted(tools, key=lambda one: one.spec.name))


@dataclass(frozen=True, slots=True)
class Called:
    """How a call ended. The result's text can be shown to the member in every case."""

    result: Result
    fate: Fate
    error: str = ""
    """Type of the error, for the log; never its text."""


class Registry:
    """Tools by name."""

    def __init__(self, tools: Iterable[Tool], house: House) -> None:
        """Raises Misconfigured if two tools share a name."""
        self._house = house
        self._tools: dict[str, Tool] = {}
        for one in tools:
            if one.spec.name in self._tools:
                raise Misconfigured(f"two tools are called {one.spec.name!r}; rename one of them")
            self._tools[one.spec.name] = one

    def specs(self) -> Sequence[ToolSpec]:
        """What the bot can do."""
        return tuple(one.spec for one in self._tools.values())

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Called:
        """Run one tool for one member. Never raises: whatever happens comes back with words that say what to do."""
        found = self._tools.get(name)
        if found is None:
            return Called(Result(f"I have no tool called {name}.", ok=False), "unknown")
        fitted, problem = fit(found.spec.parameters, arguments)
        if problem:
            hint = f"That did not work: {problem}. Try: {found.spec.say}"
            return Called(
                Result(hint, "bad_arguments", {"problem": problem, "say": found.spec.say}, ok=False), "bad_arguments"
            )
        host = Host(self._house, caller, found.spec.needs, self.specs())
        try:
            async with asyncio.timeout(found.spec.timeout):
                result = await _run(found, host, fitted)
        except TimeoutError:
            text = f"That took longer than {found.spec.timeout:g} seconds and was ended. Please try again later."
            return Called(Result(text, "timeout", ok=False), "timeout", "TimeoutError")
        except Exception as error:  # noqa: BLE001  (a broken tool must not break the bot)
            text = "Something went wrong on my side. Please try again later."
            return Called(Result(text, "error", ok=False), "error", type(error).__name__)
        return Called(result, "ok" if result.ok else "refused")


async def _run(found: Tool, host: Host, arguments: Mapping[str, Any]) -> Result:
    """A plain function runs in a thread: it may wait for the disk, and the time limit still holds for the member."""
    if inspect.iscoroutinefunction(found.body):
        result = found(host, **arguments)
    else:
        result = await asyncio.to_thread(found, host, **arguments)
    return await result if inspect.isawaitable(result) else result
