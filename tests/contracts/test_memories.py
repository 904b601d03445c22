"""What any long-term memory must do, over every store beneath it; what is forgotten is looked for on the disk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.adapters.vectors.embedded import EmbeddedVectors, LocalEmbedder
from bot.adapters.vectors.process import WorkerProcess
from bot.adapters.vectors.qdrant import QdrantVectors
from bot.chat.memory import Memory
from bot.chat.recall.holders import Part, tables
from bot.chat.recall.service import LongTerm
from bot.core.chat import Line, Message, Scope
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Fact, Memories

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning"),
]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB, HALL = UserId("ann"), UserId("bob"), ChannelId("hall")
ONE, TWO = GuildId("g1"), GuildId("g2")
SECRET = "Wolkersdorf"


@pytest.fixture(params=["words", "embedded", "qdrant-client"])
async def memories(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LongTerm]:
    records = SqliteRecords(tmp_path / "records.db")
    window = Memory(records, 9)
    window.add(HALL, Line(ANN, "Ann", f"hello from {SECRET}", NOON, message=MessageId("m0")))
    window.flush()
    worker = WorkerProcess()
    vectors = {
        "words": lambda: None,
        "embedded": lambda: EmbeddedVectors(tmp_path / "vectors", worker),
        "qdrant-client": _local,
    }[request.param]()
    numbers = count(1)
    made = LongTerm(
        records,
        lambda: NOON,
        vectors=vectors,
        embedder=LocalEmbedder(worker) if vectors is not None else None,
        holders=[Part("window", window.of, window.forget), *tables(records)],
        scrub=records.scrub,
        ids=lambda: f"{next(numbers):032x}",
        patience=30,
    )
    try:
        yield made
    finally:
        await made.close()
        await worker.close()
        records.close()


def _local() -> QdrantVectors:
    from qdrant_client import AsyncQdrantClient

    return QdrantVectors("", client=AsyncQdrantClient(location=":memory:"))


async def tell(
    memories: Memories, text: str, user: UserId = ANN, guild: GuildId = ONE, message: str = "m1"
) -> list[Fact]:
    said = Message(user, HALL, text, guild=guild, id=MessageId(message), audience="all")
    return list(await memories.learn(said))


async def ask(memories: Memories, text: str, user: UserId = ANN, guild: GuildId = ONE) -> list[str]:
    return [one.text for one in await memories.recall(text, Scope(user, HALL, guild, audience="all"))]


async def filled(memories: Memories) -> None:
    await memories.consent(ANN, given=True)
    await tell(memories, f"I live in {SECRET} and I work as a nurse", message="m1")
    await tell(memories, "I like chess", message="m2")
    await tell(memories, "my dog is called Rex", message="m3")


def holding(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


async def test_told_and_recalled_where_it_was_told(memories: LongTerm) -> None:
    await filled(memories)
    assert (await ask(memories, "where do I live?"))[0] == f"lives in {SECRET}"
    assert (await ask(memories, "wie heißt mein Hund?"))[0] == "has a pet: dog named Rex"
    for user, guild in ((ANN, TWO), (BOB, ONE), (ANN, GuildId(""))):
        assert await ask(memories, "where do I live?", user, guild) == []


async def test_meaning_is_found_where_no_word_is_shared(memories: LongTerm) -> None:
    if memories._index._embedder is None:
        pytest.skip("words alone do not know it")
    await filled(memories)
    assert (await ask(memories, "¿Qué juego de mesa con rey y reina me divierte?"))[0] == "likes chess"
    assert f"lives in {SECRET}" in (await ask(memories, "which town is my flat in?"))[:2]


async def test_no_consent_no_memory(memories: LongTerm, tmp_path: Path) -> None:
    assert await tell(memories, "I live in Gurktal") == []
    assert await ask(memories, "where do I live?") == []
    assert holding(tmp_path, "Gurktal") == []


@pytest.mark.parametrize("way", ["forget", "opt out"])
async def test_what_is_forgotten_is_on_no_disk(memories: LongTerm, tmp_path: Path, way: str) -> None:
    await filled(memories)
    assert holding(tmp_path, SECRET) != []
    if way == "forget":
        assert await memories.forget(ANN) == 4
    else:
        await memories.consent(ANN, given=False)
        assert not await memories.consents(ANN)
    for text in (SECRET, "nurse", "chess", "Rex"):
        assert holding(tmp_path, text) == []
    assert await ask(memories, "where do I live?") == []
    assert (await memories.export(ANN))["facts"] == []


async def test_one_message_is_forgotten_on_disk_and_the_rest_stays(memories: LongTerm, tmp_path: Path) -> None:
    await filled(memories)
    assert await memories.forget_messages(HALL, [MessageId("m2")]) == 1
    assert holding(tmp_path, "chess") == []
    assert [one.text for one in await memories.show(ANN)] == [
        f"lives in {SECRET}", "job or workplace: nurse", "has a pet: dog named Rex",
    ]  # fmt: skip


async def test_a_topic_and_a_fact(memories: LongTerm) -> None:
    await filled(memories)
    assert await memories.forget(ANN, topic="home") == 1
    (pet,) = [one for one in await memories.show(ANN) if one.topic == "pet"]
    assert await memories.forget(ANN, fact=pet.id) == 1
    assert [one.topic for one in await memories.show(ANN)] == ["job", "like"]


async def test_export_names_every_store(memories: LongTerm) -> None:
    await filled(memories)
    shown = await memories.export(ANN)
    assert {"facts", "window", "reminders", "suggestions", "feedback", "ballots", "consent"} <= shown.keys()
    assert [row["text"] for row in shown["window"]] == [f"hello from {SECRET}"]
    assert (await memories.export(BOB))["facts"] == []
