"""Settings from the environment: typed, every error at once, and cheap where nothing is set."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

from bot.core.errors import Misconfigured

Level = Literal["debug", "info", "warning", "error"]


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


def _note(what: str, **bounds: int) -> dict[str, Any]:
    return {"what": what, "bounds": bounds}


def _text(what: str, default: str = "") -> Any:
    return field(default=default, metadata=_note(what))


def _secret(what: str) -> Any:
    return field(default=Secret(), metadata=_note(what))


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
    discord_bot_token: Secret = _secret("Token of the Discord bot; unset: no Discord")
    discord_client_id: str = _text("Application id, for the invite link")
    discord_guild_id: str = _text("Guild where new slash commands appear at once; unset: everywhere")
    discord_command_prefix: str = field(
        default="!", metadata=_note("What a command begins with, 1 to 5 characters", min_length=1, max_length=5)
    )
    discord_message_content: bool = field(
        default=True, metadata=_note("Whether the Message Content intent may be asked for")
    )
    discord_members: bool = field(
        default=False,
        metadata=_note("Whether the Server Members intent may be asked for: it tells who joins, to be welcomed"),
    )
    discord_shard_count: int | None = field(
        default=None, metadata=_note("Gateway shards of all processes together; unset: as Discord advises", ge=1)
    )
    discord_shard_ids: str = _text("Shards of this process, such as 0,1; unset: all")
    discord_api_base: str = _text("Address of the REST API, for proxies and test servers")
    discord_gateway_url: str = _text("Address of the gateway, for proxies and test servers")
    database_url: Secret = _secret("Address of the database, postgresql://...; unset: a file in the home folder")
    postgres_host: str = _text("PostgreSQL server; unset: a file in the home folder")
    postgres_port: int = field(default=5432, metadata=_note("Its port", ge=1, le=65535))
    postgres_database: str = _text("Its database", "megawatts")
    postgres_user: str = _text("Its user", "megawatts")
    postgres_password: Secret = _secret("Its password")
    redis_url: Secret = _secret("Redis server, redis://...; unset: a cache in the process")
    redis_host: str = _text("Redis server; unset: a cache in the process")
    redis_port: int = field(default=6379, metadata=_note("Its port", ge=1, le=65535))
    redis_password: Secret = _secret("Its password")
    vector_db_type: Literal["embedded", "qdrant"] = field(
        default="embedded", metadata=_note("Where vectors are: embedded or qdrant")
    )
    vector_db_endpoint: str = _text("Address of the Qdrant server")
    vector_db_api_key: Secret = _secret("Its key")
    default_ai_provider: Literal["auto", "openai", "anthropic", "llama", "local", "offline"] = field(
        default="auto", metadata=_note("Provider that is asked first: auto, openai, anthropic, llama, local or offline")
    )
    ai_timeout: int = field(
        default=60_000, metadata=_note("Milliseconds that a model may take, 1000 to 600000", ge=1000, le=600_000)
    )
    openai_api_key: Secret = _secret("OpenAI key; unset: OpenAI is not used")
    openai_base_url: str = _text("Address of the OpenAI API")
    openai_model: str = _text("Models of OpenAI, the small before the large, with commas", "gpt-5-mini,gpt-5")
    anthropic_api_key: Secret = _secret("Anthropic key; unset: Anthropic is not used")
    anthropic_base_url: str = _text("Address of the Anthropic API")
    anthropic_model: str = _text(
        "Models of Anthropic, the small before the large", "claude-haiku-4-5,claude-sonnet-4-5"
    )
    llama_api_endpoint: str = _text("OpenAI-compatible or Ollama endpoint; unset: none is used")
    llama_model: str = _text("Models there, the small before the large; unset: the first that it lists")
    llama_api_key: Secret = _secret("Its key, if it wants one")
    ai_private_local_only: bool = field(
        default=False, metadata=_note("Private messages go to models on own machines only")
    )
    ai_user_daily_usd: float = field(default=0.5, metadata=_note("US dollars a day that one member may cost", ge=0))
    ai_guild_daily_usd: float = field(default=5.0, metadata=_note("US dollars a day that one guild may cost", ge=0))
    ai_daily_usd: float = field(default=20.0, metadata=_note("US dollars a day that all together may cost", ge=0))
    enable_model_author: bool = field(
        default=True,
        metadata=_note("Whether a configured model may write changes; off: only authors that follow rules"),
    )
    author_usd: float = field(default=2.0, metadata=_note("US dollars that one attempt of it may cost", ge=0, le=100))
    author_daily_usd: float = field(
        default=10.0, metadata=_note("US dollars a day that all its attempts may cost", ge=0, le=1000)
    )
    author_minutes: int = field(default=15, metadata=_note("Minutes that one attempt may take, 1 to 120", ge=1, le=120))
    author_tokens: int = field(
        default=2_000_000, metadata=_note("Tokens of one attempt, read and written", ge=10_000, le=50_000_000)
    )
    author_tool_calls: int = field(default=120, metadata=_note("Tool calls of one attempt, 5 to 1000", ge=5, le=1000))
    sentiment_threshold: float = field(
        default=0.5, metadata=_note("Strength from which a mood changes the tone, 0 to 1", ge=0, le=1)
    )
    emotion_awareness: bool = field(default=True, metadata=_note("Whether the tone follows the member's mood"))
    openai_moderation: bool = field(
        default=False,
        metadata=_note("Whether texts are also judged by OpenAI's moderation endpoint; needs OPENAI_API_KEY"),
    )
    content_moderation: bool = field(default=True, metadata=_note("Filters on what comes in and goes out"))
    audit_logging: bool = field(default=True, metadata=_note("Audit of tools and of what admins do"))
    megawatts_log_level: Level = field(
        default="info", metadata=_note("Least level of log lines: debug, info, warning or error")
    )


_SHOULD = re.compile(r"^\w+ should ")
"""How pydantic begins its sentences: `Input should`, `String should`."""
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


def given(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the environment sets of them, by name: all that a bot process has to be told."""
    found = _given(os.environ if environment is None else environment)
    return {name.upper(): value for name, value in found.items()}


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which none of them is set."""
    return {name: value for name, value in environment.items() if name.upper() not in NAMES}


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
        one.name: (
            str if hints[one.name] is Secret else hints[one.name],
            Field(one.default, **one.metadata["bounds"]),
        )
        for one in fields(Settings)
    }
    model: Any = create_model("Environment", __base__=BaseSettings, **columns)
    try:
        return Settings(**_wrapped(model(**given).model_dump()))
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from None


def _wrapped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets get their cover back: pydantic knows them as texts."""
    secret = {one.name for one in fields(Settings) if isinstance(one.default, Secret)}
    return {name: Secret(value) if name in secret else value for name, value in values.items()}


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name and rule, without the value: it could be a secret that was put in the wrong place."""
    rule = _SHOULD.sub("", str(problem["msg"])).split(", unable")[0]
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
