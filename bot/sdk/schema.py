"""JSON schema from type hints."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from bot.core.errors import Misconfigured
from bot.core.guild import ChannelView, MemberView, RoleView
from bot.sdk.arguments import fit
from bot.sdk.notes import Complete, Completer, shape_of

__all__ = ["completers_of", "fit", "schema_of"]
_NAMES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_VIEWS: dict[type, str] = {MemberView: "member", RoleView: "role", ChannelView: "channel"}
"""Given as an id, a mention or a name; the tool is handed the view."""


def schema_of(name: str, body: Callable[..., Any]) -> dict[str, Any]:
    """The schema of a function's parameters after the first. Raises Misconfigured naming tool and parameter."""
    hints = get_type_hints(body, include_extras=True)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in _parameters(body):
        if parameter.name not in hints:
            raise Misconfigured(f"tool {name!r}: parameter {parameter.name!r} has no type hint; add one")
        shape = _shape(name, parameter.name, hints[parameter.name])
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
        elif parameter.default is not None:
            shape["default"] = parameter.default
        properties[parameter.name] = shape
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def completers_of(body: Callable[..., Any]) -> Mapping[str, Completer]:
    """What completes each parameter that has a `Complete` note."""
    hints = get_type_hints(body, include_extras=True)
    noted = {one.name: getattr(hints.get(one.name), "__metadata__", ()) for one in _parameters(body)}
    return {name: note.values for name, notes in noted.items() for note in notes if isinstance(note, Complete)}


def _parameters(body: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(body).parameters.values())[1:]


def _shape(tool: str, parameter: str, hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *notes = get_args(hint)
        shape = _shape(tool, parameter, inner)
        for note in notes:
            shape |= shape_of(note)
        return shape
    if origin is Literal:
        return {"type": "string", "enum": [str(choice) for choice in get_args(hint)]}
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(inner) == 1:
            return _shape(tool, parameter, inner[0])
    if hint in _NAMES:
        return {"type": _NAMES[hint]}
    if hint in _VIEWS:
        return {"type": "string", "format": _VIEWS[hint]}
    known = "str, int, float, bool, Literal, a view of a guild or X | None"
    raise Misconfigured(f"tool {tool!r}: parameter {parameter!r} has a type without a JSON form ({hint}); use {known}")
