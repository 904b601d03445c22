"""Vectors on a Qdrant server."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from bot.adapters.vectors.sparse import asked, point_id, weighed
from bot.core.errors import Misconfigured, Unavailable
from bot.core.stores import Hit, Point

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient

COLLECTION = "megawatts_memory"
KEYS = ("who", "owner")
_DENSE, _WORDS, _ID = "dense", "words", "_id"
_TIMEOUT = 5
T = TypeVar("T")


class QdrantVectors:
    """`core.stores.Vectors` over a Qdrant server, which makes collection and indices at first use.

    Deleted points leave the server's disk when its optimizer next rewrites their segment.
    """

    def __init__(self, endpoint: str, key: str = "", *, size: int = 384, client: "AsyncQdrantClient | None" = None):
        """`client` in place of one made for the endpoint, such as the library's own local mode."""
        self._endpoint, self._key, self._size = endpoint, key, size
        self._client = client
        self._ready = False
        self._opening = asyncio.Lock()

    async def put(self, points: Sequence[Point]) -> None:
        """Write points, in place of earlier ones of the same id."""
        client = await self._opened()
        if points:
            await self._done(client.upsert(COLLECTION, [self._struct(one) for one in points], wait=True))

    async def search(
        self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int = 10
    ) -> Sequence[Hit]:
        """Best first; without a vector by words alone, without words by the vector alone."""
        from qdrant_client import models  # noqa: PLC0415

        client, only = await self._opened(), _filter(where)
        indices, weights = asked(text)
        ways: list[tuple[Any, str]] = [(list(vector), _DENSE)] if len(vector) else []
        if indices:
            ways.append((models.SparseVector(indices=indices, values=weights), _WORDS))
        if not ways:
            return []
        if len(ways) == 1:
            query, using = ways[0]
            work = client.query_points(COLLECTION, query=query, using=using, query_filter=only, limit=most)
        else:
            wide = [models.Prefetch(query=q, using=name, filter=only, limit=most * 4) for q, name in ways]
            fusion = models.FusionQuery(fusion=models.Fusion.RRF)
            work = client.query_points(COLLECTION, query=fusion, prefetch=wide, query_filter=only, limit=most)
        found = await self._done(work)
        return [_hit(one.payload or {}, one.score) for one in found.points]

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id."""
        client = await self._opened()
        if ids:
            await self._done(client.delete(COLLECTION, [point_id(name) for name in ids], wait=True))

    async def delete_where(self, where: Mapping[str, str]) -> int:
        """Delete the points whose payload equals `where`; how many. ValueError if it is empty."""
        from qdrant_client import models  # noqa: PLC0415

        if not where:
            raise ValueError("an empty filter would delete everything")
        client, only = await self._opened(), _filter(where)
        count = await self._done(client.count(COLLECTION, count_filter=only, exact=True))
        if count.count:
            await self._done(client.delete(COLLECTION, models.FilterSelector(filter=only), wait=True))
        return int(count.count)

    async def found(self) -> bool:
        """Whether the server has the collection already; nothing is made. Raises Unavailable, Misconfigured."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect)
        return bool(await self._done(self._client.collection_exists(COLLECTION)))

    async def close(self) -> None:
        """Let go of the server."""
        if self._client is not None:
            await self._client.close()

    async def _opened(self) -> "AsyncQdrantClient":
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect)
            if not self._ready:
                await self._prepare(self._client)
                self._ready = True
            return self._client

    def _connect(self) -> "AsyncQdrantClient":
        """The library takes a second to import: in a thread."""
        from qdrant_client import AsyncQdrantClient  # noqa: PLC0415

        try:
            return AsyncQdrantClient(
                url=self._endpoint, api_key=self._key or None, timeout=_TIMEOUT, check_compatibility=False
            )
        except ValueError as error:
            raise Misconfigured(f"VECTOR_DB_ENDPOINT is no address of a Qdrant server: {error}") from None

    async def _prepare(self, client: "AsyncQdrantClient") -> None:
        from qdrant_client import models  # noqa: PLC0415

        if await self._done(client.collection_exists(COLLECTION)):
            return
        dense = models.VectorParams(size=self._size, distance=models.Distance.DOT)
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        await self._done(
            client.create_collection(COLLECTION, vectors_config={_DENSE: dense}, sparse_vectors_config={_WORDS: words})
        )
        for key in KEYS:
            await self._done(client.create_payload_index(COLLECTION, key, models.PayloadSchemaType.KEYWORD))

    def _struct(self, point: Point) -> Any:
        from qdrant_client import models  # noqa: PLC0415

        if len(point.vector) not in (0, self._size):
            raise Misconfigured(
                f"a vector has {len(point.vector)} numbers where {self._size} are stored; use one embedder"
            )
        named: dict[str, Any] = {_DENSE: list(point.vector)} if point.vector else {}
        indices, weights = weighed(point.text)
        if indices:
            named[_WORDS] = models.SparseVector(indices=indices, values=weights)
        return models.PointStruct(id=point_id(point.id), vector=named, payload={**point.payload, _ID: point.id})

    @staticmethod
    async def _done(work: Awaitable[T]) -> T:
        """The client's errors in the words of the house, without its address or its answers' bodies."""
        from qdrant_client.common.client_exceptions import QdrantException  # noqa: PLC0415
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse  # noqa: PLC0415

        try:
            return await work
        except UnexpectedResponse as error:
            if error.status_code in (401, 403):
                raise Misconfigured(
                    "the Qdrant server refuses VECTOR_DB_API_KEY; correct it or give it write access"
                ) from None
            raise Unavailable("vectors", f"the Qdrant server answered {error.status_code}") from None
        except (ApiException, QdrantException, OSError) as error:
            raise Unavailable(
                "vectors", f"no Qdrant server answers at VECTOR_DB_ENDPOINT ({type(error).__name__})"
            ) from None


def _filter(where: Mapping[str, str]) -> Any:
    from qdrant_client import models  # noqa: PLC0415

    return models.Filter(
        must=[models.FieldCondition(key=key, match=models.MatchValue(value=value)) for key, value in where.items()]
    )


def _hit(payload: dict[str, Any], score: float) -> Hit:
    return Hit(str(payload.get(_ID, "")), float(score), {key: one for key, one in payload.items() if key != _ID})
