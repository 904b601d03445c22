"""Messages through the whole pipeline: who answers, what a model is given, what its calls do, what fails softly."""

from dataclasses import replace
from typing import Any

import pytest

from bot.chat.steps.order import standard
from bot.chat.turn import Turn
from bot.core.chat import Attachment, Outcome, Press
from bot.core.errors import Denied, Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, MessageId
from bot.core.model import Reply
from bot.core.moderation import Judged
from tests.chat.doubles import (
    ANN,
    BOB,
    GUILD,
    HALL,
    UNDERSTANDER,
    Book,
    Deeds,
    Grown,
    Posts,
    Remembered,
    Script,
    calling,
    failing,
    kitchen,
    message,
    saying,
)  # fmt: skip

STEPS = ["consent", "rate_limit", "moderation_in", "understanding", "recall", "router", "tools", "model",
         "moderation_out", "rendering", "memory"]  # fmt: skip


async def test_the_steps_are_measured_in_their_order() -> None:
    house = kitchen(thinker=saying("Hm."))
    await house.service.answer(message("what do you think of tea?"))
    assert house.observer.names == STEPS


async def test_a_refused_message_goes_no_further() -> None:
    house = kitchen(thinker=saying("Hm."))
    answer = await house.service.answer(message("kys"))
    assert answer.outcome is Outcome.REJECTED
    assert answer.intent == "moderated:words"
    assert house.observer.names == [*STEPS[:3], *STEPS[8:]]
    assert house.parts.thinker.prompts == []
    assert house.memory.lines(HALL) == ()


async def test_steps_can_be_replaced() -> None:
    class Echo:
        name, about_answers = "echo", False

        async def __call__(self, turn: Turn) -> None:
            turn.end(turn.message.text[::-1], Outcome.ANSWERED, "echo")

    house = kitchen()
    service = type(house.service)(house.parts, [Echo()])
    assert (await service.answer(message("abc"))).text == "cba"


async def test_without_a_model_it_says_that_it_does_not_understand() -> None:
    answer = await kitchen().service.answer(message("what do you think of tea?"))
    assert (answer.outcome, answer.intent, answer.model) == (Outcome.UNANSWERED, "unknown", "")


async def test_a_model_answers_what_no_tool_does() -> None:
    house = kitchen(thinker=saying("Tea is fine."))
    answer = await house.service.answer(message("what do you think of tea?"))
    assert (answer.text, answer.model, answer.intent) == ("Tea is fine.", "test:model", "model")
    assert house.parts.thinker.offered == [()]


async def test_small_talk_goes_to_the_model_where_there_is_one_and_commands_never_do() -> None:
    house = kitchen(thinker=saying("Hi!"))
    assert (await house.service.answer(message("hello"))).text == "Hi!"
    assert (await house.service.answer(message("!add 1 2"))).text == "3"
    assert len(house.parts.thinker.prompts) == 1


async def test_the_prompt_holds_what_is_said_remembered_and_attached_as_data() -> None:
    house = kitchen(thinker=saying("Yes."), memories=Remembered({"ann": ["lives in Vienna"]}, {"ann"}))
    await house.service.overhear(message("I bring the key", BOB))
    key = "sk-abcdefgh12345678ijklmnop"
    note = Attachment("a\u202eb.txt", "text/plain", 9, f"the key is {key}")
    await house.service.answer(message("what do you think of this? mail ann@x.example", attachments=(note,)))
    (prompt,) = house.parts.thinker.prompts
    assert prompt.text == "what do you think of this? mail [e-mail address]"
    assert [(one.by, one.name, one.text) for one in prompt.history] == [("member", "Bob", "I bring the key")]
    assert prompt.facts == ("lives in Vienna",)
    assert prompt.attachments == (("ab.txt", "the key is [redacted]"),)
    assert "Bob" not in prompt.system
    assert "Vienna" not in prompt.system
    assert "{" not in prompt.system
    assert "`/role create`" in prompt.system


async def test_the_tone_follows_the_mood_where_that_is_wanted() -> None:
    for emotion, said in ((True, "frustrated"), (False, "friendly")):
        house = kitchen(thinker=saying("Hm."), mood=lambda _text: -0.9, emotion=emotion)
        await house.service.answer(message("nothing works here again"))
        assert said in house.parts.thinker.prompts[0].system


async def test_a_reading_tool_that_was_asked_for_is_called_and_told() -> None:
    house = kitchen(thinker=calling("channel_topic", "It says:"))
    answer = await house.service.answer(message("could you look at the topic of this channel?"))
    assert answer.text == "It says: All is quiet."
    assert answer.tool == "channel_topic"
    assert house.observer.tools == [("channel_topic", "ok")]


