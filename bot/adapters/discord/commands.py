"""Slash commands from tools: their shape for Discord, in every language there is a text for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.adapters.discord.words import Words
from bot.core.errors import Misconfigured
from bot.policy.rendering import shorten
from bot.sdk import ToolSpec

LOCALES = (
    *("bg", "cs", "da", "de", "el", "es-419", "es-ES", "fi", "fr", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt"),
    *("nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-TW"),
)
"""Discord's locales beside English, which is the default. https://discord.com/developers/docs/reference#locales"""
MENUS = ("summarise", "fix", "remember")
"""Commands in the menu of a message; their names are the words `discord.menu.*`."""
_NAME = re.compile(r"[-_'\w]{1,32}")
_MOST, _MOST_OPTIONS, _TEXT = 100, 25, 100
_GROUP, _SUBCOMMAND = 2, 1
_KINDS = {"string": 3, "integer": 4, "boolean": 5, "number": 10}
_FORMS = {"member": 6, "user": 6, "channel": 7, "role": 8}
_GUILD, _DIRECT = 0, 1
Payload = dict[str, Any]


def payloads(specs: Sequence[ToolSpec], words: Words) -> list[Payload]:
    """Every command as Discord takes it. Raises Misconfigured for names or numbers that Discord refuses."""
    roots: dict[str, list[ToolSpec]] = {}
    for spec in sorted((one for one in specs if one.command), key=lambda one: one.command):
        roots.setdefault(spec.command.split()[0], []).append(spec)
    if len(roots) > _MOST:
        raise Misconfigured(f"there are {len(roots)} commands and Discord takes {_MOST}; group some under one word")
    return [_root(name, ones, words) for name, ones in roots.items()] + [_menu(name, words) for name in MENUS]


def _root(name: str, specs: Sequence[ToolSpec], words: Words) -> Payload:
    made = _node([name], specs, words)
    made |= {"type": 1, "contexts": [_GUILD] if all(spec.guild_only for spec in specs) else [_GUILD, _DIRECT]}
    needed = frozenset.intersection(*(spec.permissions for spec in specs))
    if needed:
        made["default_member_permissions"] = str(bits(needed))
    return made


def bits(names: frozenset[str]) -> int:
    """Permissions by name as Discord's number; names that Discord does not have count for nothing."""
    known = {name: True for name in names if name in discord.Permissions.VALID_FLAGS}
    return discord.Permissions(**known).value


def _node(path: list[str], specs: Sequence[ToolSpec], words: Words) -> Payload:
    """A command, or a group of those whose names go on."""
    depth = len(path)
    leaf = next((spec for spec in specs if len(spec.command.split()) == depth), None)
    if leaf is not None and len(specs) == 1:
        return _named(path, leaf.summary, words) | {"options": _options(path, leaf, words)}
    if leaf is not None:
        raise Misconfigured(f"/{leaf.command} is a command and the first word of others; give it a further word")
    if depth > 2:
        raise Misconfigured(f"/{specs[0].command} has too many words; Discord takes three")
    children: dict[str, list[ToolSpec]] = {}
    for spec in specs:
        children.setdefault(spec.command.split()[depth], []).append(spec)
    if len(children) > _MOST_OPTIONS:
        raise Misconfigured(f"/{' '.join(path)} has {len(children)} commands below it; Discord takes {_MOST_OPTIONS}")
    made = _named(path, ", ".join(children), words)
    return made | {"options": [_child([*path, name], ones, words) for name, ones in children.items()]}


def _child(path: list[str], specs: Sequence[ToolSpec], words: Words) -> Payload:
    made = _node(path, specs, words)
    is_leaf = any(len(spec.command.split()) == len(path) for spec in specs)
    return made | {"type": _SUBCOMMAND if is_leaf else _GROUP}


def _named(path: list[str], summary: str, words: Words) -> Payload:
    """Name and description; a name in another language counts only if Discord would take it."""
    if not _NAME.fullmatch(path[-1]) or path[-1] != path[-1].lower():
        raise Misconfigured(f"/{' '.join(path)}: {path[-1]!r} is no name for a command; use small letters and digits")
    key = "command." + ".".join(path)
    made: Payload = {"name": path[-1], "description": shorten(summary, _TEXT)}
    names = _localised(f"{key}.name", words)
    made["name_localizations"] = {at: one for at, one in names.items() if _NAME.fullmatch(one) and one == one.lower()}
    made["description_localizations"] = _localised(f"{key}.description", words)
    return {name: value for name, value in made.items() if value}


def _localised(key: str, words: Words) -> dict[str, str]:
    """The texts of a key by locale, where they are not the English one."""
    plain = words.maybe(key, "en-US")
    found = {locale: shorten(words.maybe(key, locale), _TEXT) for locale in LOCALES}
    return {locale: text for locale, text in found.items() if text and text != plain}


def _options(path: list[str], spec: ToolSpec, words: Words) -> list[Payload]:
    """Parameters in Discord's order: those that must be given come first."""
    shapes: Mapping[str, Any] = spec.parameters["properties"]
    if len(shapes) > _MOST_OPTIONS:
        raise Misconfigured(f"/{spec.command} has {len(shapes)} options; Discord takes {_MOST_OPTIONS}")
    required = frozenset(spec.parameters["required"])
    names = sorted(shapes, key=lambda name: name not in required)
    return [_option(path, name, shapes[name], words, required=name in required) for name in names]


def _option(path: list[str], name: str, shape: Mapping[str, Any], words: Words, *, required: bool) -> Payload:
    kind = _FORMS.get(shape.get("format", ""), _KINDS[shape["type"]])
    made = _named([*path, name], shape.get("description") or name.replace("_", " "), words)
    made |= {"type": kind, "required": required}
    choices = shape.get("enum", ())
    if choices and len(choices) <= _MOST_OPTIONS:
        made["choices"] = [{"name": shorten(one, _TEXT), "value": one} for one in choices]
    elif kind in (3, 4, 10) and (shape.get("complete") or choices):
        made["autocomplete"] = True
    bounds = {"minLength": "min_length", "maxLength": "max_length", "minimum": "min_value", "maximum": "max_value"}
    made |= {bounds[one]: shape[one] for one in bounds if one in shape and not choices and kind in (3, 4, 10)}
    if "max_length" in made:
        made["max_length"] = min(made["max_length"], 6000)
    return made


def _menu(name: str, words: Words) -> Payload:
    key = f"discord.menu.{name}"
    names = {at: shorten(one, 32) for at, one in _localised(key, words).items()}
    made = {"type": 3, "name": shorten(words(key, "en-US"), 32), "contexts": [_GUILD, _DIRECT]}
    return made | ({"name_localizations": names} if names else {})
