"""Feature flags: which there are, what holds for me and why, and a switch that works at once."""

import asyncio
from typing import Annotated

from bot.extensions._rights import ADMIN, at_home, lacking, no, signature
from bot.sdk import HERE, Complete, Denied, Host, Result, Unavailable, one_line, tool
from bot.sdk.flags import Flag, Flags, Unit

_NEEDS = ("flags", "guilds")
_NONE = "There are no flags here."


def _names(host: Host, typed: str) -> list[str]:
    declared = host.flags.declared() if "flags" in host.doors else {}
    return [name for name in declared if typed.casefold() in name][:25]


@tool("Show the feature flags, and what holds for you.", "!flags", command="flags", needs=_NEEDS, private=True)
def show_flags(host: Host, flag: Annotated[str, "one flag", Complete(_names)] = "") -> Result:
    """All of them in a line each, or one with why it is so for the asking member. Asking counts for no experiment."""
    if "flags" not in host.doors:
        return no(_NONE, "none_here")
    declared, wanted = host.flags.declared(), flag.strip().casefold()
    if wanted and wanted not in declared:
        return _unknown(wanted, declared)
    unit = Unit(host.caller.user, host.caller.guild)
    if not wanted:
        lines = "\n".join(f"- {_line(host, one, unit)}" for one in declared.values())
        return Result(f"Flags, and what holds for you here:\n{lines}", facts={"list": lines, "count": len(declared)})
    found, decision = declared[wanted], host.flags.explain(wanted, unit)
    trial = " An experiment compares its two sides." if found.experiment else ""
    held = f"{wanted} is {_said(decision.value)} for you here: {decision.because}."
    text = f"{held} {found.what} Family: {found.family}.{trial}"
    facts = {"name": wanted, "value": _said(decision.value), "because": decision.because, "what": found.what}
    return Result(text, "one", facts)


@tool(
    "Switch a feature flag to its safe side at once; on another server than the home one only there (admins).",
    "!flag stop near_hint it confuses people",
    command="flag stop",
    needs=_NEEDS,
    mutates=True,
)
async def stop_flag(
    host: Host, flag: Annotated[str, "which flag", Complete(_names)], reason: Annotated[str, "why"] = ""
) -> Result:
    """No deploy and no vote: every process of the bot heeds it within seconds."""
    wanted, why = flag.strip().casefold(), one_line(reason, 300)
    if refusal := await _may_not(host, wanted, why):
        return refusal
    where = HERE if at_home(host) else host.caller.guild
    try:
        await asyncio.to_thread(host.flags.stop, wanted, where, signature(host), why)
    except (Denied, Unavailable) as error:
        return no(f"{error}.", "refused")
    found = host.flags.declared()[wanted]
    scope = "on this server" if where else "everywhere"
    text = f"{wanted} is {_said(found.value(found.safe))} {scope} from now on: {why}."
    return Result(text, "ok", {"name": wanted, "value": _said(found.value(found.safe)), "scope": scope, "reason": why})


@tool(
    "Take the stop of a feature flag back (admins); never of a safety flag.",
    "!flag lift near_hint people got used to it",
    command="flag lift",
    needs=_NEEDS,
    mutates=True,
)
async def lift_flag(
    host: Host, flag: Annotated[str, "which flag", Complete(_names)], reason: Annotated[str, "why"] = ""
) -> Result:
    """What was declared holds again, where the stop held."""
    wanted, why = flag.strip().casefold(), one_line(reason, 300)
    if refusal := await _may_not(host, wanted, why):
        return refusal
    where = HERE if at_home(host) else host.caller.guild
    try:
        done = await asyncio.to_thread(host.flags.lift, wanted, where, signature(host), why)
    except (Denied, Unavailable) as error:
        return no(f"{error}.", "refused")
    if not done:
        return Result(f"{wanted} is not stopped {'on this server' if where else 'everywhere'}.", "nothing")
    return Result(f"{wanted} is as declared again: {why}.", "ok", {"name": wanted, "reason": why})


async def _may_not(host: Host, name: str, why: str) -> Result | None:
    if "flags" not in host.doors:
        return no(_NONE, "none_here")
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    if name not in host.flags.declared():
        return _unknown(name, host.flags.declared())
    return None if why else no("Say why, for example: !flag stop near_hint it confuses people", "no_reason")


def _unknown(name: str, declared: Flags) -> Result:
    return no(f"There is no flag {one_line(name, 40)!r}: use one of {', '.join(sorted(declared))}", "no_flag")


def _line(host: Host, flag: Flag, unit: Unit) -> str:
    decision = host.flags.explain(flag.name, unit)
    return f"{flag.name}: {_said(decision.value)} ({decision.because})"


def _said(value: bool | float) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:g}"
