"""Arguments checked against a tool's schema, whoever wrote them: a model, a slash command, a member."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.core.text import plain

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_LIMIT = 10**12
_SNOWFLAKE = re.compile(r"[0-9]{15,20}")
_OTHER_NAMES = {
    "type": "kind",
    "colour": "color",
    "category_id": "parent_id",
    "category": "parent_id",
    "member": "user_id",
    "member_id": "user_id",
    "message_content": "content",
    "slowmode_delay": "slowmode",
    "rate_limit_per_user": "slowmode",
}
"""What parameters are called elsewhere."""
_HUMP = re.compile(r"([a-z0-9])([A-Z]+)")


def fit(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Arguments as the schema wants them, words turned into numbers where they can be; and what is wrong, or ''.

    Names may be in camelCase (`userId`), without `_id`, or inside an object `options`.
    """
    properties: Mapping[str, Any] = schema["properties"]
    named, problem = _named(properties, arguments)
    if problem:
        return {}, problem
    fitted: dict[str, Any] = {}
    for name, value in named.items():
        if value is None:
            continue
        fitted[name], problem = _convert(properties[name], value)
        if problem:
            return {}, f"{name} {problem}"
    missing = [name for name in schema["required"] if name not in fitted]
    return fitted, f"{missing[0]} is missing" if missing else ""


def guild_of(arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The guild that the arguments name, or '', and the arguments without it."""
    rest = {name: value for name, value in arguments.items() if _snake(name) != "guild_id"}
    named = [value for name, value in arguments.items() if _snake(name) == "guild_id" and value not in (None, "")]
    return (str(named[0]).strip() if named else ""), rest


def snowflake(text: str) -> str:
    """The id in a text that is one, or ''."""
    found = _SNOWFLAKE.fullmatch(text.strip())
    return found[0] if found else ""


def _named(properties: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Arguments under the names of the schema."""
    named: dict[str, Any] = {}
    for given, value in _spread(properties, arguments).items():
        name = _known(given, properties)
        if not name:
            return {}, f"there is no {given[:40]!r} here; use {', '.join(properties) or 'nothing'}"
        if name in named:
            return {}, f"{name} is given twice; give it once"
        named[name] = value
    return named, ""


def _spread(properties: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An object `options` holds arguments like those beside it."""
    options = arguments.get("options")
    if "options" in properties or options is None:
        return dict(arguments)
    if isinstance(options, str):
        try:
            options = json.loads(options)
        except ValueError:
            return dict(arguments)
    if not isinstance(options, Mapping):
        return dict(arguments)
    rest = {name: value for name, value in arguments.items() if name != "options"}
    return {**{str(name): value for name, value in options.items() if name not in rest}, **rest}


def _known(given: str, properties: Mapping[str, Any]) -> str:
    """The schema's own name for an argument, or ''."""
    snake = _snake(given)
    known = (given, snake, f"{snake}_id", _OTHER_NAMES.get(snake, ""))
    return next((name for name in known if name in properties), "")


def _snake(name: str) -> str:
    return _HUMP.sub(r"\1_\2", name).lower()


def _convert(shape: Mapping[str, Any], value: Any) -> tuple[Any, str]:
    """One value in its type, or why it does not fit."""
    if "enum" in shape:
        word = str(value).casefold()
        return word, "" if word in shape["enum"] else f"must be one of {', '.join(shape['enum'])}"
    kind = shape["type"]
    if kind == "string":
        return _text(shape, value)
    if kind == "boolean":
        word = str(value).casefold()
        return word in _TRUE, "" if word in _TRUE | _FALSE else "must be yes or no"
    return _number(shape, value)


def _text(shape: Mapping[str, Any], value: Any) -> tuple[str, str]:
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        value = ", ".join(str(one) for one in value)
    if isinstance(value, Mapping | list | tuple | set):
        return "", "must be a text"
    text, least, most = str(value), shape.get("minLength", 0), shape.get("maxLength")
    if most is not None and len(text) > most:
        return "", f"is too long: {len(text):,} characters, and at most {most:,} fit"
    if len(plain(text).strip()) < least:
        return "", f"needs at least {least} visible character{'s' if least > 1 else ''}"
    return text, ""


def _number(shape: Mapping[str, Any], value: Any) -> tuple[float, str]:
    whole = shape["type"] == "integer"
    try:
        number = int(str(value)) if whole else float(str(value))
    except ValueError:
        return 0, "must be a whole number" if whole else "must be a number"
    if not -_LIMIT <= number <= _LIMIT:
        return number, "is too large"
    least, most = shape.get("minimum", -_LIMIT), shape.get("maximum", _LIMIT)
    return number, "" if least <= number <= most else f"must be {least} to {most}"
