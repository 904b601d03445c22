from collections.abc import Sequence
from typing import Any

import pytest

from bot.core.chat import Message
from bot.core.errors import Unavailable
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, MAIN

__all__ = ["place"]


async def test_a_text_is_judged_and_nothing_happens(place: Desk) -> None:
    assert (await do(place, "content_moderation", text="hello")).result.key == "allowed"
    refused = await do(place, "content_moderation", text="a badword here")
    assert refused.result.text == "That text is not allowed here (words): That word is not for here."
    assert (place.guild.acts, place.log.rows) == ([], [])


@pytest.mark.parametrize(("score", "label"), [(0.8, "glad"), (-3, "upset"), (0.01, "even")])
async def test_how_a_text_sounds(place: Desk, score: float, label: str) -> None:
    place.doors["mood"] = lambda text: score
    called = await do(place, "sentiment_analysis", text="x")
    assert (called.result.key, called.result.facts["score"]) == (label, max(-1.0, score))


async def test_without_a_way_to_tell(place: Desk) -> None:
    assert (await do(place, "sentiment_analysis", text="x")).result.key == "none"


class Memories:
    def __init__(self, facts: Sequence[Any] = (), error: Exception | None = None) -> None:
        self.facts, self.error, self.told = facts, error, list[Message]()

    async def consents(self, user: str) -> bool:
        if self.error:
            raise self.error
        return user == ANN

    async def learn(self, message: Message) -> Sequence[Any]:
        self.told.append(message)
        return self.facts


class Kept:
    text = "lives in\nVienna"


async def test_a_fact_is_kept_with_its_source(place: Desk) -> None:
    place.doors["memories"] = memories = Memories([Kept()])
    called = await do(place, "memory_store", user=ANN, text="I live in Vienna")
    assert called.result.text == "I will remember: lives in Vienna."
    [message] = memories.told
    assert (message.user, message.channel, message.id, message.text) == (ANN, MAIN, "7", "I live in Vienna")


@pytest.mark.parametrize(
    ("memories", "user", "key"),
    [
        (Memories(), ANN, "nothing"),
        (Memories([Kept()]), "200000000000000002", "no_consent"),
        (Memories(error=Unavailable("vectors")), ANN, "unavailable"),
    ],
)
async def test_what_is_not_kept(place: Desk, memories: Memories, user: str, key: str) -> None:
    place.doors["memories"] = memories
    called = await do(place, "memory_store", user=user, text="I live in Vienna")
    assert (called.fate, called.result.key) == ("refused", key)


async def test_a_model_asks_before_it_remembers(place: Desk) -> None:
    place.doors["memories"] = memories = Memories([Kept()])
    called = await place.ask("memory_store", user=ANN, text="I live in Vienna", by_model=True)
    assert (called.fate, memories.told) == ("confirm", [])
    assert (await place.press(called, ANN)).fate == "ok"
    assert memories.told[0].id == "7", "the source is the message that asked, not the button"
