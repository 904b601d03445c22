"""One call from its arguments to its end: checked, asked, put on record, done."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import structlog

from bot.core.chat import HERE
from bot.core.errors import Denied, Unavailable
from bot.core.text import one_line
from bot.core.verdict import Verdict
from bot.sdk import guard
from bot.sdk.called import Call, Called, Mode, no
from bot.sdk.host import Host, House
from bot.sdk.plan import Plan
from bot.sdk.pledges import Pledges, buttons_of
from bot.sdk.resolve import FORMS, resolve
from bot.sdk.sight import Sight
from bot.sdk.tool import Result, ToolSpec
from bot.sdk.trail import record

log = structlog.get_logger()
DISCORD = "Discord"
"""The door's name in what the guild adapter raises as Unavailable."""
_CHANGED = "Meanwhile it would be something else: {} Nothing was done; ask again if you want that."
_AWAY = "I cannot reach my {} at the moment. Please try again later; if it lasts, tell the people who run me."
_STORES = {"records": "storage", "database": "storage", "audit log": "audit log", "vectors": "memory"}
"""Doors that a member may hear of by these names; of others only that something is wrong."""
_BROKEN = "Something went wrong on my side. Please try again later."


@dataclass(frozen=True, slots=True)
class _Begun:
    """A call whose arguments are resolved."""

    call: Call
    host: Host
    values: Mapping[str, Any]
    mode: Mode


class Performer:
    """Carries out calls for one house."""

    def __init__(self, house: House, pledges: Pledges, specs: Sequence[ToolSpec]) -> None:
        self._house, self._pledges, self._specs = house, pledges, specs

    async def perform(self, call: Call, *, dry: bool = False) -> Called:
        """Never raises. What fails is said in words that the member and a model can act on."""
        spec = call.tool.spec
        try:
            async with asyncio.timeout(spec.timeout):
                return await self._perform(call, "dry" if dry else call.mode)
        except TimeoutError:
            return self._late(spec)
        except Denied as error:
            if spec.guild_only:
                return no(str(error))
            return Called(Result(_BROKEN, "error", ok=False), "error", "Denied")
        except Unavailable as error:
            text = _AWAY.format(_STORES[error.door]) if error.door in _STORES else _BROKEN
            if spec.guild_only and error.door == DISCORD:
                text = f"{error}. Please try again {_later(error.retry_after)}."
            return Called(Result(text, "error", ok=False), "error", "Unavailable", retry_after=error.retry_after or 0.0)
        except Exception as error:  # noqa: BLE001  (a broken tool must not break the bot)
            log.error("tool broke", tool=spec.name, error=type(error).__name__)  # noqa: TRY400  (a traceback could hold a text)
            return Called(Result(_BROKEN, "error", ok=False), "error", type(error).__name__)

    async def _perform(self, call: Call, mode: Mode) -> Called:
        spec, caller = call.tool.spec, call.caller
        verdict = await guard.before(self._house, spec, caller)
        if not verdict.passed:
            return await self._denied(call, verdict)
        resolved = await resolve(spec.parameters["properties"], call.arguments, self._sight(spec, call))
        if resolved.problem:
            return no(f"That did not work: {resolved.problem}.", "bad_arguments")
        call = Call(call.tool, resolved.plain, caller, call.by_model, call.digest)
        verdict = await guard.of_reading(self._house, spec, caller, resolved.values)
        if not spec.plans and not verdict.passed:
            return await self._denied(call, verdict)
        begun = _Begun(call, Host(self._house, caller, spec.needs, self._specs), resolved.values, mode)
        return await (self._planned(begun) if spec.plans else self._plain(begun))

    async def _plain(self, begun: _Begun) -> Called:
        """A tool that does its work at once: before it runs, nothing is known but its arguments."""
        call, spec = begun.call, begun.call.tool.spec
        if spec.mutates and begun.mode != "do":
            says = _generic(call)
            if begun.mode == "dry":
                return Called(Result(f"This would happen: {says}", "dry"), "dry", preview=says)
            return await self._ask(call, says, _digest(says), {})
        if spec.mutates:
            await self._record(begun, call.caller.guild or call.caller.user)
        made = await _run(begun)
        if isinstance(made, Plan):
            raise TypeError(f"{spec.name} hands over a plan without saying so in its return type")
        return _ended(made)

    async def _planned(self, begun: _Begun) -> Called:
        call, spec = begun.call, begun.call.tool.spec
        plan = await _run(begun)
        if isinstance(plan, Result):
            return _ended(plan)
        verdict = await guard.of_plan(self._house, spec, call.caller, plan.touch)
        if not verdict.passed:
            return await self._denied(call, verdict)
        if begun.mode == "dry":
            return Called(Result(f"This would happen: {plan.says}", "dry"), "dry", preview=plan.says)
        if begun.mode == "ask":
            return await self._ask(call, plan.says, plan.digest, plan.pins)
        if call.digest and call.digest != plan.digest:
            return no(_CHANGED.format(plan.says))
        return await self._act(begun, plan)

    async def _act(self, begun: _Begun, plan: Plan) -> Called:
        guilds = self._house.doors.guilds
        await self._record(begun, plan.subject, plan.deed.reason if plan.deed else "")
        try:
            outcome = await guilds.act(plan.deed) if plan.deed is not None and guilds is not None else {}
        except (Denied, Unavailable) as error:
            act = f"{begun.call.tool.spec.name} failed"
            await record(self._house.doors.audit, begun.call, act, plan.subject, str(error))
            raise
        made = plan.then(outcome)
        return _ended(await made if inspect.isawaitable(made) else made)

    async def _ask(self, call: Call, says: str, digest: str, pins: Mapping[str, Any]) -> Called:
        """Nothing is done: what will happen is shown, and waits for the asking member's button."""
        spec = call.tool.spec
        arguments = {**call.arguments, **pins}
        number = await asyncio.to_thread(
            self._pledges.add, spec.name, arguments, digest, call.caller, by_model=call.by_model
        )
        buttons = buttons_of(number, danger=spec.destructive)
        if call.by_model:
            text = f"Not done yet. This waits until {call.caller.name or 'the member'} presses a button: {says}"
        else:
            text = f"{says}\nShall I? The buttons work for five minutes."
        facts = {**_given(call), "preview": says}
        return Called(Result(text, "confirm", facts, buttons=buttons), "confirm", preview=says)

    async def _denied(self, call: Call, verdict: Verdict) -> Called:
        await record(
            self._house.doors.audit, call, f"{call.tool.spec.name} denied", str(call.caller.guild), verdict.because
        )
        return no(_sentence(verdict.because), "denied")

    async def _record(self, begun: _Begun, subject: str, reason: str = "") -> None:
        """Before it is done: what cannot be put on record does not happen."""
        await record(self._house.doors.audit, begun.call, begun.call.tool.spec.name, subject, reason)

    def _sight(self, spec: ToolSpec, call: Call) -> Sight | None:
        guilds = self._house.doors.guilds
        formed = any(shape.get("format") in FORMS for shape in spec.parameters["properties"].values())
        if guilds is None or call.caller.guild == HERE or not formed:
            return None
        return Sight(guilds, call.caller.guild, call.caller.user)

    @staticmethod
    def _late(spec: ToolSpec) -> Called:
        text = f"That took longer than {spec.timeout:g} seconds and was ended. Please try again later."
        if spec.mutates:
            text = f"That took longer than {spec.timeout:g} seconds. Look whether it happened before you ask again."
        return Called(Result(text, "timeout", ok=False), "timeout", "TimeoutError")


