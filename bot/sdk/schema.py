"""JSON schema from type hints, and arguments checked against it."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from bot.core.errors import Misconfigured

_NAMES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_LIMIT = 10**12


def schema_of(name: str, body: Callable[..., Any]) -> dict[str, Any]:
    """The schema of a function's parameters after the first. Raises Misconfigured naming tool and parameter."""
    hints = get_type_hints(body, include_extras=True)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in list(inspect.signature(body).parameters.values())[1:]:
        if parameter.name not in hints:
            raise Misconfigured(f"tool {name!r}: parameter {parameter.name!r} has no type hint; add one")
        shape = _shape(name, parameter.name, hints[parameter.name])
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
        elif parameter.default is not None:
            shape["default"] = parameter.default
        properties[parameter.name] = shape
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _shape(tool: str, parameter: str, hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *notes = get_args(hint)
        return {**_shape(tool, parameter, inner), "description": str(notes[0])}
    if origin is Literal:
        return {"type": "string", "enum": [str(choice) for choice in get_args(hint)]}
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(inner) == 1:
            return _shape(tool, parameter, inner[0])
    if hint in _NAMES:
        return {"type": _NAMES[hint]}
    known = "str, int, float, bool, Literal or X | None"
    raise Misconfigured(f"tool {tool!r}: parameter {parameter!r} has a type without a JSON form ({hint}); use {known}")


def fit(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Arguments as the schema wants them, words turned into numbers where they can be; and what is wrong, or ''."""
    properties: Mapping[str, Any] = schema["properties"]
    unknown = sorted(set(arguments) - set(properties))
    if unknown:
        return {}, f"there is no {unknown[0]!r} here; use {', '.join(properties) or 'nothing'}"
    fitted: dict[str, Any] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        fitted[name], problem = _convert(properties[name], value)
        if problem:
            return {}, f"{name} {problem}"
    missing = [name for name in schema["required"] if name not in fitted]
    return fitted, f"{missing[0]} is missing" if missing else ""


def _convert(shape: Mapping[str, Any], value: Any) -> tuple[Any, str]:
    """One value in its type, or why it does not fit."""
    if "enum" in shape:
        word = str(value).casefold()
        return word, "" if word in shape["enum"] else f"must be one of {', '.join(shape['enum'])}"
    kind = shape["type"]
    if kind == "string":
        return str(value), ""
    if kind == "boolean":
        word = str(value).casefold()
        return word in _TRUE, "" if word in _TRUE | _FALSE else "must be yes or no"
    return _number(kind, value)


def _number(kind: str, value: Any) -> tuple[float, str]:
    try:
        number = int(str(value)) if kind == "integer" else float(str(value))
    except ValueError:
        return 0, "must be a whole number" if kind == "integer" else "must be a number"
    return number, "" if -_LIMIT <= number <= _LIMIT else "is too large"
