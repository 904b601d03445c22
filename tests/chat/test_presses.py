"""Buttons, commands with arguments, feedback: by whom they are pressed decides what they do."""

from typing import Any

import pytest

from bot.core.chat import Command, Outcome, Press
from bot.core.errors import Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId
from bot.sdk import Result, tool
from bot.sdk.testing import DictRecords
from tests.chat.doubles import ANN, BOB, GUILD, HALL, Book, Deeds, Grown, Remembered, kitchen, message, saying


def press(button: str, user: Any = ANN, **more: Any) -> Press:
    return Press(button, user, HALL, guild=GUILD, **more)


def command(words: str, /, **arguments: Any) -> Command:
    return Command(words, arguments, ANN, HALL, "Ann", GUILD, "hall", "de")


async def test_a_command_runs_its_tool_with_its_arguments() -> None:
    house = kitchen()
    answer = await house.service.command(command("add", one=1, other="2"))
    assert (answer.text, answer.outcome, answer.tool) == ("3", Outcome.ANSWERED, "add_numbers")
    assert house.memory.lines(HALL) == (), "a command with arguments is no line of the conversation"


async def test_a_destructive_command_asks_first_in_the_members_language() -> None:
    house = kitchen()
    answer = await house.service.command(command("delete", channel="memes"))
    assert house.deeds.done == []
    assert [one.label for one in answer.buttons] == ["Tu es", "Abbrechen"]
    await house.service.press(press(answer.buttons[0].id))
    assert house.deeds.done == [("delete_channel", {"channel": "memes"})]
    again = await house.service.press(press(answer.buttons[0].id))
    assert len(house.deeds.done) == 1
    assert again.private


@pytest.mark.parametrize("name", ["ad", "role", "nothing like it", "", "x" * 500])
async def test_an_unknown_command_says_so_and_what_is_near(name: str) -> None:
    answer = await kitchen().service.command(command(name))
    assert answer.outcome is Outcome.UNANSWERED
    assert answer.private
    assert len(answer.text) < 200
    assert ("Meintest du" in answer.text) == (name in ("ad", "role"))


async def test_a_private_command_is_answered_in_private() -> None:
    assert (await kitchen().service.command(command("diary"))).private
    assert not (await kitchen().service.command(command("topic"))).private


async def test_ask_talks_and_streams() -> None:
    house, sink = kitchen(thinker=saying("Because of Rayleigh.")), Grown()
    answer = await house.service.command(command("ask", question="why is the sky blue?"), sink)
    assert answer.text == "Because of Rayleigh."
    assert house.parts.thinker.prompts[0].text == "why is the sky blue?"
    assert sink.shown == ["Because of Rayleigh."]
    prefixed = await house.service.answer(message("!ask why is it dark at night?"))
    assert prefixed.text == "Because of Rayleigh."
    assert house.parts.thinker.prompts[1].text == "why is it dark at night?"


async def test_the_arguments_of_a_command_are_moderated() -> None:
    house = kitchen()
    answer = await house.service.command(command("role create", name="kys"))
    assert answer.outcome is Outcome.REJECTED
    assert house.deeds.done == []


async def test_a_tool_that_breaks_is_a_sentence() -> None:
    house = kitchen()
    answer = await house.service.command(command("break"))
    assert answer.outcome is Outcome.FAILED
    assert "secret" not in answer.text
    assert house.observer.tools == [("break_down", "error")]


async def test_values_are_offered_while_a_member_types() -> None:
    class Choices(Deeds):
        def tools(self) -> Any:
            from typing import Literal

            @tool("Pick.", "!pick", command="pick")
            def pick(host: Any, colour: Literal["red", "rose", "blue"]) -> Result:
                return Result(colour)

            return [pick]

    service = kitchen(Choices()).service
    assert await service.complete(command("pick"), "colour", "R") == ("red", "rose")
    assert await service.complete(command("pick"), "nothing", "") == ()
    assert await service.complete(command("nothing"), "colour", "") == ()


@pytest.mark.parametrize(
    "button",
    ["", "x", "confirm/x", "cancel/../x", "pledge:x:do", "vote/1/abc/for", "vote/1/0123456789ab/for", "tool/",
     "tool/none",
     "tool/add_numbers", "tool/delete channel", "feedback/x/up", "feedback/answer-0/sideways", "file/x", "fix:", "\n",
     "a" * 300],
)  # fmt: skip
async def test_an_unknown_or_foreign_button_says_so_and_does_nothing(button: str) -> None:
    house = kitchen()
    answer = await house.service.press(press(button))
    assert answer.text
    assert answer.private
    assert house.deeds.done == []
    assert house.records.scan("feedback") == []


async def test_a_tool_button_is_the_members_own_command() -> None:
    house = kitchen()
    assert (await house.service.press(press("tool/channel_topic"))).text == "All is quiet."
    asked = await house.service.press(press("tool/delete_channel"))
    assert house.deeds.done == []
    assert asked.buttons


async def test_only_the_asker_in_the_same_guild_may_confirm() -> None:
    house = kitchen()
    answer = await house.service.command(command("delete", channel="memes"))
    await house.service.press(press(answer.buttons[0].id, BOB))
    await house.service.press(Press(answer.buttons[0].id, ANN, HALL, guild=GuildId("2")))
    assert house.deeds.done == []


