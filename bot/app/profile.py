"""What this process tells of itself: generated from the doors that are open and from the settings."""

import os
import platform
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from bot.app.bot_wiring import product_version
from bot.app.models import configured
from bot.app.settings import Settings
from bot.app.stores import database_url, redis_url
from bot.chat import texts
from bot.core.profile import Profile
from bot.core.text import one_line
from bot.policy.symptoms import known
from bot.sdk.host import Doors

_NONE = "not connected"


def profile_of(settings: Settings, doors: Doors, *, revision: str, thinks: bool, data: Path) -> Profile:
    """The profile. `thinks`: whether a model answers what no rule does; `revision`: the commit that runs."""
    return Profile(_facts(settings, doors, revision, data, thinks=thinks), _connections(settings, doors, thinks=thinks))


def _facts(settings: Settings, doors: Doors, revision: str, data: Path, *, thinks: bool) -> Mapping[str, str]:
    rules = "fixed phrases and tools"
    return {
        "version": product_version(),
        "commit": revision[:12] if known(revision) else "a working tree",
        "responder": f"{rules} first, a language model for the rest" if thinks else f"{rules}, no language model",
        "models": "; ".join(_model(settings, name) for name in configured(settings)) if thinks else "none",
        "languages": _languages(settings, data),
        "long-term memory": "on, for members who opt in" if doors.memories is not None else "off",
        "moderation": "on" if settings.content_moderation else "off",
        "runs on": _where(),
    }


def _model(settings: Settings, provider: str) -> str:
    """A provider with its models by name. A folder of this machine is nobody's business."""
    named = {
        "openai": settings.openai_model,
        "anthropic": settings.anthropic_model,
        "llama": settings.llama_model,
        "local": "a folder here" if settings.local_model else "in its wheel",
    }[provider]
    words = ", ".join(Path(word.strip()).name for word in named.split(",") if word.strip())
    return f"{provider} ({one_line(words, 80)})" if words else provider


def _languages(settings: Settings, data: Path) -> str:
    spoken = sorted(file.stem for file in (data / texts.FOLDER.name).glob("*.toml"))
    return ", ".join(spoken) + ("" if settings.multilingual_support else " (English unless a server sets another)")


def _where() -> str:
    """Kind of machine, never which one."""
    pod = ", in Kubernetes" if "KUBERNETES_SERVICE_HOST" in os.environ else ""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}{pod}"


def _connections(settings: Settings, doors: Doors, *, thinks: bool) -> Mapping[str, str]:
    return {
        "Discord": "servers and direct messages" if doors.guilds is not None else _NONE,
        "language models": ", ".join(configured(settings)) if thinks else _NONE,
        "moderation model": "OpenAI" if settings.openai_moderation and settings.content_moderation else _NONE,
        "records": "an SQL database" if database_url(settings) else "a file of this process's home folder",
        "cache and rate limits": "Redis" if redis_url(settings) else "in this process",
        "memory index": _index(settings) if doors.memories is not None else _NONE,
        "traces": "an OpenTelemetry collector" if settings.otel_exporter_otlp_endpoint else _NONE,
        "forge and deployment": "none from here: the controller holds their keys, and this process does not",
    }


def _index(settings: Settings) -> str:
    """As `bot/app/memories.py` opens it."""
    if settings.vector_db_type == "qdrant" or settings.vector_db_endpoint:
        return "a Qdrant server"
    return "Qdrant in a process beside" if find_spec("qdrant_edge") is not None else "by words, no vectors"
