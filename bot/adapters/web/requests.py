"""What comes in over HTTP, checked before anything else sees it."""

import json
import re
from typing import Any, get_args

from bot.core.chat import Command, Message, Press, Voice
from bot.core.ids import ChannelId, UserId

BODY = 32 * 1024
"""Bytes of a request body."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@#-]{0,63}")
_WORDS = re.compile(r"[a-z0-9_-]{1,32}(?: [a-z0-9_-]{1,32}){0,2}")
_ANSWER = re.compile(r"[0-9a-zA-Z-]{1,64}")


class Bad(Exception):  # noqa: N818  (reads as a word of the domain)
    """A request that cannot be used; its text is one sentence for the caller."""


def body_of(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises Bad."""
    try:
        data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError) as error:
        raise Bad("The body must be JSON in UTF-8.") from error
    except RecursionError as error:
        raise Bad("The body is nested too deeply.") from error
    if not isinstance(data, dict):
        raise Bad('The body must be a JSON object, such as {"user": "ann", "channel": "general", "text": "hello"}.')
    return data


def message_of(data: dict[str, Any]) -> Message:
    """A message. Raises Bad naming the first key that does not fit."""
    name = data.get("name", "")
    if not isinstance(name, str):
        raise Bad("'name' must be a text.")
    text = _text(data, "text")
    return Message(UserId(identifier(data, "user")), ChannelId(identifier(data, "channel")), text, name[:200])


def command_of(data: dict[str, Any]) -> Command:
    """A command: its words and its arguments. Raises Bad naming the first key that does not fit."""
    arguments = data.get("arguments", {})
    plain = isinstance(arguments, dict) and all(
        isinstance(value, str | int | float | bool) or value is None for value in arguments.values()
    )
    if not plain:
        raise Bad("'arguments' must be an object of texts, numbers and true or false.")
    name = _text(data, "command").strip()
    if not _WORDS.fullmatch(name):
        raise Bad("'command' must be one to three words, such as 'memory show'.")
    user, channel = UserId(identifier(data, "user")), ChannelId(identifier(data, "channel"))
    return Command(name, dict(arguments), user, channel, member=str(data.get("name", ""))[:200])


def press_of(data: dict[str, Any]) -> Press:
    """A pressed button. Raises Bad naming the first key that does not fit."""
    button = _text(data, "button")
    if not 1 <= len(button) <= 100:
        raise Bad("'button' must be the id of a button, 1 to 100 characters.")
    text = data.get("text", "")
    if not isinstance(text, str):
        raise Bad("'text' must be a text.")
    user, channel = UserId(identifier(data, "user")), ChannelId(identifier(data, "channel"))
    return Press(button, user, channel, name=str(data.get("name", ""))[:200], text=text)


def feedback_of(data: dict[str, Any]) -> tuple[str, UserId, Voice]:
    """Feedback: answer, member, voice. Raises Bad naming the first key that does not fit."""
    answer, value = _text(data, "id"), _text(data, "value")
    if not _ANSWER.fullmatch(answer):
        raise Bad("'id' must be the id of an answer.")
    for voice in get_args(Voice):
        if value == voice:
            return answer, UserId(identifier(data, "user")), voice
    raise Bad(f"'value' must be one of {', '.join(get_args(Voice))}.")


def identifier(data: dict[str, Any], key: str) -> str:
    """A member's or channel's id: letters, digits and _.:@#-, at most 64. Raises Bad."""
    value = _text(data, key)
    if not _ID.fullmatch(value):
        raise Bad(f"{key!r} must be 1 to 64 letters, digits or _.:@#-, beginning with a letter or digit.")
    return value


def _text(data: dict[str, Any], key: str) -> str:
    if key not in data:
        raise Bad(f"{key!r} is missing.")
    if not isinstance(data[key], str):
        raise Bad(f"{key!r} must be a text.")
    return str(data[key])


def _no_constant(name: str) -> float:
    raise ValueError(name)
