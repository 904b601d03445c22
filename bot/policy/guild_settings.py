"""What one guild may set, and to what: every key with its bounds, so that nobody exceeds the house's limits."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId
from bot.core.text import one_line, plain

_ID = re.compile(r"<?[#@&!]*(\d{1,20})>?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_PREFIX = re.compile(r"[^\s\w/@#<>`\\][^\s/@#<>`\\]{0,4}")
_DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_TOOL = re.compile(r"[a-z][a-z0-9_]{1,39}")
_SPLIT = re.compile(r"[,;\n]+")
_DAYS = re.compile(r"(\d{1,6})\s*(days?|d|weeks?|w|months?|years?|y)?", re.IGNORECASE)
_UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
_YES, _NO = frozenset({"yes", "on", "true", "1"}), frozenset({"no", "off", "false", "0"})
_NONE = frozenset({"", "none", "unset", "-", "default"})
MOST_IDS, MOST_WORDS, MOST_DOMAINS, MOST_GRANTS = 50, 200, 100, 60
LONGEST_RETENTION = 365
GRANTS = "grants"


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: what it does, and what it may be. `read` turns what was written into its value or raises
    ValueError."""

    what: str
    allowed: str
    read: Callable[[Any], Any]


def _ids(value: Any) -> frozenset[str]:
    parts = _parts(value, spaces=True)
    found = [_ID.fullmatch(part) for part in parts]
    if len(parts) > MOST_IDS or not all(found):
        raise ValueError
    return frozenset(one[1] for one in found if one)


def _id(value: Any) -> str:
    found = _ids(value)
    if len(found) > 1:
        raise ValueError
    return next(iter(found), "")


def _parts(value: Any, *, spaces: bool = False) -> list[str]:
    """A list as it comes from a program, or written with commas."""
    if isinstance(value, str):
        word = value.strip().casefold()
        split = re.split(r"[,;\s]+", value) if spaces else _SPLIT.split(value)
        return [] if word in _NONE else [part.strip() for part in split if part.strip()]
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        return [str(part).strip() for part in value]
    raise ValueError


def _bool(value: Any) -> bool:
    word = str(value).strip().casefold()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


