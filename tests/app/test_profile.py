"""The profile is true of the settings and doors it is made of, and tells no secret and no address."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app.bot_wiring import DATA, product_version
from bot.app.environment import Secret
from bot.app.profile import profile_of
from bot.app.settings import Settings, load
from bot.sdk.host import Doors

SHA = "c" * 40
OPEN = Doors(guilds=object(), memories=object())  # type: ignore[arg-type]  # only whether they are there is asked


def told(doors: Doors = OPEN, *, thinks: bool = True, **settings: Any) -> dict[str, str]:
    found = profile_of(replace(load({}), **settings), doors, revision=SHA, thinks=thinks, data=DATA)
    return {**found.facts, **found.connections}


def test_a_bare_process_says_that_it_is_bare() -> None:
    found = told(Doors(), thinks=False)
    assert found["responder"] == "fixed phrases and tools, no language model"
    assert found["version"] == product_version()
    assert found["commit"] == SHA[:12]
    assert found["long-term memory"] == "off"
    assert {name for name, value in found.items() if value == "not connected"} == {
        "Discord", "language models", "moderation model", "memory index", "traces",
    }  # fmt: skip
    assert found["forge and deployment"].startswith("none from here")
    assert {"en", "de", "fr", "es"} <= set(found["languages"].replace(",", " ").split())


def test_what_is_connected_is_named_by_kind() -> None:
    found = told(
        openai_api_key=Secret("sk-1"),
        anthropic_api_key=Secret("sk-2"),
        openai_moderation=True,
        database_url=Secret("postgresql://u:p@db.internal/x"),
        redis_url=Secret("redis://cache.internal"),
        vector_db_endpoint="http://qdrant.internal:6333",
        otel_exporter_otlp_endpoint="http://tempo.internal:4318",
    )
    assert found["language models"] == "openai, anthropic"
    assert found["models"].startswith("openai (")
    assert found["Discord"] == "servers and direct messages"
    assert found["records"] == "an SQL database"
    assert found["cache and rate limits"] == "Redis"
    assert found["memory index"] == "a Qdrant server"
    assert found["traces"] == "an OpenTelemetry collector"
    assert found["moderation model"] == "OpenAI"


def test_without_a_thinker_no_model_is_claimed() -> None:
    found = told(thinks=False, openai_api_key=Secret("sk-1"))
    assert found["models"] == "none"
    assert found["language models"] == "not connected"


def test_no_secret_and_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    honey: dict[str, Any] = {
        name: Secret(f"honey-{name}-secret") for name, value in vars_of(load({})).items() if isinstance(value, Secret)
    }
    places: dict[str, Any] = {
        "llama_api_endpoint": "http://llama.internal:9",
        "openai_base_url": "http://openai.internal",
        "vector_db_endpoint": "http://qdrant.internal",
        "otel_exporter_otlp_endpoint": "http://tempo.internal",
        "postgres_host": "db.internal",
        "redis_host": "cache.internal",
        "local_model": "/srv/internal/model",
        "llama_model": "/srv/internal/llama.gguf",
        "default_ai_provider": "local",
        "openai_moderation": True,
    }
    text = str(told(**honey, **places))
    assert "honey" not in text
    assert "internal" not in text
    assert "10.0.0.1" not in text
    assert "in Kubernetes" in text
    assert "llama.gguf" in text


def test_a_tree_without_a_commit_is_called_that() -> None:
    found = profile_of(load({}), Doors(), revision="unknown", thinks=False, data=Path("nowhere"))
    assert found.facts["commit"] == "a working tree"


def vars_of(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}
