"""What any store of vectors must do: in a folder, and on a Qdrant server (here the client's own local mode)."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.vectors.embedded import EmbeddedVectors
from bot.adapters.vectors.process import WorkerProcess
from bot.adapters.vectors.qdrant import QdrantVectors
from bot.core.errors import Misconfigured
from bot.core.stores import Point, Vectors

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning"),
]
ANN, BOB = {"who": "ann", "owner": "ann-g"}, {"who": "bob", "owner": "bob-g"}


def unit(*numbers: float) -> tuple[float, ...]:
    size = math.sqrt(sum(n * n for n in numbers))
    return tuple(n / size for n in numbers)


def point(name: str, vector: tuple[float, ...], text: str, payload: dict[str, str] = ANN) -> Point:
    return Point(name, vector, text, payload)


CAT = point("cat", unit(1, 0, 0.1), "keeps a cat named Mia")
TEA = point("tea", unit(0, 1, 0.1), "likes green tea")
WORK = point("work", unit(0, 0.1, 1), "works as a nurse")
OTHER = point("other", unit(1, 0, 0), "keeps a cat named Tom", BOB)


@pytest.fixture(params=["embedded", "qdrant-client"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    store: Vectors
    if request.param == "embedded":
        store = EmbeddedVectors(tmp_path / "vectors", WorkerProcess(), size=3)
    else:
        from qdrant_client import AsyncQdrantClient

        store = QdrantVectors("", size=3, client=AsyncQdrantClient(location=":memory:"))
    try:
        yield store
    finally:
        await store.close()


async def found(
    store: Vectors, vector: tuple[float, ...], text: str, where: dict[str, str] = ANN, most: int = 10
) -> list[str]:
    return [hit.id for hit in await store.search(vector, text, where, most)]


async def test_nearest_by_vector_by_words_and_by_both(vectors: Vectors) -> None:
    await vectors.put([CAT, TEA, WORK])
    assert (await found(vectors, unit(0, 1, 0), ""))[0] == "tea"
    assert await found(vectors, (), "The nurse, perhaps?") == ["work"]
    assert await found(vectors, (), "GREEN") == ["tea"]
    assert set((await found(vectors, unit(1, 0, 0), "nurse"))[:2]) == {"cat", "work"}
    assert await found(vectors, (), "") == []


async def test_what_no_word_shares_is_not_found_by_words(vectors: Vectors) -> None:
    await vectors.put([CAT, TEA])
    assert await found(vectors, (), "zebra") == []


async def test_a_rare_word_counts_more_than_a_common_one(vectors: Vectors) -> None:
    many = [point(f"p{i}", unit(1, i, 1), f"likes thing{i}") for i in range(8)]
    await vectors.put([*many, point("rare", unit(1, 1, 1), "owns zebra")])
    assert (await found(vectors, (), "likes zebra"))[0] == "rare"


async def test_no_search_leaves_its_filter(vectors: Vectors) -> None:
    await vectors.put([CAT, OTHER])
    assert await found(vectors, unit(1, 0, 0), "cat named", ANN) == ["cat"]
    assert await found(vectors, unit(1, 0, 0), "cat named", BOB) == ["other"]
    assert await found(vectors, unit(1, 0, 0), "cat", {**ANN, "owner": "bob-g"}) == []
    assert await found(vectors, unit(1, 0, 0), "cat", {"who": "an"}) == []


async def test_hits_carry_their_payload_and_come_best_first(vectors: Vectors) -> None:
    await vectors.put([CAT, TEA, WORK])
    hits = await vectors.search(unit(1, 0.2, 0), "", ANN, 2)
    assert [hit.id for hit in hits] == ["cat", "tea"]
    assert hits[0].score > hits[1].score
    assert dict(hits[0].payload) == ANN


async def test_a_point_without_a_vector_is_found_by_words_only(vectors: Vectors) -> None:
    await vectors.put([CAT, point("bare", (), "rides a bicycle")])
    assert await found(vectors, (), "bicycle") == ["bare"]
    assert "bare" not in await found(vectors, unit(1, 1, 1), "")


async def test_a_point_is_replaced_whole(vectors: Vectors) -> None:
    await vectors.put([CAT])
    await vectors.put([point("cat", unit(0, 0, 1), "keeps a dog")])
    assert await found(vectors, (), "mia") == []
    assert await found(vectors, (), "dog") == ["cat"]
    assert len(await found(vectors, unit(1, 1, 1), "")) == 1


async def test_deleted_points_are_gone(vectors: Vectors) -> None:
    await vectors.put([CAT, TEA, OTHER])
    await vectors.delete(["cat", "never there"])
    await vectors.delete([])
    assert await found(vectors, unit(1, 0, 0), "cat mia") == ["tea"]
    assert await found(vectors, unit(1, 0, 0), "cat", BOB) == ["other"]


async def test_deleting_by_filter_says_how_many_and_touches_nobody_else(vectors: Vectors) -> None:
    await vectors.put([CAT, TEA, OTHER])
    assert await vectors.delete_where({"who": "ann"}) == 2
    assert await vectors.delete_where({"who": "ann"}) == 0
    assert await found(vectors, unit(1, 0, 0), "cat tea") == []
    assert await found(vectors, unit(1, 0, 0), "cat", BOB) == ["other"]


async def test_an_empty_filter_deletes_nothing(vectors: Vectors) -> None:
    await vectors.put([CAT])
    with pytest.raises(ValueError, match="everything"):
        await vectors.delete_where({})
    assert await found(vectors, (), "cat") == ["cat"]


async def test_a_vector_of_another_size_is_refused(vectors: Vectors) -> None:
    with pytest.raises(Misconfigured, match="2 numbers where 3"):
        await vectors.put([point("odd", unit(1, 1), "odd")])
    await vectors.put([])
    assert await found(vectors, (), "odd") == []
