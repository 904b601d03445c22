"""Puts the models together: which providers the settings name, behind one router."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.settings import Settings
from bot.core.chat import Observer
from bot.core.ports import Clock, Records
from bot.core.stores import Cache, Embedder

if TYPE_CHECKING:
    from bot.agent.router import Router
    from bot.agent.wire import Provider


def configured(settings: Settings) -> tuple[str, ...]:
    """The providers that the settings name. The small model in a wheel is used only if it is chosen."""
    if settings.default_ai_provider == "offline":
        return ()
    there = {
        "openai": bool(settings.openai_api_key.reveal()),
        "anthropic": bool(settings.anthropic_api_key.reveal()),
        "llama": bool(settings.llama_api_endpoint),
        "local": settings.default_ai_provider == "local",
    }
    return tuple(name for name, named in there.items() if named)


def open_thinker(
    settings: Settings,
    records: Records,
    cache: Cache | None,
    observer: Observer,
    clock: Clock,
    *,
    embedder: Embedder | None = None,
) -> "Router | None":
    """The models behind their router, or None where none is configured: then the offline responder answers.

    No client library is imported before the first call. Must be closed. Raises Misconfigured for settings that no
    provider can use.
    """
    names = configured(settings)
    if not names:
        return None
    from bot.agent.router import Parts, Router  # noqa: PLC0415  (only where a model is in use)
    from bot.agent.wire import Limits  # noqa: PLC0415
    from bot.policy.budget import Budget  # noqa: PLC0415
    from bot.policy.routing import Rules  # noqa: PLC0415

    parts = Parts(
        providers=providers(settings),
        records=records,
        observer=observer,
        clock=clock,
        rules=Rules(settings.default_ai_provider, settings.ai_private_local_only),
        budget=Budget(settings.ai_user_daily_usd, settings.ai_guild_daily_usd, settings.ai_daily_usd),
        limits=Limits(timeout=settings.ai_timeout / 1000),
        cache=cache,
        embedder=embedder,
    )
    return Router(parts)


def providers(settings: Settings) -> "Sequence[Provider]":
    """The providers that the settings name, each with its models. Raises Misconfigured."""
    from bot.adapters.models.base import words  # noqa: PLC0415  (only where a model is in use)

    names, timeout = configured(settings), settings.ai_timeout / 1000
    found: list[Provider] = []
    if "openai" in names:
        from bot.adapters.models.openai import OpenAI  # noqa: PLC0415

        key, base = settings.openai_api_key.reveal(), settings.openai_base_url
        found.append(OpenAI(key, words(settings.openai_model), base_url=base, timeout=timeout))
    if "anthropic" in names:
        from bot.adapters.models.anthropic import Anthropic  # noqa: PLC0415

        key, base = settings.anthropic_api_key.reveal(), settings.anthropic_base_url
        found.append(Anthropic(key, words(settings.anthropic_model), base_url=base, timeout=timeout))
    if "llama" in names:
        from bot.adapters.models.llama import Llama  # noqa: PLC0415

        key, models = settings.llama_api_key.reveal(), words(settings.llama_model)
        found.append(Llama(settings.llama_api_endpoint, models, key=key, timeout=timeout))
    if "local" in names:
        found.append(_local(settings, timeout))
    return found


def _local(settings: Settings, timeout: float) -> "Provider":
    """The model of a folder, where one is named; else the small one in the wheel."""
    if settings.local_model:
        from bot.adapters.models.local_transformers import Transformers  # noqa: PLC0415

        return Transformers(Path(settings.local_model), timeout=timeout)
    from bot.adapters.models.local import Local  # noqa: PLC0415

    return Local(timeout=timeout)