class Shredder(Deeds):
    """One more tool: private, and not to be taken back."""

    def tools(self) -> tuple[Any, ...]:
        @tool("Burn your diary.", "!burn", command="burn", destructive=True, private=True)
        def burn_diary(host: Any) -> Result:
            return Result("Burnt: the page on Bob.")

        return (*super().tools(), burn_diary)


async def test_what_a_private_tool_says_after_its_button_stays_private() -> None:
    house = kitchen(Shredder())
    asked = await house.service.command(command("burn"))
    assert asked.private
    done = await house.service.press(press(asked.buttons[0].id))
    assert (done.text, done.tool, done.private) == ("Burnt: the page on Bob.", "burn_diary", True)
    assert ("burn_diary", "ok") in house.observer.tools, "what was confirmed is counted"
    public = await house.service.press(
        press((await house.service.command(command("delete", channel="x"))).buttons[0].id)
    )
    assert not public.private


async def test_presses_are_limited_like_messages() -> None:
    from bot.chat.limits import Buckets, Limits

    house = kitchen(limits=Limits(Buckets(1, 1), Buckets(100, 100)))
    await house.service.press(press("tool/channel_topic", locale="ru"))
    answer = await house.service.press(press("tool/channel_topic", locale="ru"))
    assert (answer.outcome, answer.private) == (Outcome.REJECTED, True)
    assert "Подождите" in answer.text
    assert answer.retry_after > 0


async def test_answers_carry_buttons_for_feedback_where_the_carrier_has_none() -> None:
    answer = await kitchen(feedback_buttons=True).service.answer(message("hello", locale="de"))
    assert [(one.id.split("/")[2], one.label) for one in answer.buttons] == [
        ("up", "Helpful"), ("down", "Not helpful"), ("fix", "Fix this"),
    ]  # fmt: skip
    assert answer.buttons[2].asks
    assert (await kitchen().service.answer(message("hello"))).buttons == ()
    refused = await kitchen(feedback_buttons=True).service.answer(message("kys"))
    assert refused.buttons == ()


async def test_a_voice_by_button_is_one_a_member() -> None:
    house = kitchen()
    answer = await house.service.answer(message("hello"))
    for voice in ("up", "down", "down"):
        said = await house.service.press(press(f"feedback/{answer.id}/{voice}"))
        assert said.text == house.parts.texts("feedback.thanks")
    ((_, row),) = house.records.scan("feedback")
    assert row["value"] == "down"
    gone = await house.service.press(press("feedback/answer-999/up"))
    assert gone.text == house.parts.texts("feedback.gone")


@pytest.mark.parametrize(("consents", "kept"), [(True, True), (False, False)])
async def test_what_an_opinion_is_about_is_kept_under_the_askers_consent(consents: bool, kept: bool) -> None:
    house = kitchen(thinker=saying("Noon."), memories=Remembered(consenting={"ann"} if consents else set()))
    answer = await house.service.answer(message("when is it, and is ann@x.example invited?"))
    await house.service.press(press(f"feedback/{answer.id}/fix", BOB, text="name the day, call +43 660 1234567"))
    ((_, row),) = house.records.scan("feedback")
    assert row["value"] == "fix"
    assert row["text"] == "name the day, call [phone number]"
    assert ("question" in row, "answer" in row) == (kept, kept)
    assert "ann@x.example" not in repr(house.records._tables)


async def test_a_fix_becomes_a_suggestion_with_the_askers_own_context_only() -> None:
    seen: list[Any] = []

    class Fixing(Deeds):
        def tools(self) -> Any:
            @tool("Fix.", "!fix", command="fix")
            def fix_answer(host: Any, text: str = "", answer: str = "") -> Result:
                seen.append((host.caller.user, text, answer, [line.text for line in host.caller.lines]))
                return Result("Noted.")

            return [fix_answer]

    house = kitchen(Fixing(), thinker=saying("Noon."))
    answer = await house.service.answer(message("when is it?"))
    for user, form in ((ANN, "feedback/{}/fix"), (BOB, "fix:{}")):
        said = await house.service.press(press(form.format(answer.id), user, text="name the day"))
        assert said.text == "Noted."
    assert seen == [
        ("ann", "name the day", answer.id, ["when is it?", "Noon."]),
        ("bob", "name the day", answer.id, []),
    ]


async def test_a_private_answer_is_in_no_opinion() -> None:
    house = kitchen(memories=Remembered(consenting={"ann"}))
    answer = await house.service.command(command("diary"))
    await house.service.feedback(answer.id, ANN, "down")
    ((_, row),) = house.records.scan("feedback")
    assert "diary" not in repr(row.get("answer", ""))
    assert "question" not in row


class Full(DictRecords):
    def add(self, *_: Any) -> bool:
        raise Unavailable("records")


async def test_a_voice_that_cannot_be_kept_is_an_answer_all_the_same() -> None:
    house = kitchen(records=Full())
    answer = await house.service.answer(message("hello"))
    said = await house.service.press(press(f"feedback/{answer.id}/up"))
    assert said.outcome is Outcome.FAILED


async def test_a_press_speaks_the_members_or_the_guilds_language() -> None:
    house = kitchen(book=Book(GuildSettings(GUILD, language="pl")))
    assert "przycisku" in (await house.service.press(press("x"))).text
    assert "Knopf" in (await house.service.press(press("x", locale="de"))).text
