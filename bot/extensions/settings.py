"""What the admins of one server have chosen: shown, set, undone."""

import asyncio
import re
from typing import Annotated

from bot.extensions._rights import MANAGE, lacking, no
from bot.sdk import HERE, Complete, Denied, GuildSettings, Host, Misconfigured, Result, Unavailable, tool
from bot.sdk.settings import KEYS, show

_NEEDS = ("book", "guilds")
NO_BOOK = "Settings are not kept here: there is nobody who would own them."
_CHANNELS = frozenset({"listens", "ignores", "vote_channel", "log_channel", "welcome_channel"})
_ROLES = frozenset({"vote_roles", "grants"})
_ID = re.compile(r"\d{15,20}")
_NAMED = re.compile(r"[#@]?([\w .-]{1,100})")


def _keys(_host: Host, typed: str) -> list[str]:
    return [key for key in KEYS if typed.casefold() in key][:25]


@tool("Show the settings of this server.", "!settings show", command="settings show", needs=_NEEDS, private=True)
def show_settings(host: Host, key: Annotated[str, "one setting", Complete(_keys)] = "") -> Result:
    """All of them, or one with what it may be. Everybody may read them: they say how the bot behaves."""
    if "book" not in host.doors:
        return no(NO_BOOK, "none_here")
    settings = host.book.read(host.caller.guild)
    wanted = key.strip().casefold()
    if wanted and wanted not in KEYS:
        return no(f"There is no setting {wanted[:40]!r}: use one of {', '.join(KEYS)}", "no_key")
    if wanted:
        about = KEYS[wanted]
        text = f"{wanted} is {read_out(settings, wanted)}. {about.what}. It takes {about.allowed}."
        return Result(text, "one", {"key": wanted, "value": read_out(settings, wanted)})
    lines = "\n".join(f"- {name}: {read_out(settings, name)} ({about.what})" for name, about in KEYS.items())
    return Result(f"Settings, version {settings.version}:\n{lines}", facts={"list": lines, "version": settings.version})


@tool(
    "Change a setting of this server (needs Manage Server).",
    "!settings set language de",
    command="settings set",
    needs=_NEEDS,
    mutates=True,
    timeout=5.0,
)
async def change_setting(
    host: Host, key: Annotated[str, "which setting", Complete(_keys)], value: Annotated[str, "its new value"]
) -> Result:
    """Checked, versioned, on record. Channels and roles may be named, mentioned or given by number."""
    if refusal := await may_not(host):
        return no(refusal)
    name = key.strip().casefold()
    try:
        before = host.book.read(host.caller.guild)
        written = await resolved(host, name, value)
        after = await asyncio.to_thread(host.book.change, host.caller.guild, {name: written}, host.caller.user)
    except (Misconfigured, Denied, Unavailable) as error:
        return no(f"{error}.", "invalid")
    return _changed(before, after, name.partition(".")[0])


@tool(
    "Go back to the settings before the last change (needs Manage Server).",
    "!settings undo",
    command="settings undo",
    needs=_NEEDS,
    mutates=True,
)
async def undo_settings(host: Host) -> Result:
    """Asked again, it goes one version further back."""
    if refusal := await may_not(host):
        return no(refusal)
    before = host.book.read(host.caller.guild)
    try:
        after = await asyncio.to_thread(host.book.undo, host.caller.guild, host.caller.user)
    except (Misconfigured, Denied, Unavailable) as error:
        return no(f"{error}.", "nothing")
    changed = [name for name in KEYS if show(before, name) != show(after, name)]
    lines = "; ".join(f"{name} is {read_out(after, name)} again" for name in changed) or "nothing differed"
    return Result(f"Back: {lines}.", facts={"list": lines, "version": after.version})


def read_out(settings: GuildSettings, key: str) -> str:
    """A value as members read it: channels and roles as mentions, for which Discord shows names."""
    kind, text = key.partition(".")[0], show(settings, key)
    if kind not in _CHANNELS | _ROLES:
        return text
    mark = "#" if kind in _CHANNELS else "@&"
    return _ID.sub(lambda found: f"<{mark}{found[0]}>", text)


async def may_not(host: Host) -> str:
    """Why the asking member cannot change settings here; empty if they can."""
    return await lacking(host, MANAGE) if "book" in host.doors else NO_BOOK


async def resolved(host: Host, key: str, value: str) -> str:
    """Names of channels and roles as their numbers; whatever is no name stays for the check to judge."""
    kind = key.partition(".")[0]
    if host.caller.guild == HERE or "guilds" not in host.doors or kind not in _CHANNELS | _ROLES:
        return value
    if kind in _CHANNELS:
        views = await host.guilds.channels(host.caller.guild)
        known = {view.name.casefold(): str(view.id) for view in views}
    else:
        known = {view.name.casefold(): str(view.id) for view in await host.guilds.roles(host.caller.guild)}
    return ",".join(_number(part.strip(), known) for part in value.split(","))


def _number(part: str, known: dict[str, str]) -> str:
    found = _NAMED.fullmatch(part)
    return known.get(found[1].strip().casefold(), part) if found else part


def _changed(before: GuildSettings, after: GuildSettings, key: str) -> Result:
    if before.version == after.version:
        return Result(f"{key} is {read_out(after, key)} already.", "same", {"key": key, "value": read_out(after, key)})
    facts: dict[str, str | int | float] = {"key": key, "was": read_out(before, key), "value": read_out(after, key)}
    text = f"{key} is now {facts['value']}; it was {facts['was']}. !settings undo takes it back."
    return Result(text, "ok", {**facts, "version": after.version})
