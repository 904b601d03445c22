"""Answers that may be given again, and never to somebody for whom they were not meant."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.cache import ALIKE, KEPT, Answers, Slot, cosine, may_be_kept, slot, telling
from bot.core.chat import Scope
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.model import Prompt, Reply, Said
from tests.agent.doubles import PROMPT, SCOPE, WEATHER, MemoryCache

REPLY = Reply("42", "openai:m")


class Meanings:
    """An embedder with a vector for each known text; others have one of their own."""

    name, size = "toy", 2

    def __init__(self, **near: float) -> None:
        self.cosines = near
        self.asked = 0

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Sequence[tuple[float, ...]]:
        self.asked += 1
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> tuple[float, ...]:
        cosine = self.cosines.get(text.split(maxsplit=1)[0].strip("?").lower(), 0.0)
        return cosine, (1 - cosine**2) ** 0.5

    async def close(self) -> None: ...


def at(prompt: Prompt = PROMPT, scope: Scope = SCOPE, models: Sequence[str] = ("a:m",), tools: Any = ()) -> Slot:
    found = slot(prompt, scope, models, tools)
    assert found is not None
    return found


async def test_the_same_question_before_the_same_readers_is_answered_again() -> None:
    answers = Answers(MemoryCache())
    assert await answers.find(at()) is None
    await answers.keep(at(), REPLY)
    found = await answers.find(at(scope=replace(SCOPE, user=UserId("9"), channel=ChannelId("77"))))
    assert found == Reply("42", "openai:m", cached=True)
    assert found.usage.cost == 0


OTHERS = {
    "another guild": (PROMPT, replace(SCOPE, guild=GuildId("4")), ("a:m",), ()),
    "other readers": (PROMPT, replace(SCOPE, audience="moderators"), ("a:m",), ()),
    "in private": (PROMPT, replace(SCOPE, private=True), ("a:m",), ()),
    "readers unknown": (PROMPT, replace(SCOPE, audience=""), ("a:m",), ()),
    "other models": (PROMPT, SCOPE, ("b:m",), ()),
    "tools on offer": (PROMPT, SCOPE, ("a:m",), (WEATHER,)),
    "another system text": (replace(PROMPT, system="You are rude."), SCOPE, ("a:m",), ()),
    "another text": (replace(PROMPT, text="how deep is down?"), SCOPE, ("a:m",), ()),
    "another language": (replace(PROMPT, language="de"), SCOPE, ("a:m",), ()),
    "another length": (replace(PROMPT, longest=200), SCOPE, ("a:m",), ()),
    "something said before": (replace(PROMPT, history=(Said("member", "x"),)), SCOPE, ("a:m",), ()),
    "a file": (replace(PROMPT, attachments=(("a", "b"),)), SCOPE, ("a:m",), ()),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_anything_else_is_another_question(other: tuple[Prompt, Scope, Sequence[str], Any]) -> None:
    answers = Answers(MemoryCache(), Meanings(what=1.0))
    await answers.keep(at(), REPLY)
    assert await answers.find(at(*other)) is None


@pytest.mark.parametrize("scope", [replace(SCOPE, private=True), replace(SCOPE, audience="")])
async def test_what_only_the_member_reads_is_for_that_member_in_that_place(scope: Scope) -> None:
    answers = Answers(MemoryCache())
    await answers.keep(at(scope=scope), REPLY)
    assert await answers.find(at(scope=scope)) is not None
    assert await answers.find(at(scope=replace(scope, user=UserId("9")))) is None
    assert await answers.find(at(scope=replace(scope, channel=ChannelId("9")))) is None


def test_with_facts_about_the_member_nothing_is_looked_up_or_kept() -> None:
    assert slot(replace(PROMPT, facts=("likes tea",)), SCOPE, ("a:m",), ()) is None


@pytest.mark.parametrize(
    "reply",
    [
        replace(REPLY, tools=("weather",)),
        replace(REPLY, cut=True),
        replace(REPLY, cached=True),
        replace(REPLY, text="  "),
        replace(REPLY, text="Hello ann, it is 42."),
    ],
)
def test_what_is_broken_or_personal_or_a_tools_word_is_not_kept(reply: Reply) -> None:
    assert may_be_kept(PROMPT, REPLY)
    assert not may_be_kept(PROMPT, reply)


async def test_a_question_that_means_the_same_is_answered_again() -> None:
    answers = Answers(MemoryCache(), Meanings(which=1.0, what=ALIKE + 0.01))
    await answers.keep(at(replace(PROMPT, text="Which way is up?")), REPLY)
    assert await answers.find(at(replace(PROMPT, text="What is up?"))) == replace(REPLY, cached=True)


async def test_nearly_the_same_is_not_enough() -> None:
    answers = Answers(MemoryCache(), Meanings(which=1.0, what=ALIKE - 0.01))
    await answers.keep(at(replace(PROMPT, text="Which way is up?")), REPLY)
    assert await answers.find(at(replace(PROMPT, text="What is up?"))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("what is 2 + 2", "what is 2 + 3"),
        ("what is 2 + 2", "what is 2 - 2"),
        ("what can I do", "what can I not do"),
        ('what means "a"', 'what means "b"'),
        ("what did <@1> say", "what did <@2> say"),
        ("what is in Paris", "what is in Rome"),
    ],
)
async def test_numbers_signs_names_and_negations_must_be_the_same(one: str, other: str) -> None:
    answers = Answers(MemoryCache(), Meanings(what=1.0))
    await answers.keep(at(replace(PROMPT, text=one)), REPLY)
    assert telling(one) != telling(other)
    assert await answers.find(at(replace(PROMPT, text=other))) is None


async def test_with_something_said_before_meanings_are_not_compared() -> None:
    embedder = Meanings(what=1.0)
    answers = Answers(MemoryCache(), embedder)
    where = at(replace(PROMPT, history=(Said("member", "x"),)))
    await answers.keep(where, REPLY)
    assert await answers.find(where) is not None
    assert embedder.asked == 0


async def test_who_is_forgotten_takes_the_answers_to_their_questions_along() -> None:
    cache = MemoryCache()
    answers = Answers(cache, Meanings(what=1.0, which=0.99))
    await answers.keep(at(), REPLY)
    await answers.keep(at(replace(PROMPT, text="Which?"), replace(SCOPE, user=UserId("9"))), REPLY)
    await cache.forget("user:1")
    assert await answers.find(at()) is None
    assert "what is up?" not in str(cache.values)


async def test_only_the_latest_questions_are_compared() -> None:
    cache = MemoryCache()
    answers = Answers(cache, Meanings())
    for number in range(KEPT + 5):
        await answers.keep(at(replace(PROMPT, text=f"q{number}")), REPLY)
    assert len(cache.values[at().alike]) == KEPT


@pytest.mark.parametrize("rubbish", [7, "x", [1], {"text": 3}, [{"text": "what is up?", "vector": [1.0], "reply": {}}]])
async def test_rubbish_in_the_cache_is_nothing(rubbish: Any) -> None:
    cache = MemoryCache()
    cache.values[at().exact] = cache.values[at().alike] = rubbish
    answers = Answers(cache, Meanings(what=1.0))
    assert await answers.find(at()) is None
    await answers.keep(at(), REPLY)
    assert await answers.find(at()) is not None


@given(st.lists(st.floats(-1, 1), max_size=4), st.lists(st.floats(-1, 1), max_size=4))
def test_a_cosine_is_symmetric_and_of_equal_sizes_only(one: list[float], other: list[float]) -> None:
    assert cosine(one, other) == cosine(other, one)
    if len(one) != len(other):
        assert cosine(one, other) == 0.0
