"""Discord's own description of its API, to hold every request of a test against.

It knows bodies only: query strings and gateway frames are not in it.
"""

import copy
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

FILE = Path(__file__).parents[4] / "shared" / "data" / "discord-openapi.json.gz"
ABSENT = f"Discord's OpenAPI description is not at {FILE}"

_BITS = ("permissions", "allow", "deny", "default_member_permissions")
_DIGITS = re.compile(r"-?\d+")
_SNOWFLAKES = {"anyOf": [{"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}, {"type": "integer"}]}


class Request(Protocol):
    """One REST request as simcord keeps it."""

    method: str
    path: str
    json: Any


def problems(requests: Sequence[Request]) -> list[str]:
    """What in these requests Discord's description does not allow, one sentence each."""
    return [problem for request in requests for problem in _problems(request)]


@cache
def _document() -> dict[str, Any]:
    document = json.loads(gzip.decompress(FILE.read_bytes()))
    document["components"]["schemas"]["SnowflakeType"] = _SNOWFLAKES
    return dict(document)


@cache
def _validator(reference: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": reference, **_document()})


@cache
def _operation(method: str, path: str) -> str | None:
    """The template of a path that has this method, the most literal one first."""
    segments = path.strip("/").split("/")
    found: list[tuple[int, str]] = []
    for template, operations in _document()["paths"].items():
        parts = template.strip("/").split("/")
        if method.lower() not in operations or len(parts) != len(segments):
            continue
        pairs = list(zip(parts, segments, strict=True))
        if all(part == segment or part.startswith("{") for part, segment in pairs):
            found.append((sum(part == segment for part, segment in pairs), template))
    return max(found)[1] if found else None


def _problems(request: Request) -> Iterator[str]:
    where = f"{request.method} {request.path}"
    template = _operation(request.method, request.path)
    if template is None:
        yield f"{where}: Discord has no such operation"
        return
    method = request.method.lower()
    operation = _document()["paths"][template][method]
    body = operation.get("requestBody", {}).get("content", {})
    if request.json is None:
        if operation.get("requestBody", {}).get("required") and "multipart/form-data" not in body:
            yield f"{where}: a body is required"
        return
    if not body:
        yield f"{where}: takes no body"
        return
    kind = "application/json" if "application/json" in body else next(iter(body))
    pointer = "/".join(
        part.replace("~", "~0").replace("/", "~1")
        for part in ("paths", template, method, "requestBody", "content", kind, "schema")
    )
    for error in _validator("#/" + pointer.replace("{", "%7B").replace("}", "%7D")).iter_errors(
        normal(request.json, edit=method == "patch")
    ):
        yield f"{where}: {error.json_path}: {error.message[:300]}"


def normal(body: Any, *, edit: bool = False) -> Any:
    """The body in the description's spelling: what discord.py writes otherwise and Discord takes all the same."""
    body = copy.deepcopy(body)
    if edit and isinstance(body, dict):
        body.pop("tts", None)
    return _normal(body)


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _field(name, child) for name, child in value.items()}
    return [_normal(child) for child in value] if isinstance(value, list | tuple) else value


def _field(name: str, value: Any) -> Any:
    if name in _BITS and isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if name == "permission_overwrites":
        return [{key: _field(key, child) for key, child in row.items()} for row in value]
    return _normal(value)
