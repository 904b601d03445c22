"""What the controller and the process that holds the model's key say to one another: one JSON object a line."""

import json
import math
from collections.abc import Mapping
from typing import Any

from bot.core.model import Prompt, Reply, Said, ToolSchema, Usage

LONGEST = 1_000_000
"""Bytes of one line."""
Shape = Mapping[str, type]
TO_BROKER: Mapping[str, Shape] = {
    "think": {"id": int, "prompt": dict, "tools": list, "usd": float, "seconds": float},
    "result": {"id": int, "call": int, "text": str},
}
FROM_BROKER: Mapping[str, Shape] = {
    "call": {"id": int, "call": int, "name": str, "arguments": dict},
    "spent": {"id": int, "model": str, "input_tokens": int, "output_tokens": int, "cost": float},
    "reply": {
        "id": int,
        "text": str,
        "model": str,
        "input_tokens": int,
        "output_tokens": int,
        "requests": int,
        "cost": float,
        "seconds": float,
        "cut": bool,
    },
    "error": {"id": int, "denied": bool, "because": str},
}
"""Fields and their types by the message's `type`. Every one is needed, and no other is allowed."""


class Broken(ValueError):  # noqa: N818  (reads as a word of the domain)
    """A line that is none of the messages. Its text names the rule, never the content."""


def encode(kind: str, /, **fields: Any) -> bytes:
    """One line. Raises Broken if it is too long."""
    line = json.dumps({"type": kind, **fields}, allow_nan=False).encode() + b"\n"
    if len(line) > LONGEST:
        raise Broken(f"a {kind} of {len(line)} bytes is too long")
    return line


def decode(line: bytes, known: Mapping[str, Shape]) -> dict[str, Any]:
    """The message in a line. Raises Broken for anything that is not exactly one of `known`."""
    if len(line) > LONGEST or not line.endswith(b"\n"):
        raise Broken("a line is too long, or was cut off")
    try:
        row = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Broken("a line is no JSON") from None
    kind = row.pop("type", None) if isinstance(row, dict) else None
    shape = known.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise Broken("a message of no known type")
    if set(row) != set(shape):
        raise Broken(f"a {kind} with other fields than it has")
    wrong = [name for name, of in shape.items() if not _is(row[name], of)]
    if wrong:
        raise Broken(f"{wrong[0]} of a {kind} is of the wrong type")
    return {"type": kind, **row}


def _is(value: object, of: type) -> bool:
    if of is float:
        return type(value) in {int, float} and math.isfinite(float(str(value))) and float(str(value)) >= 0
    if of is int:
        return type(value) is int and 0 <= value < 1 << 53
    return type(value) is of


def _no_number(text: str) -> float:
    raise ValueError(text)


def prompt_to(prompt: Prompt) -> dict[str, Any]:
    """A prompt as JSON."""
    return {
        "system": prompt.system,
        "text": prompt.text,
        "history": [[said.by, said.text, said.name] for said in prompt.history],
        "longest": prompt.longest,
    }


def prompt_from(row: Mapping[str, Any]) -> Prompt:
    """Inverse of `prompt_to`. Raises Broken on another shape."""
    try:
        history = tuple(
            Said("bot" if by == "bot" else "member", str(text), str(name)) for by, text, name in row["history"]
        )
        return Prompt(str(row["system"]), str(row["text"]), history=history, longest=int(row["longest"]))
    except (KeyError, TypeError, ValueError):
        raise Broken("a prompt of another shape") from None


def schema_to(tool: ToolSchema) -> dict[str, Any]:
    """A tool as JSON."""
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


def schema_from(row: object) -> ToolSchema:
    """Inverse of `schema_to`. Raises Broken on another shape."""
    if not isinstance(row, dict) or not isinstance(row.get("parameters"), dict):
        raise Broken("a tool of another shape")
    return ToolSchema(str(row.get("name", "")), str(row.get("description", "")), row["parameters"])


def reply_from(row: Mapping[str, Any], tools: tuple[str, ...]) -> Reply:
    """A reply; the tools are those that were really called."""
    return Reply(row["text"], row["model"], usage_from(row), float(row["seconds"]), tools=tools, cut=row["cut"])


def usage_from(row: Mapping[str, Any]) -> Usage:
    """Figures of a `spent` or a `reply`."""
    return Usage(row["input_tokens"], row["output_tokens"], row.get("requests", 1), float(row["cost"]))
