import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.service import ChatService
from bot.chat.tuning import load
from bot.core.chat import Outcome
from bot.core.errors import Unavailable
from bot.core.ids import UserId
from bot.sdk.testing import DictRecords

ANN = UserId("ann")


class Watch:
    def __init__(self) -> None:
        self.seen: list[tuple[str, ...]] = []
        self.steps: list[str] = []

    def answered(self, user: str, outcome: Outcome, seconds: float) -> None:
        self.seen.append(("answered", user, outcome.value))

    def tool_called(self, tool: str, outcome: str) -> None:
        self.seen.append(("tool", tool, outcome))

    def stepped(self, step: str, seconds: float) -> None:
        assert seconds >= 0
        self.steps.append(step)

    def modelled(self, model: str, *rest: object) -> None:
        self.seen.append(("model", model))

    def voiced(self, voice: str, user: str | None = None) -> None:
        self.seen.append(("voice", voice))


class Broken(DictRecords):
    """A disk that is full, for the tables named."""

    def __init__(self, *tables: str) -> None:
        super().__init__()
        self.tables = tables

    def put(self, table: str, key: str, row: Any) -> None:
        if table in self.tables:
            raise Unavailable("records", "disk full")
        super().put(table, key, row)

    def get(self, table: str, key: str) -> Any:
        if table in self.tables:
            raise Unavailable("records", "disk full")
        return super().get(table, key)


async def test_every_end_of_a_message_is_told(table) -> None:
    watch = Watch()
    table.world["observer"] = watch
    await table.say("!roll 1d6")
    await table.say("zxcv qwer")
    assert watch.seen == [
        ("tool", "roll_dice", "ok"),
        ("answered", "ann", "answered"),
        ("answered", "ann", "unanswered"),
    ]


async def test_a_burst_is_limited_and_comes_back(limited) -> None:
    burst = load().user_burst
    outcomes = [(await limited.say("hello")).outcome for _ in range(burst + 1)]
    assert outcomes == [Outcome.ANSWERED] * burst + [Outcome.REJECTED]
    other = await limited.say("hello", user="bob")
    assert other.outcome is Outcome.ANSWERED
    late = await limited.say("hello")
    assert late.retry_after > 0
    limited.wait(seconds=late.retry_after + 0.01)
    assert (await limited.say("hello")).outcome is Outcome.ANSWERED


async def test_a_rejection_is_in_the_members_language_and_remembers_nothing(limited) -> None:
    for _ in range(load().user_burst):
        await limited.say("hello")
    before = limited.open().memory.lines("general")
    refused = await limited.say("wie geht es dir")
    assert "warte" in refused.text
    assert limited.open().memory.lines("general") == before


async def test_limits_can_be_off(table) -> None:
    outcomes = {(await table.say("hello")).outcome for _ in range(load().user_burst + 5)}
    assert outcomes == {Outcome.ANSWERED}


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u202e", "\x00"])
async def test_nothing_to_read(table, text: str) -> None:
    answer = await table.say(text)
    assert answer.outcome is Outcome.UNANSWERED
    assert answer.intent == "none"


@pytest.mark.parametrize(
    "text", ["x" * 6000, "a " * 3000, "he\u200bl\u202elo", "👩\u200d👧" * 500, "\ud800", "{name.__class__}"]
)
async def test_odd_text_is_answered(table, text: str) -> None:
    answer = await table.say(text)
    assert answer.outcome in (Outcome.ANSWERED, Outcome.UNANSWERED)
    assert len(answer.text) <= 2000
    assert not any(c in answer.text for c in "\u200b\u202e\x00")


async def test_a_hidden_character_does_not_hide_the_meaning(table) -> None:
    assert (await table.say("he\u200bllo")).intent == "greeting"


async def test_an_answer_is_no_longer_than_allowed(table) -> None:
    table.world["longest"] = 200
    assert len((await table.say("what can you do?")).text) <= 200


async def test_one_language_only_if_so_set(table) -> None:
    table.world["multilingual"] = False
    assert (await table.say("guten morgen")).language == "en"


async def test_a_memory_that_is_away_costs_the_memory_not_the_answer(table) -> None:
    table.records = Broken("conversations", "members")
    answer = await table.say("hello")
    assert answer.outcome is Outcome.ANSWERED


async def test_a_tool_that_cannot_store_says_so(table) -> None:
    table.records = Broken("reminders")
    watch = Watch()
    table.world["observer"] = watch
    answer = await table.say("remind me in 5 minutes to stretch")
    assert answer.outcome is Outcome.FAILED
    assert "disk" not in answer.text
    assert ("tool", "set_reminder", "error") in watch.seen


async def test_whatever_breaks_is_an_answer(table, monkeypatch) -> None:
    service = table.open().service

    def burst(_text: str) -> None:
        raise ValueError("sk-secret-0123456789abcdef")

    monkeypatch.setattr(type(service._parts.understander), "understand", lambda _self, text: burst(text))
    answer = await table.say("hello")
    assert answer.outcome is Outcome.FAILED
    assert "secret" not in answer.text


async def test_too_many_at_once_are_told_to_come_back(table) -> None:
    parts = replace(table.open().service._parts, in_flight=0)
    table.built = replace(table.open(), service=ChatService(parts))
    with pytest.raises(Unavailable) as caught:
        await table.say("hello")
    assert caught.value.retry_after == 1.0


async def test_nothing_stays_in_flight(table) -> None:
    await asyncio.gather(*(table.say("!roll 2d6", user=f"u{i}") for i in range(20)))
    assert table.open().service.in_flight == 0


async def test_feedback_has_one_voice_a_member(table) -> None:
    watch = Watch()
    table.world["observer"] = watch
    answer = await table.say("hello")
    service = table.open().service
    assert await service.feedback(answer.id, ANN, "up")
    assert await service.feedback(answer.id, ANN, "down")
    assert await service.feedback(answer.id, UserId("bob"), "fix")
    assert [seen for seen in watch.seen if seen[0] == "voice"] == [("voice", "up"), ("voice", "fix")]
    assert table.records.get("feedback", f"{answer.id}/ann")["value"] == "down"


async def test_feedback_on_an_answer_that_never_was(table) -> None:
    assert not await table.open().service.feedback("answer-99", ANN, "up")
    assert table.records.scan("feedback") == []


async def test_a_member_is_recorded_when_first_seen_and_not_again(table) -> None:
    await table.say("hello", name="Ann")
    first = table.records.get("members", "ann")
    table.wait(days=3)
    table.built = None
    await table.say("hello", name="Annabel")
    assert table.records.get("members", "ann") == first
    assert first["account_created"] == first["first_seen"]


async def test_the_same_wish_twice_is_done_once(table) -> None:
    answer = await table.say("flip a coin; flip a coin")
    assert answer.intent == "coin"


async def test_at_most_three_wishes(table) -> None:
    answer = await table.say("!coin; !roll 1d6; !time; !status; !proposals")
    assert answer.intent == "coin+dice+time"


async def test_another_members_text_cannot_vote_or_remind_for_me(table) -> None:
    await table.say('ann says "remind me in 5 minutes to pay bob"', user="bob")
    assert [row["user"] for _, row in table.records.scan("reminders")] in ([], ["bob"])