async def test_a_tool_that_was_not_asked_for_is_not_there() -> None:
    house = kitchen(thinker=Script(lambda *_: None))  # type: ignore[arg-type,return-value]

    async def act(_prompt: Any, tools: Any, _sink: Any) -> str:
        return "" if tools is None else await tools.call("create_role", {"name": "x"})

    house.parts.thinker.act = act
    answer = await house.service.answer(message("could you look at the topic of this channel?"))
    assert "There is no tool 'create_role'" in answer.text
    assert house.deeds.done == []


async def test_what_changes_something_waits_for_the_members_button() -> None:
    house = kitchen(thinker=calling("create_role", "I made it!", name="Hero"))
    answer = await house.service.answer(message("please create a role called Hero"))
    assert house.deeds.done == []
    assert house.parts.texts("confirm.waits") in answer.text
    assert [one.label for one in answer.buttons] == ["Do it", "Cancel"]
    cancelled = await house.service.press(Press(answer.buttons[1].id, ANN, HALL, guild=GUILD))
    assert house.deeds.done == []
    assert cancelled.text == house.parts.texts("confirm.cancelled")
    late = await house.service.press(Press(answer.buttons[0].id, ANN, HALL, guild=GUILD))
    assert house.deeds.done == [], late.text


async def test_a_private_tool_makes_the_answer_private_and_unremembered() -> None:
    house = kitchen(thinker=calling("diary"))
    answer = await house.service.answer(message("show me your secret diary"))
    assert answer.private
    assert "Dear diary" in answer.text
    assert [line.by_bot for line in house.memory.lines(HALL)] == [False]


@pytest.mark.parametrize("error", [Unavailable("openai", "down"), Unavailable("x", retry_after=3)])
async def test_a_model_out_of_reach_leaves_the_offline_responder(error: Exception) -> None:
    house = kitchen(thinker=failing(error))
    unknown = await house.service.answer(message("what do you think of tea?"))
    assert unknown.text == house.parts.texts("model.unavailable")
    assert "openai" not in unknown.text
    known = await house.service.answer(message("thanks a lot!"))
    assert (known.intent, known.outcome) == ("thanks", Outcome.ANSWERED)
    assert house.observer.names.count("model_unavailable") == 2


async def test_a_spent_budget_is_said_in_its_own_words() -> None:
    house = kitchen(thinker=failing(Denied("Your budget for today is spent.")))
    assert (await house.service.answer(message("what do you think of tea?"))).text == "Your budget for today is spent."


async def test_a_broken_model_is_an_answer_without_its_words() -> None:
    house = kitchen(thinker=failing(ValueError("sk-secret-0123456789abcdef")))
    answer = await house.service.answer(message("what do you think of tea?"))
    assert answer.outcome is Outcome.FAILED
    assert "secret" not in answer.text


async def test_an_answer_that_broke_off_says_so_and_an_empty_one_is_none() -> None:
    async def act(_prompt: Any, _tools: Any, _sink: Any) -> Reply:
        return Reply("Tea is", "test:model", cut=True)

    house = kitchen(thinker=Script(act))
    answer = await house.service.answer(message("what do you think of tea?"))
    assert answer.text == f"Tea is\n{house.parts.texts('answer.cut')}"
    empty = await kitchen(thinker=saying("  ")).service.answer(message("what do you think of tea?"))
    assert (empty.outcome, empty.text) == (Outcome.FAILED, house.parts.texts("model.unavailable"))


async def test_memory_out_of_reach_costs_the_memory() -> None:
    house = kitchen(thinker=saying("Yes."), memories=Remembered(away=True))
    assert (await house.service.answer(message("what do you think of tea?"))).text == "Yes."
    await house.service.settled()
    assert "memory_unavailable" in house.observer.names


async def test_moderation_out_of_reach_leaves_the_rules_which_refuse() -> None:
    class Away:
        async def incoming(self, *_: object) -> Judged:
            raise Unavailable("moderation")

        async def outgoing(self, *_: object, **__: object) -> Judged:
            raise Unavailable("moderation")

    house = kitchen(thinker=saying("see https://evil.example/x"), moderator=Away())
    answer = await house.service.answer(message("what do you think of tea?"))
    assert answer.text == "see evil[.]example"
    assert house.observer.names.count("moderation_unavailable") == 2


async def test_a_moderator_of_its_own_can_only_narrow() -> None:
    class Lax:
        async def incoming(self, text: str, _scope: object) -> Judged:
            return Judged(True, text=text)

        async def outgoing(self, text: str, _scope: object, *, by_model: bool) -> Judged:
            return Judged("tea" not in text, "model", text=text)

    house = kitchen(thinker=saying("https://evil.example/x and tea"), moderator=Lax())
    assert (await house.service.answer(message("well?"))).text == house.parts.texts("moderated.answer")
    house.parts.thinker.act = saying("@everyone https://evil.example/x").act
    assert (await house.service.answer(message("well?"))).text == "@ everyone evil[.]example"


