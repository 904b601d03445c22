"""Anthropic over its messages, with its own client."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.models import addresses
from bot.adapters.models.hosted import HostedProvider

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models import Model

BASE = "https://api.anthropic.com"


class Anthropic(HostedProvider["AsyncAnthropic"]):
    """`bot.agent.wire.Provider` over Anthropic or a proxy of it. `timeout` in seconds."""

    setting = "ANTHROPIC_MODEL"

    def __init__(self, key: str, models: Sequence[str], *, base_url: str = "", timeout: float = 60.0) -> None:
        base = addresses.checked(base_url, "ANTHROPIC_BASE_URL") if base_url else BASE
        super().__init__("anthropic", models, lambda: _client(key, base, timeout))

    def _build(self, model: str) -> "Model[Any]":
        from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415  (heavy: at the first call)
        from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

        return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=self.client()))


def _client(key: str, base: str, timeout: float) -> "AsyncAnthropic":
    from anthropic import AsyncAnthropic  # noqa: PLC0415  (heavy: at the first call)

    return AsyncAnthropic(api_key=key, base_url=base, timeout=timeout, max_retries=0)
