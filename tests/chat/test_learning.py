"""What a member tells of themselves, and nobody asked for, is acknowledged only where it was learned."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.chat.learning import Learning
from bot.chat.recall.service import LongTerm
from bot.core.chat import Message, Outcome
from bot.core.guild_settings import GuildSettings
from bot.core.memory import Fact
from bot.sdk.testing import DictRecords
from tests.chat.doubles import ANN, BOB, GUILD, NOON, Book, Remembered, kitchen, message, saying

VIENNA = "I live in Vienna"


def house(**more: Any) -> Any:
    records = DictRecords()
    return kitchen(records=records, memories=LongTerm(records, lambda: NOON), **more)


async def facts(house: Any, user: Any = ANN) -> list[str]:
    await house.service.settled()
    return [one.text for one in await house.parts.memories.show(user)]


async def test_what_was_learned_is_said_with_the_way_back() -> None:
    made = house()
    await made.parts.memories.consent(ANN, True)
    answer = await made.service.answer(message(VIENNA))
    assert answer.text == "I will remember this of you: lives in Vienna. !memory forget takes it back."
    assert (answer.outcome, answer.intent) == (Outcome.ANSWERED, "learned")
    assert await facts(made) == ["lives in Vienna"], "learned once"
    again = await made.service.answer(message(VIENNA))
    assert "I know that of you already" in again.text
    assert await facts(made) == ["lives in Vienna"]


async def test_it_is_said_in_the_members_language_and_with_the_guilds_prefix() -> None:
    made = house(book=Book(GuildSettings(GUILD, prefix="?", language="de")))
    await made.parts.memories.consent(ANN, True)
    answer = await made.service.answer(message("Ich wohne in Wien", locale="de"))
    assert "lives in Wien" in answer.text
    assert "?memory forget nimmt es zurück" in answer.text


async def test_without_consent_nothing_is_learned_or_said_to_be_and_the_hint_comes_once_a_day() -> None:
    made = house()
    first, second = [await made.service.answer(message(VIENNA)) for _ in range(2)]
    assert first.outcome is Outcome.UNANSWERED
    assert first.text.endswith("I keep nothing about you unless you allow it with !memory opt-in.")
    assert "opt-in" not in second.text
    for answer in (first, second):
        assert "remember this" not in answer.text
    assert "opt-in" in (await made.service.answer(message(VIENNA, BOB))).text
    assert await facts(made) == []


@pytest.mark.parametrize(
    "text", ["flurbel the gromp", "Bob lives in Vienna", "my password is hunter2secret", "I live?"]
)
async def test_what_tells_nothing_of_them_gets_neither(text: str) -> None:
    for agreed in (True, False):
        made = house()
        await made.parts.memories.consent(ANN, agreed)
        answer = await made.service.answer(message(text))
        assert "remember" not in answer.text
        assert "opt-in" not in answer.text
        assert await facts(made) == []


async def test_where_a_guild_allows_no_memory_there_is_no_hint() -> None:
    made = house(book=Book(GuildSettings(GUILD, memory=False)))
    assert "opt-in" not in (await made.service.answer(message(VIENNA))).text
    await made.parts.memories.consent(ANN, True)
    assert (await made.service.answer(message(VIENNA))).outcome is Outcome.UNANSWERED
    assert await facts(made) == []


async def test_with_a_model_the_answer_is_the_models() -> None:
    made = house(thinker=saying("Lovely town."))
    await made.parts.memories.consent(ANN, True)
    assert (await made.service.answer(message(VIENNA))).text == "Lovely town."
    assert await facts(made) == ["lives in Vienna"]


async def test_memory_out_of_reach_says_nothing_of_it() -> None:
    made = kitchen(memories=Remembered(consenting={ANN}, away=True))
    answer = await made.service.answer(message(VIENNA))
    assert answer.outcome is Outcome.UNANSWERED
    assert "remember" not in answer.text


class Slow(Remembered):
    """Learns when it is let."""

    def __init__(self) -> None:
        super().__init__(consenting={ANN})
        self.let = asyncio.Event()

    async def learn(self, message: Message) -> Sequence[Fact]:
        await self.let.wait()
        return await super().learn(message)


async def test_learning_that_takes_long_holds_no_answer_up_and_is_not_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learning.__init__, "__defaults__", (0.0,))
    made = kitchen(memories=Slow())
    answer = await made.service.answer(message(VIENNA))
    assert answer.outcome is Outcome.UNANSWERED
    assert made.parts.memories.learned == []
    made.parts.memories.let.set()
    await made.service.settled()
    assert len(made.parts.memories.learned) == 1