def _number(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = int(str(value).strip()) if not isinstance(value, bool) and len(str(value)) < 12 else low - 1
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _days(value: Any) -> int:
    found = _DAYS.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    days = int(found[1]) * _UNITS[(found[2] or "d")[0].casefold()] if found else -1
    if not 0 <= days <= LONGEST_RETENTION:
        raise ValueError
    return days


def _matching(form: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        word = str(value).strip()
        if word.casefold() in _NONE:
            return ""
        if not form.fullmatch(word) or plain(word) != word:
            raise ValueError
        return word

    return read


def _links(value: Any) -> str:
    word = str(value).strip().casefold()
    if word not in {"any", "listed", "none"}:
        raise ValueError
    return word


def _words(value: Any) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(one_line(part, 60) for part in _parts(value)))
    if len(words) > MOST_WORDS or not all(2 <= len(word) <= 50 for word in words):
        raise ValueError
    return words


def _domains(value: Any) -> frozenset[str]:
    domains = frozenset(part.casefold().removeprefix("www.") for part in _parts(value, spaces=True))
    if len(domains) > MOST_DOMAINS or not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise ValueError
    return domains


def _text(value: Any) -> str:
    text = plain(str(value)).strip()
    if len(text) > 500:
        raise ValueError
    return "" if text.casefold() in _NONE else text


def _grants(value: Any) -> Mapping[str, frozenset[str]]:
    if not isinstance(value, Mapping) or len(value) > MOST_GRANTS or not all(map(_TOOL.fullmatch, value)):
        raise ValueError
    return {tool: roles for tool, some in sorted(value.items()) if (roles := _ids(some))}


_CHANNEL = "one channel, such as #general or its number, or none"
_MANY = f"at most {MOST_IDS} of them, by mention or number, or none"
KEYS: Mapping[str, Key] = {
    "language": Key(
        "Language of answers here; none: each member's own", "such as en, de or pt-BR", _matching(_LANGUAGE)
    ),
    "prefix": Key("What commands begin with", "1 to 5 signs that begin with no letter or digit", _matching(_PREFIX)),
    "listens": Key("Channels where I answer without being mentioned", f"channels, {_MANY}", _ids),
    "ignores": Key("Channels where I neither answer nor remember", f"channels, {_MANY}", _ids),
    "vote_channel": Key("Where proposals are announced and voted on", _CHANNEL, _id),
    "log_channel": Key("Where admins read what I did", _CHANNEL, _id),
    "welcome_channel": Key("Where new members are welcomed", _CHANNEL, _id),
    "welcome_text": Key("Welcome, with {name} and {server}", "at most 500 characters, or none", _text),
    "retention_days": Key(
        "Days that lines of conversation are kept", f"0 to {LONGEST_RETENTION} days, such as 30 or 2 weeks", _days
    ),
    "memory": Key("Whether members may let me remember facts of them", "on or off", _bool),
    "vote_roles": Key("Roles that may vote here, beside the charter's rules", f"roles, {_MANY}", _ids),
    "moderation": Key("Filters on what is said to me and by me", "on or off", _bool),
    "words": Key("Words not to be said here", f"at most {MOST_WORDS}, of 2 to 50 letters, with commas", _words),
    "links": Key("Links that members may post", "any, listed or none", _links),
    "domains": Key(
        "Domains that may be linked where links are listed", f"at most {MOST_DOMAINS}, such as example.org", _domains
    ),
    "invites": Key("Whether members may post invites to other servers", "on or off", _bool),
    "per_user": Key("Messages a minute that a member may send me", "1 to 60", _number(1, 60)),
    "per_guild": Key("Messages a minute of the whole server", "10 to 3000", _number(10, 3000)),
    "insights": Key("Whether I count what members come for: how many, never who", "on or off", _bool),
    "paused": Key("Why I am stopped on this server; none: I am not", "at most 500 characters, or none", _text),
    "beta": Key("Whether a new version of me answers here first, before it does elsewhere", "on or off", _bool),
    GRANTS: Key("Tools kept to roles: grants.TOOL is a list of roles", f"roles, {_MANY}", _grants),
}


def change(current: GuildSettings, changes: Mapping[str, Any]) -> GuildSettings:
    """The settings with these changes. Raises Misconfigured naming key, value and what is allowed; `version` stays."""
    if not changes:
        raise Misconfigured("nothing to change: name a key and its value")
    merged: dict[str, Any] = {}
    for name, value in changes.items():
        key, _, tool = str(name).partition(".")
        if key not in KEYS or (tool and key != GRANTS):
            raise Misconfigured(f"there is no setting {one_line(str(name), 40)!r}: use one of {', '.join(KEYS)}")
        if tool:
            value = {**merged.get(GRANTS, current.grants), tool: value}  # noqa: PLW2901  (one tool among the others)
        merged[key] = _read(key, value, str(name))
    return _consistent(replace(current, **merged))


def _read(key: str, value: Any, name: str) -> Any:
    try:
        return KEYS[key].read(value)
    except (ValueError, TypeError):
        said = one_line(str(list(value.values())[-1] if isinstance(value, Mapping) and value else value), 60)
        allowed = f"{name} cannot be {said!r}: it takes {KEYS[key].allowed}"
        raise Misconfigured(allowed) from None


def _consistent(settings: GuildSettings) -> GuildSettings:
    """Choices that contradict each other. Raises Misconfigured."""
    if both := settings.listens & settings.ignores:
        raise Misconfigured(f"channel {min(both)} is in listens and in ignores: take it out of one of them")
    if settings.per_user > settings.per_guild:
        raise Misconfigured(f"per_user {settings.per_user} is more than per_guild {settings.per_guild}: lower it")
    if settings.vote_channel and settings.vote_channel in settings.ignores:
        raise Misconfigured("the vote_channel is among ignores: nobody could ask me there; choose another")
    return settings


def show(settings: GuildSettings, key: str) -> str:
    """One value as it is written in `change`; an empty one as `none`."""
    value = getattr(settings, key)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return "; ".join(f"{tool}: {', '.join(sorted(roles))}" for tool, roles in value.items()) or "none"
    if isinstance(value, frozenset | tuple):
        return ", ".join(sorted(value)) or "none"
    return str(value) or "none"


def differences(old: GuildSettings, new: GuildSettings) -> dict[str, str]:
    """Key to `old -> new` of what differs, for the audit log."""
    pairs = {key: (show(old, key), show(new, key)) for key in KEYS}
    return {key: one_line(f"{was} -> {now}", 300) for key, (was, now) in pairs.items() if was != now}


def to_row(settings: GuildSettings) -> dict[str, Any]:
    """As JSON values."""
    row: dict[str, Any] = {}
    for one in fields(GuildSettings):
        value = getattr(settings, one.name)
        if isinstance(value, Mapping):
            row[one.name] = {tool: sorted(roles) for tool, roles in value.items()}
        else:
            row[one.name] = sorted(value) if isinstance(value, frozenset) else value
    return row


def from_row(guild: GuildId, row: Mapping[str, Any]) -> GuildSettings:
    """Settings from a row. A value that holds no longer (an older version wrote it, or it was damaged) falls back to
    its default, and the others stand."""
    settings = GuildSettings(guild)
    for key in KEYS:
        if key in row:
            try:
                settings = _consistent(replace(settings, **{key: KEYS[key].read(row[key])}))
            except (ValueError, TypeError, Misconfigured):
                continue
    return replace(settings, version=int(row.get("version", 0)))
