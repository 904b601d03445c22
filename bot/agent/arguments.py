"""Whether a model's tool call fits the tool: name and arguments against its JSON schema, in words for the model."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.agent.wire import Call
from bot.core.model import ToolSchema

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def read(call: Call, tools: Sequence[ToolSchema]) -> tuple[dict[str, Any], str]:
    """The arguments, and what is wrong with the call; empty if nothing is.

    Only what is wrong whatever the tool is: its name, the JSON, missing and unknown names, types and choices. All the
    rest is the tool's own business.
    """
    tool = next((one for one in tools if one.name == call.name), None)
    if tool is None:
        names = ", ".join(sorted(one.name for one in tools)) or "none"
        return {}, f"There is no tool named {call.name[:64]!r}. The tools are: {names}."
    arguments, wrong = _parsed(call.arguments)
    if wrong:
        return {}, f"The arguments of {tool.name} are not a JSON object ({wrong}). Send one that fits its schema."
    problems = list(_problems(arguments, tool.parameters))
    return arguments, f"{tool.name} was not called: {'; '.join(problems[:5])}." if problems else ""


def _parsed(given: str | dict[str, Any] | None) -> tuple[dict[str, Any], str]:
    if isinstance(given, dict):
        return given, ""
    try:
        found = json.loads(given or "{}")
    except ValueError:
        return {}, "it is no JSON"
    return (found, "") if isinstance(found, dict) else ({}, f"it is {type(found).__name__}")


def _problems(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Sequence[str]:
    known = schema.get("properties")
    known = known if isinstance(known, Mapping) else {}
    found = [f"`{name}` is missing" for name in schema.get("required", ()) if name not in arguments]
    if schema.get("additionalProperties") is False:
        found += [f"`{name[:40]}` is not an argument" for name in arguments if name not in known]
    for name, value in arguments.items():
        if name in known and isinstance(known[name], Mapping):
            found += _misfit(name, value, known[name])
    return found


def _misfit(name: str, value: object, schema: Mapping[str, Any]) -> Sequence[str]:
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"`{name}` must be {' or '.join(map(str, kinds))}"]
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        return [f"`{name}` must be one of {', '.join(map(repr, choices))}"]
    return []


def _is(value: object, kind: object) -> bool:
    types = _TYPES.get(str(kind))
    if types is None:
        return True
    if isinstance(value, bool):
        return bool in types
    return isinstance(value, types) or (kind == "integer" and isinstance(value, float) and value.is_integer())
