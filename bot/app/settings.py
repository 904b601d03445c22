"""The settings of the bot process, and what all processes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.app import environment
from bot.app.environment import Secret, Shown, note, secret, text
from bot.app.road_settings import RoadSettings

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment may set. Field names are the environment's names in lower case."""

    conversation_memory_size: int | None = field(
        default=None, metadata=note("Lines remembered per channel, 6 to 200; unset: as tuned", ge=6, le=200)
    )
    response_max_length: int = field(
        default=2000, metadata=note("Most characters of one answer, 200 to 4000", ge=200, le=4000)
    )
    rate_limit_enabled: bool = field(default=True, metadata=note("Rate limits per member and channel"))
    multilingual_support: bool = field(default=True, metadata=note("Answer in the member's language, else in English"))
    enable_self_editing: bool = field(
        default=True, metadata=note("Whether the engine proposes changes; off stops new ones, never reverts")
    )
    code_security_checks: bool = field(
        default=True, metadata=note("Off stops new proposals; the check itself is never left out")
    )
    validation_stages: str = field(
        default="", metadata=note("Stages to run beside the charter's: names with commas, or a number of them")
    )
    discord_bot_token: Secret = secret("Token of the Discord bot; unset: no Discord")
    discord_client_id: str = text("Application id, for the invite link")
    discord_guild_id: str = text("Guild where new slash commands appear at once; unset: everywhere")
    discord_command_prefix: str = field(
        default="!", metadata=note("What a command begins with, 1 to 5 characters", min_length=1, max_length=5)
    )
    discord_message_content: bool = field(
        default=True, metadata=note("Whether the Message Content intent may be asked for")
    )
    discord_members: bool = field(
        default=False,
        metadata=note("Whether the Server Members intent may be asked for: it tells who joins, to be welcomed"),
    )
    discord_shard_count: int | None = field(
        default=None, metadata=note("Gateway shards of all processes together; unset: as Discord advises", ge=1)
    )
    discord_shard_ids: str = text("Shards of this process, such as 0,1; unset: all")
    discord_ring: str = text(
        "Ring of this process, where a new version runs beside the old: stable, beta, the path of a file that says "
        "which, or deployer to ask the embedded one; unset: no rings"
    )
    discord_beta_minutes: int = field(
        default=10,
        metadata=note("Minutes that a beta process answers servers with `beta` on only, 0 to 1440", ge=0, le=1440),
    )
    discord_api_base: str = text("Address of the REST API, for proxies and test servers")
    discord_gateway_url: str = text("Address of the gateway, for proxies and test servers")
    database_url: Secret = secret("Address of the database, postgresql://...; unset: a file in the home folder")
    postgres_host: str = text("PostgreSQL server; unset: a file in the home folder")
    postgres_port: int = field(default=5432, metadata=note("Its port", ge=1, le=65535))
    postgres_database: str = text("Its database", "megawatts")
    postgres_user: str = text("Its user", "megawatts")
    postgres_password: Secret = secret("Its password")
    redis_url: Secret = secret("Redis server, redis://...; unset: a cache in the process")
    redis_host: str = text("Redis server; unset: a cache in the process")
    redis_port: int = field(default=6379, metadata=note("Its port", ge=1, le=65535))
    redis_password: Secret = secret("Its password")
    vector_db_type: Literal["embedded", "qdrant"] = field(
        default="embedded", metadata=note("Where vectors are: embedded or qdrant")
    )
    vector_db_endpoint: str = text("Address of the Qdrant server")
    vector_db_api_key: Secret = secret("Its key")
    default_ai_provider: Literal["auto", "openai", "anthropic", "llama", "local", "offline"] = field(
        default="auto", metadata=note("Provider that is asked first: auto, openai, anthropic, llama, local or offline")
    )
    ai_timeout: int = field(
        default=60_000, metadata=note("Milliseconds that a model may take, 1000 to 600000", ge=1000, le=600_000)
    )
    openai_api_key: Secret = secret("OpenAI key; unset: OpenAI is not used")
    openai_base_url: str = text("Address of the OpenAI API")
    openai_model: str = text("Models of OpenAI, the small before the large, with commas", "gpt-5-mini,gpt-5")
    anthropic_api_key: Secret = secret("Anthropic key; unset: Anthropic is not used")
    anthropic_base_url: str = text("Address of the Anthropic API")
    anthropic_model: str = text("Models of Anthropic, the small before the large", "claude-haiku-4-5,claude-sonnet-4-5")
    local_model: str = text(
        "Folder of a model in Transformers' format, in place of the small model where the provider is `local`"
    )
    llama_api_endpoint: str = text("OpenAI-compatible or Ollama endpoint; unset: none is used")
    llama_model: str = text("Models there, the small before the large; unset: the first that it lists")
    llama_api_key: Secret = secret("Its key, if it wants one")
    ai_private_local_only: bool = field(
        default=False, metadata=note("Private messages go to models on own machines only")
    )
    ai_user_daily_usd: float = field(default=0.5, metadata=note("US dollars a day that one member may cost", ge=0))
    ai_guild_daily_usd: float = field(default=5.0, metadata=note("US dollars a day that one guild may cost", ge=0))
    ai_daily_usd: float = field(default=20.0, metadata=note("US dollars a day that all together may cost", ge=0))
    enable_model_author: bool = field(
        default=True,
        metadata=note("Whether a configured model may write changes; off: only authors that follow rules"),
    )
    author_usd: float = field(default=2.0, metadata=note("US dollars that one attempt of it may cost", ge=0, le=100))
    author_daily_usd: float = field(
        default=10.0, metadata=note("US dollars a day that all its attempts may cost", ge=0, le=1000)
    )
    author_minutes: int = field(default=15, metadata=note("Minutes that one attempt may take, 1 to 120", ge=1, le=120))
    author_tokens: int = field(
        default=2_000_000, metadata=note("Tokens of one attempt, read and written", ge=10_000, le=50_000_000)
    )
    author_tool_calls: int = field(default=120, metadata=note("Tool calls of one attempt, 5 to 1000", ge=5, le=1000))
    sentiment_threshold: float = field(
        default=0.5, metadata=note("Strength from which a mood changes the tone, 0 to 1", ge=0, le=1)
    )
    emotion_awareness: bool = field(default=True, metadata=note("Whether the tone follows the member's mood"))
    openai_moderation: bool = field(
        default=False,
        metadata=note("Whether texts are also judged by OpenAI's moderation endpoint; needs OPENAI_API_KEY"),
    )
    content_moderation: bool = field(default=True, metadata=note("Filters on what comes in and goes out"))
    audit_logging: bool = field(default=True, metadata=note("Audit of tools and of what admins do"))
    otel_exporter_otlp_endpoint: str = text("Collector of traces, OTLP over HTTP; unset: none are made")
    otel_exporter_otlp_logs_endpoint: str = text(
        "Where log lines go too, OTLP over HTTP, whole address (Loki: http://loki:3100/otlp/v1/logs); unset: nowhere"
    )
    megawatts_log_level: Level = field(
        default="info", metadata=note("Least level of log lines: debug, info, warning or error")
    )


NAMES = environment.names(Settings)
EVERY_NAME = (*NAMES, *environment.names(RoadSettings))


def load(given_environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    return environment.read(Settings, given_environment)


def given(given_environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the environment sets of them, by name: all that a bot process has to be told.

    What the controller alone may hold (the forge's, the deployer's and the metrics' keys) is not among them.
    """
    return {name.upper(): value for name, value in environment.given(Settings, given_environment).items()}


def without(given_environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no setting is set, the controller's included."""
    hidden = {*EVERY_NAME, *environment.secret_names(Settings), *environment.secret_names(RoadSettings)}
    return {name: value for name, value in given_environment.items() if name.upper() not in hidden}


def shown(given_environment: Mapping[str, str] | None = None) -> list[Shown]:
    """Every setting in order, for `config show`. Raises Misconfigured as `load` does."""
    return [
        *environment.shown(Settings, given_environment),
        *environment.shown(RoadSettings, given_environment),
    ]
