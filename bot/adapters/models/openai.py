"""OpenAI over its chat completions, with its own client."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.models import addresses
from bot.adapters.models.hosted import HostedProvider

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model

BASE = "https://api.openai.com/v1"


class OpenAI(HostedProvider["AsyncOpenAI"]):
    """`bot.agent.wire.Provider` over OpenAI or a proxy of it. `timeout` in seconds."""

    setting = "OPENAI_MODEL"

    def __init__(self, key: str, models: Sequence[str], *, base_url: str = "", timeout: float = 60.0) -> None:
        base = addresses.checked(base_url, "OPENAI_BASE_URL") if base_url else BASE
        super().__init__("openai", models, lambda: _client(key, base, timeout))

    def _build(self, model: str) -> "Model[Any]":
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  (heavy: at the first call)
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

        return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=self.client()))


def _client(key: str, base: str, timeout: float) -> "AsyncOpenAI":
    from openai import AsyncOpenAI  # noqa: PLC0415  (heavy: at the first call)

    return AsyncOpenAI(api_key=key, base_url=base, timeout=timeout, max_retries=0)
