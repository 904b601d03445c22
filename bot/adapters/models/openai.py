"""OpenAI over its chat completions, with its own client."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.models import addresses
from bot.adapters.models.base import PydanticProvider

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model

BASE = "https://api.openai.com/v1"


class OpenAI(PydanticProvider):
    """`bot.agent.wire.Provider` over OpenAI or a proxy of it. `timeout` in seconds."""

    setting = "OPENAI_MODEL"

    def __init__(self, key: str, models: Sequence[str], *, base_url: str = "", timeout: float = 60.0) -> None:
        super().__init__("openai", models)
        self._base = addresses.checked(base_url, "OPENAI_BASE_URL") if base_url else BASE
        self._open: Callable[[], AsyncOpenAI] = lambda: _client(key, self._base, timeout)
        self._client: AsyncOpenAI | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        await super().close()
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _build(self, model: str) -> "Model[Any]":
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  (heavy: at the first call)
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

        if self._client is None:
            self._client = self._open()
        return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=self._client))


def _client(key: str, base: str, timeout: float) -> "AsyncOpenAI":
    from openai import AsyncOpenAI  # noqa: PLC0415  (heavy: at the first call)

    return AsyncOpenAI(api_key=key, base_url=base, timeout=timeout, max_retries=0)
