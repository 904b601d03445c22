"""GitHub's own description of its REST API, held against requests: path, verb, query and body."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.servers.github.programs import openapi

ROOT = "urn:github"
Request = tuple[str, str, dict[str, list[str]], Any]


@cache
def specification() -> dict[str, Any]:
    return dict(json.loads(openapi().read_text()))


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Templates, those with the fewest variables first; a ref and a path may hold slashes."""
    found = []
    for template in sorted(specification()["paths"], key=lambda one: one.count("{")):
        wide = re.sub(r"\\\{(ref|path|tree_sha|branch)\\\}", ".+", re.escape(template))
        found.append((re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", wide)), template))
    return found


def problems(request: Request) -> list[str]:
    """What is wrong with a request; empty if GitHub would take it."""
    verb, path, query, body = request
    template = next((name for pattern, name in _paths() if pattern.fullmatch(path)), None)
    operation = specification()["paths"].get(template, {}).get(verb.lower())
    if operation is None:
        return [f"{verb} {path}: there is no such operation"]
    known = {one["name"] for one in map(_resolved, operation.get("parameters", ())) if one["in"] == "query"}
    wrong = [f"{verb} {path}: no parameter {name}" for name in query if name not in known]
    content = _resolved(operation.get("requestBody", {})).get("content", {}).get("application/json")
    if body is None:
        return wrong
    if content is None:
        return [*wrong, f"{verb} {path}: takes no body"]
    return wrong + [
        f"{verb} {path}: {error.json_path}: {error.message[:200]}" for error in _errors(content["schema"], body)
    ]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = specification()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/")]
        part = found
    return part


def _errors(schema: dict[str, Any], body: Any) -> list[Any]:
    closed = _strict(_resolved(schema))
    registry: Registry[Any] = Registry().with_resource(ROOT, Resource.from_contents(specification(), DRAFT4))
    return list(Draft4Validator(closed, registry=registry).iter_errors(body))


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A body with a name that GitHub does not know is a mistake, though the schema would let it pass.

    Only where the object names all of its properties itself.
    """
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if isinstance(value, dict) and key == "properties":
            found[key] = {name: _strict(_resolved(one)) for name, one in value.items()}
        elif isinstance(value, dict):
            found[key] = _strict(_resolved(value))
        elif isinstance(value, list) and key in {"oneOf", "anyOf", "allOf"}:
            found[key] = [_strict(_resolved(one)) for one in value]
        else:
            found[key] = value
    if found.pop("nullable", False) and "type" in found:
        found["type"] = [found["type"], "null"]
    own = "properties" in found and not {"oneOf", "anyOf", "allOf"} & set(found)
    return {**found, "additionalProperties": False} if own and "additionalProperties" not in found else found
