"""Reads typed settings from the environment: every error at once, and cheap where nothing is set."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from bot.core.errors import Misconfigured

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound="DataclassInstance")


class Secret(str):
    """A text that never shows itself: not in a log, an error or a listing. `reveal` gives it to its client."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(set)" if self else "Secret(unset)"

    def __str__(self) -> str:
        return "set" if self else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def reveal(self) -> str:
        """The text itself."""
        return str.__str__(self)


def note(what: str, **bounds: int) -> dict[str, Any]:
    """Metadata of a field: what it does, and pydantic's bounds."""
    return {"what": what, "bounds": bounds}


def text(what: str, default: str = "") -> Any:
    """A field that is a text."""
    return field(default=default, metadata=note(what))


def secret(what: str) -> Any:
    """A field that is a secret."""
    return field(default=Secret(), metadata=note(what))


_SHOULD = re.compile(r"^\w+ should ")
"""How pydantic begins its sentences: `Input should`, `String should`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for a person: environment name, value, where it came from, what it does."""

    name: str
    value: str
    origin: str
    what: str


def names(kind: "type[DataclassInstance]") -> tuple[str, ...]:
    """The variables that these settings are read from."""
    return tuple(one.name.upper() for one in fields(kind))


def read(kind: "type[T]", environment: Mapping[str, str] | None = None) -> "T":
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    found = given(kind, environment)
    return _checked(kind, found) if found else kind()


def given(kind: "type[DataclassInstance]", environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is set, by field, names in any case; an empty value counts as not set."""
    environment = os.environ if environment is None else environment
    upper = {name.upper(): value.strip() for name, value in environment.items()}
    return {name.lower(): upper[name] for name in names(kind) if upper.get(name)}


def shown(kind: "type[DataclassInstance]", environment: Mapping[str, str] | None = None) -> list[Shown]:
    """Every setting in order, for a person. Raises Misconfigured as `read` does."""
    settings, found = read(kind, environment), given(kind, environment)
    rows = []
    for one in fields(kind):
        value = getattr(settings, one.name)
        origin = "environment" if one.name in found else "default"
        rows.append(Shown(one.name.upper(), "" if value is None else str(value), origin, one.metadata["what"]))
    return rows


def _checked(kind: "type[T]", found: Mapping[str, str]) -> "T":
    """Checked by pydantic, whose import takes longer than all the rest of the settings: only when there is a need."""
    from pydantic import Field, ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    hints = get_type_hints(kind)
    columns: dict[str, Any] = {
        one.name: (
            str if hints[one.name] is Secret else hints[one.name],
            Field(one.default, **one.metadata["bounds"]),
        )
        for one in fields(kind)
    }
    model: Any = create_model("Environment", __base__=BaseSettings, **columns)
    try:
        values = model(**found).model_dump()
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from None
    # Secrets get their cover back: pydantic knows them as texts.
    hidden = {one.name for one in fields(kind) if isinstance(one.default, Secret)}
    return kind(**{name: Secret(value) if name in hidden else value for name, value in values.items()})


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name and rule, without the value: it could be a secret that was put in the wrong place."""
    rule = _SHOULD.sub("", str(problem["msg"])).split(", unable")[0]
    return f"{str(problem['loc'][0]).upper()} should {rule}; correct it or unset it"
