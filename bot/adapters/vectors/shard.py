"""One folder of vectors: Qdrant as a library. Runs in the worker, never in the bot."""

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import qdrant_edge as qdrant

from bot.adapters.vectors.sparse import asked, point_id, weighed
from bot.core.errors import Misconfigured, Unavailable

DENSE, WORDS, ID = "dense", "words", "_id"
KEYS = ("who", "owner")
"""Payload keys that get an index; filters on others scan."""
_PAGE = 1000
_K = 60
T = TypeVar("T")


class Shard:
    """Points in a folder that one process at a time may hold.

    There is no write-ahead log, as it would keep what was deleted: a call is on disk when it returns. All points stay
    in one segment that is written in place, so that a vector can be overwritten before it is deleted; at the sizes of
    a bot's memory a scan of the points that pass the filter is quick enough (`scripts/bench memory`). A scan takes as
    long as its bytes take from memory: a number is kept in one byte, which costs no answer. A folder of an older
    version keeps the two bytes that it was made with. https://qdrant.tech/articles/turboquant-quantization/
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise Unavailable("vectors", "another process holds their folder", retry_after=5) from error
        try:
            self._shard = self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def put(self, points: Sequence[Mapping[str, Any]], vectors: Sequence[Sequence[float]]) -> None:
        """Write points, in place of earlier ones of the same id; an empty vector is left out."""
        made = [self._point(row, vector) for row, vector in zip(points, vectors, strict=True)]
        for at in range(0, len(made), _PAGE):
            self._update(qdrant.UpdateOperation.upsert_points(made[at : at + _PAGE]))
        self._done(self._shard.flush)

    def search(self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int) -> list[dict[str, Any]]:
        """Best first, each with id, score and payload; by vector, by words, or both fused by rank."""
        queries = [qdrant.Query.Nearest(list(vector), using=DENSE)] if len(vector) else []
        indices, weights = asked(text)
        if indices:
            queries.append(qdrant.Query.Nearest(qdrant.SparseVector(indices, weights), using=WORDS))
        if not queries:
            return []
        only = _filter(where)
        if len(queries) == 1:
            request = qdrant.QueryRequest(most, query=queries[0], filter=only, with_payload=True)
        else:
            wide = [qdrant.Prefetch(most * 4, query=query, filter=only) for query in queries]
            fusion: Any = qdrant.Fusion.Rrf(k=_K)  # its stub does not say that this is a Fusion
            request = qdrant.QueryRequest(most, prefetches=wide, query=fusion, filter=only, with_payload=True)
        return [_hit(found) for found in self._done(lambda: self._shard.query(request))]

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id, from disk too."""
        self._erase([point_id(name) for name in ids])

    def delete_where(self, where: Mapping[str, str]) -> int:
        """Delete the points that pass the filter, from disk too; how many."""
        ids: list[Any] = []
        offset = None
        while True:
            request = qdrant.ScrollRequest(offset=offset, limit=_PAGE, filter=_filter(where), with_payload=False)
            found, offset = self._done(lambda request=request: self._shard.scroll(request))  # type: ignore[misc]
            ids += [record.id for record in found]
            if offset is None:
                break
        self._erase([str(one) for one in ids])
        return len(ids)

    def close(self) -> None:
        """Write what is left and let go of the folder."""
        try:
            self._done(self._shard.flush)
            self._done(self._shard.close)
        finally:
            os.close(self._lock)

    def _erase(self, ids: Sequence[str]) -> None:
        """Overwrite, then delete: deleting alone only marks."""
        present = self._done(lambda: self._shard.retrieve(list(ids), with_payload=False, with_vector=False))
        if not present:
            return
        zero = [0.0] * self._size
        empty = [qdrant.Point(one.id, {DENSE: zero, WORDS: qdrant.SparseVector([0], [0.0])}, {}) for one in present]
        self._update(qdrant.UpdateOperation.upsert_points(empty))
        self._done(self._shard.flush)
        self._update(qdrant.UpdateOperation.delete_points([one.id for one in present]))
        self._done(self._shard.flush)

    def _point(self, row: Mapping[str, Any], vector: Sequence[float]) -> qdrant.Point:
        if len(vector) not in (0, self._size):
            raise Misconfigured(f"a vector has {len(vector)} numbers where {self._size} are stored; use one embedder")
        named: dict[str, Any] = {DENSE: list(vector)} if len(vector) else {}
        indices, weights = weighed(str(row["text"]))
        if indices:
            named[WORDS] = qdrant.SparseVector(indices, weights)
        return qdrant.Point(point_id(str(row["id"])), named, {**row["payload"], ID: row["id"]})

    def _open(self) -> qdrant.EdgeShard:
        """The shard in the folder; a damaged one is begun anew: it is only an index of what the records hold."""
        inside = self._folder / "shard"
        if inside.exists():
            try:
                return qdrant.EdgeShard.load(str(inside))
            except Exception:  # noqa: BLE001  (the library has one kind of error)
                shutil.rmtree(inside)
        inside.mkdir()
        dense = qdrant.EdgeVectorParams(
            self._size, qdrant.Distance.Dot, datatype=qdrant.VectorStorageDatatype.Turbo8, memory=qdrant.Memory.Cold
        )
        words = qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)
        config = qdrant.EdgeConfig({DENSE: dense}, {WORDS: words}, wal_enabled=False, max_search_threads=1)
        shard = self._done(lambda: qdrant.EdgeShard.create(str(inside), config))
        for key in KEYS:
            shard.update(qdrant.UpdateOperation.create_field_index(key, qdrant.PayloadSchemaType.Keyword))
        return shard

    def _update(self, operation: qdrant.UpdateOperation) -> None:
        self._done(lambda: self._shard.update(operation))

    @staticmethod
    def _done(work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            raise Unavailable("vectors", str(error)) from error


def _filter(where: Mapping[str, str]) -> qdrant.Filter:
    return qdrant.Filter(
        must=[qdrant.FieldCondition(key, match=qdrant.MatchValue(value)) for key, value in where.items()]
    )


def _hit(found: qdrant.ScoredPoint) -> dict[str, Any]:
    payload = dict(found.payload or {})
    return {"id": str(payload.pop(ID, "")), "score": float(found.score), "payload": payload}
