"""Own models: an Ollama server, or any other that speaks OpenAI's protocol (llama.cpp, vLLM, LM Studio, ...)."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from bot.adapters.models import addresses
from bot.adapters.models.base import sized
from bot.adapters.models.hosted import HostedProvider
from bot.agent.loading import load
from bot.core.errors import Unavailable
from bot.policy.routing import Candidate

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model

Kind = Literal["ollama", "openai"]
LOOK = 3.0
"""Seconds that the question for its models may take."""
NO_KEY = "none"
"""The client wants a key even where the server does not."""


class Llama(HostedProvider["AsyncOpenAI"]):
    """`bot.agent.wire.Provider` over LLAMA_API_ENDPOINT. Ollama is told by its own API; it is asked which models it has
    when none are set, and whether it is there. `timeout` in seconds."""

    setting = "LLAMA_MODEL"

    def __init__(
        self,
        endpoint: str,
        models: Sequence[str] = (),
        *,
        key: str = "",
        timeout: float = 60.0,
        kind: Kind | None = None,
    ) -> None:
        self._root = addresses.checked(endpoint, "LLAMA_API_ENDPOINT").removesuffix("/v1")
        super().__init__("llama", models, lambda: _client(key or NO_KEY, f"{self._root}/v1", timeout))
        self.local = addresses.own_machine(self._root)
        self._kind = kind

    async def candidates(self) -> Sequence[Candidate]:
        """The models of the setting, else the first that the server lists. Raises Unavailable if it must be asked and
        does not answer."""
        if self._names:
            return await self._offered(sized(self._names))
        return await self._offered(sized((await self.listed())[:1]))

    async def prepare(self, model: str) -> None:
        """As all do, and find out what serves there; a server that is away is told by the call itself."""
        if model not in self._models:
            with contextlib.suppress(Unavailable):
                await self.kind()
        await super().prepare(model)

    async def kind(self) -> Kind:
        """What serves there; looked up once. Raises Unavailable."""
        if self._kind is None:
            await self.listed()
        return self._kind or "openai"

    async def listed(self) -> Sequence[str]:
        """The models that the server has now. Raises Unavailable: that is also how its health is asked."""
        if self._kind != "openai":
            found = await self._ollama()
            if found is not None:
                self._kind = "ollama"
                return found
        found = await self._compatible()
        self._kind = "openai"
        return found

    async def _ollama(self) -> Sequence[str] | None:
        """By Ollama's own API; None if it is something else."""
        await load("httpx", "ollama")
        import httpx  # noqa: PLC0415  (ollama's client, at its first use)
        from ollama import AsyncClient, ResponseError  # noqa: PLC0415

        client = AsyncClient(host=self._root, timeout=LOOK)
        try:
            answer = await client.list()
        except (ConnectionError, httpx.HTTPError) as error:
            raise self._away(type(error).__name__) from None
        except (ResponseError, ValueError):
            return None
        finally:
            await client.close()  # type: ignore[no-untyped-call]
        return [one.model for one in answer.models if one.model]

    async def _compatible(self) -> Sequence[str]:
        await load("openai")
        from openai import APIConnectionError, APIError  # noqa: PLC0415  (heavy: only where it is asked)

        try:
            async with asyncio.timeout(LOOK):
                page = await self.client().models.list()
        except (TimeoutError, APIConnectionError):
            raise self._away("no answer") from None
        except (APIError, ValueError) as error:
            raise self._away(f"its list of models: {getattr(error, 'status_code', type(error).__name__)}") from None
        return [one.id for one in page.data]

    def _own(self, model: str) -> bool:
        """Ollama hands models of its cloud on, whatever the address."""
        return self.local and not model.endswith(("-cloud", ":cloud"))

    def _away(self, why: str) -> Unavailable:
        host = addresses.host_of(self._root)
        return Unavailable(f"the model server at {host} (LLAMA_API_ENDPOINT)", why, retry_after=5.0)

    def _build(self, model: str) -> "Model[Any]":
        from pydantic_ai.models.ollama import OllamaModel  # noqa: PLC0415  (heavy: at the first call)
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
        from pydantic_ai.providers.ollama import OllamaProvider  # noqa: PLC0415
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415

        if self._kind == "ollama":
            return OllamaModel(model, provider=OllamaProvider(openai_client=self.client()))
        return OpenAIChatModel(model, provider=OpenAICompatibleProvider(self.name, openai_client=self.client()))


def _client(key: str, base: str, timeout: float) -> "AsyncOpenAI":
    from openai import AsyncOpenAI  # noqa: PLC0415  (heavy: at the first call)

    return AsyncOpenAI(api_key=key, base_url=base, timeout=timeout, max_retries=0)
