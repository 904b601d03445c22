"""What OpenAI's moderation endpoint thinks of a text. https://platform.openai.com/docs/guides/moderation"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.models import addresses
from bot.agent.loading import beside
from bot.core.errors import Unavailable
from bot.policy.redact import redact

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MODEL: Final = "omni-moderation-latest"
TIMEOUT: Final = 3.0
"""Seconds; a conversation does not wait longer for an opinion."""
HEARD: Final = frozenset({"self-harm", "self-harm/intent"})
"""Categories that are no reason to refuse a text: whoever speaks of their own distress is answered."""
_BASE = "https://api.openai.com/v1"
_DOOR = "the moderation model"


class OpenAIModeration:
    """`bot.chat.moderator.Opinion`. The client library is loaded at the first text; secrets do not leave with it."""

    def __init__(self, key: str, *, base_url: str = "", timeout: float = TIMEOUT) -> None:
        """Raises Misconfigured for an address that is none."""
        self._key, self._timeout = key, timeout
        self._base = addresses.checked(base_url, "OPENAI_BASE_URL") if base_url else _BASE
        self._client: AsyncOpenAI | None = None

    async def __call__(self, text: str) -> str:
        """The gravest category that the text falls in; '' for none. Raises Unavailable."""
        try:
            if self._client is None:
                await beside(self._open)
            async with asyncio.timeout(self._timeout):
                return await self._ask(redact(text))
        except TimeoutError:
            raise Unavailable(_DOOR, "it was silent for too long") from None
        except Exception as error:  # noqa: BLE001  (client libraries raise more than they say, and may repeat the text)
            raise Unavailable(_DOOR, type(error).__name__) from None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _open(self) -> None:
        from openai import AsyncOpenAI  # noqa: PLC0415  (heavy: at the first text)

        if self._client is None:
            self._client = AsyncOpenAI(api_key=self._key, base_url=self._base, timeout=self._timeout, max_retries=0)

    async def _ask(self, text: str) -> str:
        if self._client is None:
            raise Unavailable(_DOOR, "it was closed")
        answer = await self._client.moderations.create(model=MODEL, input=text)
        [result] = answer.results
        found: dict[str, Any] = result.categories.model_dump(by_alias=True)
        scores: dict[str, Any] = result.category_scores.model_dump(by_alias=True)
        flagged = [name for name, is_so in found.items() if is_so and name not in HEARD]
        return max(flagged, key=lambda name: float(scores.get(name) or 0.0), default="") if result.flagged else ""