async def _run(begun: _Begun) -> Result | Plan:
    """A plain function runs in a thread: it may wait for the disk, and the time limit still holds for the member."""
    found = begun.call.tool
    for attempt in range(found.spec.retries + 1):
        try:
            if inspect.iscoroutinefunction(found.body):
                made = found(begun.host, **begun.values)
            else:
                made = await asyncio.to_thread(found, begun.host, **begun.values)
            return await made if inspect.isawaitable(made) else made
        except Unavailable as error:
            if attempt == found.spec.retries:
                raise
            jitter = begun.host.random.uniform(0.5, 1.5)
            await asyncio.sleep((error.retry_after or 0.05 * 2**attempt) * jitter)
    raise AssertionError("unreachable")


def _ended(result: Result) -> Called:
    return Called(result, "ok" if result.ok else "refused")


def _given(call: Call) -> dict[str, str]:
    """Arguments as members read them, with the defaults of those that were not given."""
    shapes = call.tool.spec.parameters["properties"]
    known = {name: shape["default"] for name, shape in shapes.items() if "default" in shape} | dict(call.arguments)
    return {name: one_line(str(value), 80) for name, value in known.items()}


def _generic(call: Call) -> str:
    given = ", ".join(f"{name}: {one_line(str(value), 80)}" for name, value in call.arguments.items())
    return call.tool.spec.summary + (f" ({given})" if given else "")


def _digest(says: str) -> str:
    return sha256(says.encode()).hexdigest()


def _sentence(because: str) -> str:
    return f"{because[:1].upper()}{because[1:]}."


def _later(seconds: float | None) -> str:
    return f"in {seconds:.0f} seconds" if seconds else "later"