async def test_a_long_answer_is_cut_with_its_code_whole_and_all_of_it_is_a_file_for_the_asker() -> None:
    text = "Look:\n```py\n" + "print('hello')\n" * 400 + "```"
    house = kitchen(thinker=saying(text))
    answer = await house.service.answer(message("write me a long program?"))
    assert len(answer.text) <= 2000
    assert answer.text.count("```") == 2
    button = next(one.id for one in answer.buttons if one.id.startswith("file/"))
    got = await house.service.press(Press(button, ANN, HALL, guild=GUILD))
    assert got.files[0].content.decode() == text
    assert got.private
    other = await house.service.press(Press(button, BOB, HALL, guild=GUILD))
    assert other.files == ()


async def test_streams_show_only_what_may_be_shown_and_end_with_the_answer() -> None:
    async def act(_prompt: Any, _tools: Any, sink: Any) -> str:
        text = "Tea is good. " * 40 + "https://evil.example/?q=1 @everyone"
        for end in range(10, len(text), 50):
            await sink.grow(text[:end])
        return text

    house, sink = kitchen(thinker=Script(act)), Grown()
    answer = await house.service.answer(message("what do you think of tea?"), sink)
    assert len(sink.shown) > 3
    assert sink.shown[-1] == answer.text
    assert not any("https://" in text or "@everyone" in text for text in sink.shown)


async def test_a_guild_sets_prefix_language_words_and_limits() -> None:
    settings = GuildSettings(GUILD, prefix="?", language="pl", words=("banana",), per_user=2)
    house = kitchen(book=Book(settings))
    service = house.service
    assert (await service.answer(message("?add 1 2"))).text == "3"
    assert (await service.answer(message("!add 1 2"))).outcome is Outcome.UNANSWERED
    assert "Chodziło ci o ?add" in (await service.answer(message("?addd 1 2"))).text
    assert (await service.answer(message("I like b4nana"))).outcome is Outcome.REJECTED
    assert (await service.answer(message("I like b4nana", guild="", audience=""))).outcome is not Outcome.REJECTED


async def test_the_members_locale_decides_where_words_do_not() -> None:
    house = kitchen(understander=UNDERSTANDER)
    answers = [await house.service.answer(message("zxcv", locale=locale)) for locale in ("ru", "de-AT", "")]
    assert [one.language for one in answers] == ["ru", "de", "en"]
    spoken = await house.service.answer(message("wie geht es dir", locale="fr"))
    assert spoken.language == "de"


async def test_a_detector_is_asked_about_longer_texts_only_and_believed_when_sure() -> None:
    asked: list[str] = []

    def detect(text: str) -> tuple[str, float]:
        asked.append(text)
        return "ru", 0.9 if "сегодня" in text else 0.3

    house = kitchen(detector=detect)
    texts = ("привет всем", "какая сегодня погода на улице", "какая вчера погода была на улице")
    answers = [await house.service.answer(message(text)) for text in texts]
    assert [one.language for one in answers] == ["en", "ru", "en"]
    assert len(asked) == 2


async def test_a_turn_of_a_bot_is_remembered_by_nobody() -> None:
    house = kitchen(thinker=saying("Hm."))
    await house.service.answer(message("beep", by_bot=True))
    await house.service.overhear(message("boop", by_bot=True))
    assert house.memory.lines(HALL) == ()


async def test_where_the_bot_is_told_to_ignore_nothing_is_kept() -> None:
    house = kitchen(thinker=saying("Hm."), book=Book(GuildSettings(GUILD, ignores=frozenset({HALL}))))
    await house.service.answer(message("hello there"))
    await house.service.overhear(message("hello all"))
    assert house.memory.lines(HALL) == ()


@pytest.mark.parametrize("settings", [{"memory": False}, {"retention_days": 0}])
async def test_where_nothing_may_be_kept_nothing_overheard_is(settings: dict[str, Any]) -> None:
    house = kitchen(book=Book(GuildSettings(GUILD, **settings)))
    await house.service.overhear(message("the key is under the mat"))
    assert house.memory.lines(HALL) == ()


async def test_what_is_learned_is_learned_behind_the_answer_and_only_where_memory_is_on() -> None:
    for on, count in ((True, 1), (False, 0)):
        house = kitchen(thinker=saying("Nice."), memories=Remembered(), book=Book(GuildSettings(GUILD, memory=on)))
        await house.service.answer(message("I live in Vienna"))
        await house.service.answer(message("kys"))
        await house.service.settled()
        assert len(house.parts.memories.learned) == count
        assert house.parts.thinker.prompts[0].facts == ()


