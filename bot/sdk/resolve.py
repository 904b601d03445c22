"""Ids, mentions and names become the members, roles and channels that they mean, as the asker sees them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.guild import ChannelView, MemberView, RoleView
from bot.core.text import one_line, plain
from bot.policy.permission import NO_CHANNEL
from bot.sdk.arguments import snowflake
from bot.sdk.sight import Sight

FORMS = frozenset({"member", "user", "role", "channel"})
_IDS = {"message": "a message's id or link", "id": "an id, a number of 15 to 20 digits"}
_MENTION = {
    "member": re.compile(r"<@!?([0-9]{15,20})>"),
    "user": re.compile(r"<@!?([0-9]{15,20})>"),
    "role": re.compile(r"<@&([0-9]{15,20})>"),
    "channel": re.compile(r"<#([0-9]{15,20})>"),
}
_LINK = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/channels/[0-9]+/[0-9]+/([0-9]{15,20})")
View = MemberView | RoleView | ChannelView


@dataclass(frozen=True, slots=True)
class Resolved:
    """Arguments for the tool, the same as plain values by id, and what could not be found, or ''."""

    values: Mapping[str, Any]
    plain: Mapping[str, Any]
    problem: str = ""


async def resolve(properties: Mapping[str, Any], fitted: Mapping[str, Any], sight: Sight | None) -> Resolved:
    """Replace every argument that names something of a guild. Raises Unavailable or Denied as Discord answers."""
    values, flat = dict(fitted), dict(fitted)
    for name, text in fitted.items():
        form = properties[name].get("format", "")
        if form in _IDS and text:
            found = _LINK.fullmatch(text.strip()) if form == "message" else None
            values[name] = flat[name] = snowflake(found[1] if found else text)
            if not flat[name]:
                # What was given is not repeated: a webhook's address holds its token.
                return Resolved({}, {}, f"{name} must be {_IDS[form]}")
        if form not in FORMS or sight is None:
            continue
        thing, problem = await _find(form, text, sight)
        if problem:
            return Resolved({}, {}, problem)
        values[name] = thing
        flat[name] = thing if isinstance(thing, str) else str(thing.id) if thing else text
    return Resolved(values, flat)


async def _find(form: str, text: str, sight: Sight) -> tuple[View | str | None, str]:
    mentioned = _MENTION[form].fullmatch(text.strip())
    number = mentioned[1] if mentioned else snowflake(text)
    if form == "user":
        return await _user(number, text, sight)
    if number:
        thing = await _by_id(form, number, sight)
        return thing, "" if thing is not None else _nothing(form, text)
    return await _by_name(form, text, sight)


async def _by_id(form: str, number: str, sight: Sight) -> View | None:
    if form == "member":
        return await sight.member(number)
    return await sight.role(number) if form == "role" else await sight.channel(number)


async def _user(number: str, text: str, sight: Sight) -> tuple[str | None, str]:
    if number:
        return number, ""
    found, problem = await _by_name("member", text, sight)
    return (str(found.id) if found else None), problem


async def _by_name(form: str, text: str, sight: Sight) -> tuple[View | None, str]:
    wanted = seen(text)
    if not wanted:
        return None, _nothing(form, text)
    fitting = [one for one in await _all(form, wanted, sight) if seen(one.name) == wanted]
    if len(fitting) > 1:
        return None, f"several {form}s are called {one_line(text, 40)!r}; name the one you mean by its id or a mention"
    return (fitting[0], "") if fitting else (None, _nothing(form, text))


async def _all(form: str, wanted: str, sight: Sight) -> Sequence[View]:
    if form == "member":
        return await sight.members(wanted)
    return await sight.roles() if form == "role" else await sight.channels()


def seen(text: str) -> str:
    """A name as eyes compare it: case, marks in front and characters that cannot be seen do not count."""
    return plain(text).strip().lstrip("@#").strip().casefold()


def _nothing(form: str, text: str) -> str:
    return NO_CHANNEL if form == "channel" else f"there is no {form} {one_line(text, 40)!r} on this server"


async def offered(form: str, typed: str, sight: Sight) -> Sequence[str]:
    """Names that begin as what was typed, for autocomplete."""
    wanted = seen(typed)
    fits: Callable[[View], bool] = lambda one: seen(one.name).startswith(wanted)  # noqa: E731  (typed)
    things = await _all("member" if form == "user" else form, wanted, sight)
    return [one.name for one in things if fits(one)][:25]
