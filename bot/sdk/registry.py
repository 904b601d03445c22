"""Every tool there is, found by itself, and the one way to call it."""

import asyncio
import inspect
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

from bot.core.chat import HERE
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.ids import MessageId
from bot.sdk.arguments import fit, guild_of
from bot.sdk.called import Call, Called, Fate, no
from bot.sdk.host import Caller, Host, House
from bot.sdk.performer import Performer
from bot.sdk.pledges import Pledges, pledged
from bot.sdk.resolve import FORMS, offered
from bot.sdk.sight import Sight
from bot.sdk.tool import Result, Tool, ToolSpec

__all__ = ["Called", "Fate", "Registry", "discover"]
_OFFERED = 25


def discover(package: ModuleType) -> tuple[Tool, ...]:
    """Every tool in the modules of a package, by name. A new file is found without being listed anywhere."""
    tools: list[Tool] = []
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = import_module(info.name)
        tools += [value for value in vars(module).values() if isinstance(value, Tool)]
    return tuple(sorted(tools, key=lambda one: one.spec.name))


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
        self._pledges = Pledges(house.records, house.clock, house.random)
        self._performer = Performer(house, self._pledges, self.specs())

    def specs(self) -> Sequence[ToolSpec]:
        """What the bot can do."""
        return tuple(one.spec for one in self._tools.values())

    async def call(
        self, name: str, arguments: Mapping[str, Any], caller: Caller, *, by_model: bool = False, dry: bool = False
    ) -> Called:
        """Run one tool for one member. Never raises: whatever happens comes back with words that say what to do.

        `by_model`: a model chose it; what changes something then waits for the member's button. `dry`: say what would
        happen, and do nothing.
        """
        found = self._tools.get(name)
        if found is None:
            return Called(Result(f"I have no tool called {name}.", ok=False), "unknown")
        fitted, problem = _fit(found, arguments, caller)
        if problem:
            hint = f"That did not work: {problem}. Try: {found.spec.say}"
            return Called(
                Result(hint, "bad_arguments", {"problem": problem, "say": found.spec.say}, ok=False), "bad_arguments"
            )
        if found.spec.guild_only and caller.guild == HERE:
            return no("That works on a Discord server only; ask me there.")
        wait = await self._limit(found.spec, caller)
        if wait > 0:
            text = f"That is enough of {name} for the moment; try again in {wait:.0f} seconds."
            return Called(Result(text, "limited", {"seconds": round(wait)}, ok=False), "limited", retry_after=wait)
        return await self._performer.perform(Call(found, fitted, caller, by_model), dry=dry)

    async def press(self, button: str, caller: Caller) -> Called | None:
        """What a pressed button leads to; None if it is not one of these."""
        about = pledged(button)
        if about is None:
            return None
        number, agreed = about
        return await (self.confirm(number, caller) if agreed else self.cancel(number, caller))

    async def confirm(self, number: str, caller: Caller) -> Called:
        """The member agrees to what was shown. Everything is checked again; it is done at most once."""
        pledge, problem = await asyncio.to_thread(self._pledges.take, number, caller)
        if pledge is None:
            return no(problem)
        found = self._tools.get(pledge.tool)
        if found is None:
            return no(f"I have no tool called {pledge.tool} any more.")
        fitted, problem = fit(found.spec.parameters, pledge.arguments)
        if problem:
            return no(f"That no longer works: {problem}. Ask again.", "bad_arguments")
        asking = Caller(
            caller.user, caller.channel, caller.name, caller.language, caller.lines, caller.guild,
            MessageId(pledge.message), caller.audience, caller.locale,
        )  # fmt: skip
        done = await self._performer.perform(Call(found, fitted, asking, pledge.by_model, pledge.digest))
        return replace(done, tool=pledge.tool)

    async def cancel(self, number: str, caller: Caller) -> Called:
        """The member decides against it."""
        pledge, problem = await asyncio.to_thread(self._pledges.take, number, caller)
        if pledge is None:
            return no(problem)
        return Called(Result("Good, nothing was done.", "cancelled"), "cancelled")

    async def complete(self, name: str, argument: str, typed: str, caller: Caller) -> Sequence[str]:
        """At most 25 values for an argument; empty where none are known or something is out of reach."""
        found = self._tools.get(name)
        shape = found.spec.parameters["properties"].get(argument) if found else None
        if found is None or shape is None:
            return ()
        try:
            async with asyncio.timeout(found.spec.timeout):
                return tuple(await self._complete(found, argument, shape.get("format", ""), typed, caller))[:_OFFERED]
        except (MegawattsError, TimeoutError):
            return ()

    async def _complete(self, found: Tool, argument: str, form: str, typed: str, caller: Caller) -> Sequence[str]:
        if argument in found.completers:
            offers = found.completers[argument](Host(self._house, caller, found.spec.needs, self.specs()), typed)
            return await offers if inspect.isawaitable(offers) else offers
        guilds = self._house.doors.guilds
        if form not in FORMS or guilds is None or caller.guild == HERE:
            return ()
        return await offered(form, typed, Sight(guilds, caller.guild, caller.user))

    async def _limit(self, spec: ToolSpec, caller: Caller) -> float:
        limiter = self._house.doors.limiter
        if limiter is None or not spec.per_minute:
            return 0.0
        key = f"tool:{spec.name}:{caller.guild}:{caller.user}"
        return await limiter.take(key, burst=spec.per_minute, per_minute=spec.per_minute)


def _fit(found: Tool, arguments: Mapping[str, Any], caller: Caller) -> tuple[dict[str, Any], str]:
    """Arguments that fit; a guild may be named, but only the one where the member asks."""
    if not found.spec.guild_only or "guild_id" in found.spec.parameters["properties"]:
        return fit(found.spec.parameters, arguments)
    named, rest = guild_of(arguments)
    if named and named != caller.guild:
        return {}, "guild_id names another server, and I act only on the one where you ask"
    return fit(found.spec.parameters, rest)
