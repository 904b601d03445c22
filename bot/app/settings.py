"""Settings from the environment: typed, every error at once, and cheap where nothing is set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

from bot.core.errors import Misconfigured

Level = Literal["debug", "info", "warning", "error"]


def _note(what: str, **bounds: int) -> dict[str, Any]:
    return {"what": what, "bounds": bounds}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment may set. Field names are the environment's names in lower case."""

    conversation_memory_size: int | None = field(
        default=None, metadata=_note("Lines remembered per channel, 6 to 200; unset: as tuned", ge=6, le=200)
    )
    response_max_length: int = field(
        default=2000, metadata=_note("Most characters of one answer, 200 to 4000", ge=200, le=4000)
    )
    rate_limit_enabled: bool = field(default=True, metadata=_note("Rate limits per member and channel"))
    multilingual_support: bool = field(default=True, metadata=_note("Answer in the member's language, else in English"))
    enable_self_editing: bool = field(
        default=True, metadata=_note("Whether the engine proposes changes; off stops new ones, never reverts")
    )
    code_security_checks: bool = field(
        default=True, metadata=_note("Off stops new proposals; the check itself is never left out")
    )
    validation_stages: str = field(
        default="", metadata=_note("Stages to run beside the charter's: names with commas, or a number of them")
    )
    megawatts_log_level: Level = field(
        default="info", metadata=_note("Least level of log lines: debug, info, warning or error")
    )


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
    from pydantic import Field, ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    hints = get_type_hints(Settings)
    columns: dict[str, Any] = {
        one.name: (hints[one.name], Field(one.default, **one.metadata["bounds"])) for one in fields(Settings)
    }
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
    rows = []
    for one in fields(Settings):
        value = getattr(settings, one.name)
        origin = "environment" if one.name in given else "default"
        rows.append(Shown(one.name.upper(), "" if value is None else str(value), origin, one.metadata["what"]))
    return rows
