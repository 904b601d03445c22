"""Providers whose models are reached through one client of the provider's own library."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from bot.adapters.models.base import PydanticProvider


class Client(Protocol):
    """A client of a library: made at the first call, closed at the end."""

    async def close(self) -> None:
        """Let go of its connections."""
        ...


ClientT = TypeVar("ClientT", bound=Client)


class HostedProvider(PydanticProvider, Generic[ClientT]):
    """Holds one client for all models of a provider. `opened` makes it, which loads a heavy library."""

    def __init__(self, name: str, models: Sequence[str], opened: Callable[[], ClientT]) -> None:
        super().__init__(name, models)
        self._opened = opened
        self._client: ClientT | None = None

    def client(self) -> ClientT:
        """The client, the same each time until `close`."""
        if self._client is None:
            self._client = self._opened()
        return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        await super().close()
        if self._client is not None:
            await self._client.close()
            self._client = None