async def test_edits_and_deletions_are_followed() -> None:
    house = kitchen(thinker=saying("Fine."), memories=Remembered())
    await house.service.answer(message("the party is on Friday", id=MessageId("m1")))
    await house.service.edited(message("the party is on Sunday, call +43 660 1234567", id=MessageId("m1")))
    assert house.memory.lines(HALL)[0].text == "the party is on Sunday, call [phone number]"
    await house.service.deleted(HALL, [MessageId("m1")])
    assert house.memory.lines(HALL) == ()
    assert house.parts.memories.forgotten[-1] == (HALL, ("m1",))


async def test_a_message_deleted_while_it_is_answered_is_not_brought_back() -> None:
    async def act(_prompt: Any, _tools: Any, _sink: Any) -> str:
        await house.service.deleted(HALL, [MessageId("m1")])
        return "Friday it is."

    house = kitchen(thinker=Script(act), memories=Remembered())
    await house.service.answer(message("the party is on Friday", id=MessageId("m1")))
    assert house.memory.lines(HALL) == ()


async def test_edits_and_deletions_never_raise() -> None:
    house = kitchen(memories=Remembered(away=True))
    await house.service.edited(message("x", id=MessageId("m1")))
    await house.service.deleted(HALL, [MessageId("m1")])


async def test_a_quarrel_gets_one_calm_word_and_a_note_for_the_moderators() -> None:
    posts = Posts()
    log = ChannelId("log")
    house = kitchen(messenger=posts, book=Book(GuildSettings(GUILD, log_channel=log)))
    for _ in range(3):
        await house.service.overhear(message("you are such an IDIOT", ANN))
        await house.service.overhear(message("shut up, you stupid moron", BOB))
    assert [channel for channel, _ in posts.said] == [HALL, log]
    assert house.observer.names.count("conflict_noticed") == 1


async def test_two_processes_that_hear_the_same_quarrel_say_the_same_thing_to_discord() -> None:
    both = Posts(), Posts()
    for posts in both:
        house = kitchen(messenger=posts, book=Book(GuildSettings(GUILD, log_channel=ChannelId("log"))))
        for number in range(3):
            await house.service.overhear(replace(message("you are such an IDIOT", ANN), id=MessageId(f"a{number}")))
            await house.service.overhear(replace(message("shut up, stupid moron", BOB), id=MessageId(f"b{number}")))
    assert both[0].nonces == both[1].nonces
    assert len(set(both[0].nonces)) == 2, "the word in the channel and the note are two messages"
    assert "" not in both[0].nonces


async def test_no_word_is_said_where_moderation_is_off_and_none_breaks_anything() -> None:
    for more in ({"moderates": False}, {"messenger": Posts(away=True)}, {}):
        house = kitchen(**{"messenger": Posts(), **more})
        for _ in range(3):
            await house.service.overhear(message("you are such an IDIOT", ANN))
            await house.service.overhear(message("shut up, you stupid moron", BOB))
        assert len(house.parts.messenger.said) == (1 if not more else 0)


def test_the_standard_steps_are_the_documented_ones() -> None:
    house = kitchen()
    assert [step.name for step in standard(house.parts, None)] == STEPS  # type: ignore[arg-type]


async def test_deeds_are_counted_by_the_double_itself() -> None:
    deeds = Deeds()
    house = kitchen(deeds)
    await house.service.answer(replace(message("!role create Hero"), id=MessageId("m")))
    assert deeds.done == [("create_role", {"name": "Hero"})]


@pytest.mark.parametrize(("mood", "gentle"), [(-0.9, True), (0.0, False), (0.9, False)])
async def test_without_a_model_frustration_is_heard_as_well(mood: float, gentle: bool) -> None:
    house = kitchen(mood=lambda _text: mood)
    answer = await house.service.answer(message("zxcv qwer nothing works"))
    assert answer.text.startswith(house.parts.texts("tone.gentle")) is gentle
    assert answer.outcome is Outcome.UNANSWERED


@pytest.mark.parametrize(("days", "written"), [(0, False), (30, True)])
async def test_lines_are_written_only_where_the_guild_keeps_any(days: int, written: bool) -> None:
    house = kitchen(book=Book(GuildSettings(GUILD, retention_days=days)))
    await house.service.answer(message("what do you think of tea?"))
    await house.service.overhear(message("I prefer coffee", BOB))
    house.memory.flush()
    rows = house.records.scan("conversations")
    assert [row["guild"] for _, row in rows] == ([GUILD] if written else [])
    assert "what do you think of tea?" in [one.text for one in house.memory.lines(HALL)]
