"""Anthropic over its messages, with its own client."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.models import addresses
from bot.adapters.models.base import PydanticProvider

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models import Model

BASE = "https://api.anthropic.com"


class Anthropic(PydanticProvider):
    """`bot.agent.wire.Provider` over Anthropic or a proxy of it. `timeout` in seconds."""

    setting = "ANTHROPIC_MODEL"

    def __init__(self, key: str, models: Sequence[str], *, base_url: str = "", timeout: float = 60.0) -> None:
        super().__init__("anthropic", models)
        self._base = addresses.checked(base_url, "ANTHROPIC_BASE_URL") if base_url else BASE
        self._open: Callable[[], AsyncAnthropic] = lambda: _client(key, self._base, timeout)
        self._client: AsyncAnthropic | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        await super().close()
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _build(self, model: str) -> "Model[Any]":
        from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415  (heavy: at the first call)
        from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

        if self._client is None:
            self._client = self._open()
        return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=self._client))


def _client(key: str, base: str, timeout: float) -> "AsyncAnthropic":
    from anthropic import AsyncAnthropic  # noqa: PLC0415  (heavy: at the first call)

    return AsyncAnthropic(api_key=key, base_url=base, timeout=timeout, max_retries=0)
