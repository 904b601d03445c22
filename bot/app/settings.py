"""Settings from the environment: typed, every error at once, and cheap where nothing is set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

from annotated_types import Ge, Le
from typing_extensions import Doc

from bot.core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment may set. Field names are the environment's names in lower case."""

    conversation_memory_size: Annotated[
        Annotated[int, Ge(6), Le(200)] | None, Doc("Lines remembered per channel, 6 to 200; unset: as tuned")
    ] = None
    response_max_length: Annotated[int, Ge(200), Le(4000), Doc("Most characters of one answer, 200 to 4000")] = 2000
    rate_limit_enabled: Annotated[bool, Doc("Rate limits per member and channel")] = True
    multilingual_support: Annotated[bool, Doc("Answer in the member's language, else in English")] = True
    megawatts_log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Doc("Least level of log lines: debug, info, warning or error")
    ] = "info"


NAMES = tuple(one.name.upper() for one in fields(Settings))


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for a person: environment name, value, where it came from, what it does."""

    name: str
    value: str
    origin: str
    what: str


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    given = _given(os.environ if environment is None else environment)
    return _checked(given) if given else Settings()


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """What is set, names in any case; an empty value counts as not set."""
    upper = {name.upper(): value.strip() for name, value in environment.items()}
    return {name.lower(): upper[name] for name in NAMES if upper.get(name)}


def _checked(given: Mapping[str, str]) -> Settings:
    """Checked by pydantic, whose import takes longer than all the rest of the settings: only when there is a need."""
    from pydantic import ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    hints = get_type_hints(Settings, include_extras=True)
    columns: dict[str, Any] = {one.name: (hints[one.name], one.default) for one in fields(Settings)}
    model: Any = create_model("Environment", __base__=BaseSettings, **columns)
    try:
        return Settings(**model(**given).model_dump())
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name and rule, without the value: it could be a secret that was put in the wrong place."""
    rule = str(problem["msg"]).removeprefix("Input should ").split(", unable")[0]
    return f"{str(problem['loc'][0]).upper()} should {rule}; correct it or unset it"


def shown(environment: Mapping[str, str] | None = None) -> list[Shown]:
    """Every setting in order, for `config show`. Raises Misconfigured as `load` does."""
    environment = os.environ if environment is None else environment
    settings, given = load(environment), _given(environment)
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for one in fields(Settings):
        value = getattr(settings, one.name)
        what = next(note.documentation for note in hints[one.name].__metadata__ if isinstance(note, Doc))
        origin = "environment" if one.name in given else "default"
        rows.append(Shown(one.name.upper(), "" if value is None else str(value), origin, what))
    return rows
