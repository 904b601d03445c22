"""A case as a plain row and back, so that past decisions can be taken again under another charter."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath, PurePosixPath
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, cast, get_args, get_origin, get_type_hints

from bot.core.case import Case
from bot.core.charter import Charter
from bot.core.verdict import Verdict
from bot.policy.lifecycle import decide

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flip:
    """A past decision that another charter would have taken otherwise. The steps are named as in `core.case`."""

    pull: int
    head: str
    at: datetime
    was: str
    now: str
    because: str


def case_to_row(case: Case) -> dict[str, Any]:
    """A case as JSON data. `row_to_case` is its inverse, but for a verdict's seconds, which are rounded."""
    return {"case": encode(case)}


def row_to_case(row: Mapping[str, Any]) -> Case:
    """The case of a recorded decision. Raises KeyError, TypeError or ValueError on a row of another shape."""
    return decode(Case, row["case"])


def replay(row: Mapping[str, Any], charter: Charter) -> Flip | None:
    """Take a recorded decision again, at the time it was taken. None: the charter comes to the same step."""
    case, at = row_to_case(row), datetime.fromisoformat(row["at"])
    step = decide(case, charter, at)
    if type(step).__name__ == row["step"]:
        return None
    because = getattr(step, "because", "")
    text = because.because if isinstance(because, Verdict) else str(because)
    return Flip(case.proposal.pull, case.proposal.head, at, str(row["step"]), type(step).__name__, text)


def encode(value: object) -> Any:
    """JSON data for the words of the core: dataclasses by field name, sets sorted, times in ISO 8601."""
    if isinstance(value, Verdict):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted((encode(one) for one in value), key=str)
    if isinstance(value, tuple | list):
        return [encode(one) for one in value]
    return _plain(value)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def decode(kind: type[T], data: Any) -> T:
    """Inverse of `encode` for a value of this type. Fields that the data lacks take their defaults."""
    return cast("T", _decode(kind, data))


def _decode(kind: Any, data: Any) -> Any:
    if isinstance(kind, NewType):
        return _decode(kind.__supertype__, data)
    if isinstance(kind, UnionType):
        rest = [one for one in get_args(kind) if one is not NoneType]
        return None if data is None else _decode(rest[0], data)
    if get_origin(kind) in {tuple, frozenset, Mapping}:
        return _collection(kind, data)
    if is_dataclass(kind):
        return Verdict.from_dict(data) if kind is Verdict else _fields(cast("type", kind), data)
    return _scalar(kind, data)


def _collection(kind: Any, data: Any) -> Any:
    items, origin = get_args(kind), get_origin(kind)
    if origin is Mapping:
        return {key: _decode(items[1], value) for key, value in data.items()}
    if origin is tuple and items[-1] is not Ellipsis:
        return tuple(_decode(one, value) for one, value in zip(items, data, strict=True))
    return origin(_decode(items[0], value) for value in data)


def _fields(kind: type, data: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(
        **{field.name: _decode(hints[field.name], data[field.name]) for field in fields(kind) if field.name in data}
    )


def _scalar(kind: Any, data: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(data)
    if kind is timedelta:
        return timedelta(seconds=data)
    if kind is PurePosixPath or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind(data)
    return data
