"""Doors to state that is not rows: cache, rate limits, vectors, embeddings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Cache(Protocol):
    """Values that may vanish at any time. Values are JSON; times to live are in seconds."""

    async def get(self, key: str) -> Any | None: ...
    async def set(self, key: str, value: Any, ttl: float, tags: Sequence[str] = ()) -> None: ...
    async def delete(self, key: str) -> None: ...
    async def forget(self, tag: str) -> None:
        """Drop every value with this tag, in every process."""
        ...

    async def once(self, key: str, ttl: float, make: Callable[[], Awaitable[Any]], tags: Sequence[str] = ()) -> Any:
        """The value, made by one caller while the others wait for it (no stampede)."""
        ...

    async def close(self) -> None: ...


class RateLimiter(Protocol):
    """GCRA token buckets by key. https://brandur.org/rate-limiting"""

    async def take(self, key: str, *, burst: int, per_minute: float, cost: int = 1) -> float:
        """0 if it passes, else seconds to wait; a refused one costs nothing."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One vector with what is filtered on. `payload` values are strings, numbers or booleans."""

    id: str
    vector: tuple[float, ...]
    text: str
    payload: Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Hit:
    """A point found. `score`: higher is nearer; comparable within one search only."""

    id: str
    score: float
    payload: Mapping[str, Any]


class Vectors(Protocol):
    """Nearest points by meaning and by words, always under a filter."""

    async def put(self, points: Sequence[Point]) -> None: ...

    async def search(
        self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int = 10
    ) -> Sequence[Hit]:
        """Best first, nearest by vector and by words fused; only points whose payload equals `where`."""
        ...

    async def delete(self, ids: Sequence[str]) -> None: ...
    async def delete_where(self, where: Mapping[str, str]) -> int:
        """Delete the points whose payload equals `where`, from disk too; how many. ValueError if it is empty."""
        ...

    async def close(self) -> None: ...


class Embedder(Protocol):
    """Texts to unit vectors. Work happens outside the event loop."""

    name: str
    size: int

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Sequence[tuple[float, ...]]: ...
    async def close(self) -> None: ...
