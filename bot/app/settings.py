"""Settings from the environment: typed, and every error at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.errors import Misconfigured


class Settings(BaseSettings):
    """What the environment may set. Field names are the environment's names in lower case."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", frozen=True)

    conversation_memory_size: Annotated[
        int | None, Field(ge=6, le=200, description="Lines remembered per channel; unset: as tuned")
    ] = None
    response_max_length: Annotated[int, Field(ge=200, le=4000, description="Most characters of one answer")] = 2000
    rate_limit_enabled: Annotated[bool, Field(description="Rate limits per member and channel")] = True
    multilingual_support: Annotated[bool, Field(description="Answer in the member's language, else in English")] = True
    megawatts_log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level of log lines")
    ] = "info"
    megawatts_revision: Annotated[
        str, Field(pattern=r"^([0-9a-f]{7,40}|unknown)$", description="Commit that runs; --revision wins over it")
    ] = "unknown"

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for a person: environment name, value, where it came from, what it does."""

    name: str
    value: str
    origin: str
    what: str


def load() -> Settings:
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name and rule, without the value: it could be a secret that was put in the wrong place."""
    name = str(problem["loc"][0]).upper() if problem["loc"] else "the environment"
    rule = str(problem["msg"]).removeprefix("Input should ").removeprefix("Value error, ")
    return f"{name} should {rule}" if not rule.startswith(("String", "Value")) else f"{name}: {rule}"


def shown(settings: Settings) -> list[Shown]:
    """Every setting in order, for `config show`."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        origin = "environment" if name in settings.model_fields_set else "default"
        rows.append(Shown(name.upper(), "" if value is None else str(value), origin, field.description or ""))
    return rows
