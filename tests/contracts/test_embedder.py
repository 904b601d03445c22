"""What any embedder must do."""

import math
from collections.abc import AsyncIterator

import pytest

from bot.adapters.vectors.embedded import LocalEmbedder
from bot.adapters.vectors.process import WorkerProcess
from bot.core.stores import Embedder

pytestmark = pytest.mark.integration


@pytest.fixture(params=[LocalEmbedder])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    made: Embedder = request.param(WorkerProcess())
    try:
        yield made
    finally:
        await made.close()


def dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_unit_vectors_in_order_and_the_same_again(embedder: Embedder) -> None:
    texts = [f"likes thing {number}" for number in range(20)]
    found = await embedder.embed(texts)
    assert len(found) == 20
    assert all(len(one) == embedder.size for one in found)
    assert all(math.isclose(dot(one, one), 1, abs_tol=1e-3) for one in found)
    again = (await embedder.embed([texts[17]]))[0]
    assert dot(again, found[17]) > 0.999
    assert await embedder.embed([]) == []


async def test_a_question_is_nearest_to_its_answer_in_four_languages(embedder: Embedder) -> None:
    facts = await embedder.embed(["home: lives in Vienna", "pet: has a dog named Rex", "job: works as a nurse"])
    asked = {
        "Which city is my home?": 0, "In welcher Stadt wohne ich?": 0, "¿Cómo se llama mi perro?": 1,
        "Quel est mon métier ?": 2,
    }  # fmt: skip
    for question, answer in asked.items():
        query = (await embedder.embed([question], query=True))[0]
        scores = [dot(query, one) for one in facts]
        assert scores.index(max(scores)) == answer


async def test_a_question_is_embedded_otherwise_than_a_fact(embedder: Embedder) -> None:
    one, other = (await embedder.embed(["tea"]))[0], (await embedder.embed(["tea"], query=True))[0]
    assert dot(one, other) < 0.999


async def test_odd_texts_are_embedded_too(embedder: Embedder) -> None:
    found = await embedder.embed(["", "\0", "🦉" * 300, "a\nb", "long " * 800])
    assert all(len(one) == embedder.size and not any(map(math.isnan, one)) for one in found)
