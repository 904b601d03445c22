"""Results in the member's language: by the intent's words, by the catalogue's, else as the tool said it."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from bot.chat import catalogue
from bot.chat.replies import Replies
from bot.chat.texts import load
from bot.core.chat import Button
from bot.core.ids import ChannelId, GuildId, UserId
from bot.extensions import _steps as steps
from bot.extensions import _wishes as wishes
from bot.policy.buttons import spoken
from bot.sdk.called import Called
from bot.sdk.host import Caller
from bot.sdk.tool import Result
from tests.extensions.conftest import Town

TEXTS = load()
REPLIES = Replies(catalogue.load(), TEXTS, Random(1))
LANGUAGES = TEXTS.languages


def say(tool: str, result: Result, language: str, fate: Any = "ok") -> str:
    return REPLIES.say(tool, Called(result, fate), Caller(UserId("ann"), ChannelId("hall"), "Ann", language))


def test_a_number_takes_the_form_of_the_language() -> None:
    results = [Result("Forgotten.", "some", {"count": count, "facts": count}) for count in (1, 3, 5)]
    assert [say("forget_memory", one, "pl") for one in results] == [
        "Zapomniałem 1 fakt o tobie.", "Zapomniałem 3 fakty o tobie.", "Zapomniałem 5 faktów o tobie.",
    ]  # fmt: skip


def test_an_intent_without_the_language_leaves_it_to_the_catalogue() -> None:
    assert say("suggest_improvement", Result("Known.", "known"), "es") == "Ya tengo esa sugerencia tuya."
    assert say("suggest_improvement", Result("Known.", "known"), "ru").startswith("Это предложение")
    assert say("suggest_improvement", Result("Known.", "known"), "xx") == "I have that suggestion from you already."


def test_what_nobody_has_a_text_for_is_the_tools_own() -> None:
    assert say("suggest_improvement", Result("Just so.", "nothing_like_it"), "de") == "Just so."


def test_a_text_that_wants_more_than_the_tool_found_is_not_used() -> None:
    assert say("change_setting", Result("words is set."), "de") == "words is set."
    assert say("forget_memory", Result("Forget?", "confirm"), "de", "confirm").startswith("Forget?")


def test_a_fact_with_a_key_is_said_in_the_language_and_one_with_an_unknown_key_is_left() -> None:
    facts = {"question": "What exactly?", "question_key": "plan.when", "id": "1"}
    assert say("answer_plan", Result("Noted.", "next", facts), "pt") == f"Anotado. {TEXTS('plan.when', 'pt')}"
    facts["question_key"] = "nothing.there"
    assert say("answer_plan", Result("Noted.", "next", facts), "pt") == "Anotado. What exactly?"


def test_what_waits_is_told_with_its_arguments_in_the_language() -> None:
    waits = Result("Forget (what: tea)", "confirm", {"preview": "Forget", "what": "tea"})
    text = say("forget_memory", waits, "de", "confirm")
    assert text.startswith("Das würde endgültig vergessen und kommt nicht zurück: tea.")
    assert "Noch ist nichts geschehen" in text
    other = say("delete_channel", Result("Delete #memes. Shall I?", "confirm"), "de", "confirm")
    assert other.startswith("Delete #memes. Shall I?"), "the registry's own words, where there are no others"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_and_button_of_setup_and_planning_has_its_text(language: str) -> None:
    for step in steps.STEPS:
        assert TEXTS(f"setup.question.{step.name}", "en") == step.question
        asked = {"question": step.question, "question_key": f"setup.question.{step.name}"}
        result = Result("", "step", {**asked, "step": step.name, "number": 1, "total": 7, "ways": "x", "before": ""})
        made = REPLIES.buttons(Called(Result("", buttons=steps.buttons(step)), "ok"), language)
        assert TEXTS(f"setup.question.{step.name}", language) in say("set_up", result, language)
        for before, after in zip(steps.buttons(step), made, strict=True):
            assert before.id == after.id
            key, asks = spoken(before.id)
            if language == "en" or not TEXTS.has(key):
                assert (after.label, after.asks) == (before.label, before.asks)
            else:
                assert after.label == TEXTS(key, language)
                assert after.asks == (TEXTS(asks, language) if asks else "")
    assert [TEXTS(key, "en") for key in wishes.QUESTION_KEYS] == list(wishes.QUESTIONS)


def test_a_plans_buttons_ask_the_next_question_in_the_language() -> None:
    row = {"id": "0123456789ab", "plan": ["one"]}
    called = Called(Result("", facts=wishes.asking(row), buttons=wishes.buttons(row)), "ok")
    answer, go, keep = REPLIES.buttons(called, "de")
    assert (answer.label, go.label, keep.label) == ("Antworten", "Los", "Für später aufheben")
    assert answer.asks == TEXTS("plan.when", "de")
    assert (go.asks, keep.asks) == ("", "")


def test_foreign_buttons_keep_their_words() -> None:
    for one in (Button("setup/votes/nothing_like_it", "X"), Button("plan/1/steal", "Y"), Button("vote/1/x/for", "Z")):
        assert REPLIES.buttons(Called(Result("", buttons=(one,)), "ok"), "de") == (one,)


async def test_the_thread_of_a_suggestion_asks_in_its_members_language() -> None:

    town = Town()
    for words, said in ((TEXTS, TEXTS("plan.what", "de")), (None, wishes.QUESTIONS[0])):
        town.doors = replace(town.doors, words=words)
        caller = Caller(UserId("ann"), ChannelId("hall"), "Ann", "de", guild=GuildId(town.guild))
        await town.registry().call("suggest_improvement", {"text": f"greet people {bool(words)}"}, caller)
        post = town.messenger.sent[-1][1]
        assert post.text == said
        assert post.buttons[0].asks == said
        assert post.buttons[0].label == ("Antworten" if words else "Answer")
        assert {row["language"] for _, row in town.records.scan("suggestions")} == {"de"}
