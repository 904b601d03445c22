import pytest

from bot.extensions._wishes import QUESTIONS
from bot.improve.analysts.wishes import accepted, wish_of
from bot.policy.buttons import asked
from tests.extensions.doubles import GUILD


async def suggest(desk, text: str = "greet new members by name", **more) -> str:
    return str((await desk.call("suggest_improvement", text=text, **more)).result.facts["id"])


async def test_questions_then_the_plan_then_go(desk) -> None:
    number = await suggest(desk)
    replies = [(await desk.call("answer_plan", text=f"answer {i}")).result for i in range(3)]
    assert [one.key for one in replies] == ["next", "next", "complete"]
    assert QUESTIONS[1] in replies[0].text
    gone = await desk.call("start_plan")
    assert gone.fate == "ok"
    [(_, row)] = desk.records.scan("suggestions")
    assert (row["id"], row["status"]) == (number, "go")
    assert row["plan"] == [f"{question} answer {i}" for i, question in enumerate(QUESTIONS)]
    assert accepted(row)
    assert "answer 2" in wish_of(row).plan


async def test_without_go_it_is_kept_and_not_accepted(desk) -> None:
    await suggest(desk)
    await desk.call("answer_plan", text="so and so")
    [(_, row)] = desk.records.scan("suggestions")
    assert not accepted(row)
    assert (await desk.call("keep_plan")).fate == "ok"
    assert not accepted(desk.records.scan("suggestions")[0][1])
    assert len(desk.records.scan("suggestions")) == 1


async def test_go_may_be_said_at_once(desk) -> None:
    await suggest(desk)
    assert (await desk.call("start_plan")).fate == "ok"
    assert (await desk.call("start_plan")).result.key == "none"
    assert (await desk.call("keep_plan")).result.key in {"none", "gone"}


@pytest.mark.parametrize("tool", ["answer_plan", "start_plan", "keep_plan", "show_plan"])
async def test_nobody_plans_anothers_suggestion(desk, tool: str) -> None:
    number = await suggest(desk)
    before = desk.records.scan("suggestions")
    called = await desk.call(tool, user="eve", number=number)
    assert called.result.key == "none"
    assert desk.records.scan("suggestions") == before


async def test_the_buttons_lead_to_the_tools(desk) -> None:
    await suggest(desk)
    shown = (await desk.call("show_plan")).result
    ids = [one.id for one in shown.buttons]
    assert shown.buttons[0].asks == QUESTIONS[0]
    name, arguments = asked(ids[0], "it says hello")
    assert (await desk.call(name, **arguments)).result.key == "next"
    name, arguments = asked(ids[1])
    assert (await desk.call(name, **arguments)).fate == "ok"
    assert desk.records.scan("suggestions")[0][1]["status"] == "go"


async def test_words_without_a_number_are_the_answer(desk) -> None:
    await suggest(desk)
    await desk.call("answer_plan", number="say", text="hello to them")
    assert desk.records.scan("suggestions")[0][1]["plan"] == [f"{QUESTIONS[0]} say hello to them"]


async def test_an_empty_answer_asks_again(desk) -> None:
    await suggest(desk)
    assert (await desk.call("answer_plan")).result.text == QUESTIONS[0]


async def test_the_newest_here_is_the_one_that_is_planned(desk) -> None:
    await suggest(desk, "greet new members by name")
    desk.channel = "kitchen"
    await suggest(desk, "roll dice with colours")
    assert "roll dice" in (await desk.call("show_plan")).result.text
    desk.channel = "hall"
    assert "greet" in (await desk.call("show_plan")).result.text


async def test_on_a_server_it_gets_a_thread_with_the_first_question(town) -> None:
    called = await town.call("suggest_improvement", text="greet new members by name")
    assert called.result.key == "thread"
    [(wish_at, wish), (question_at, question)] = town.messenger.sent
    assert (wish_at, question_at) == ("hall", "m0")
    assert wish.text.endswith("> greet new members by name")
    assert wish.card is None, "below a card the bot does not listen"
    assert question.text == QUESTIONS[0]
    [(_, row)] = town.records.scan("suggestions")
    assert (row["guild"], row["thread"], row["channel"]) == (GUILD, "m0", "hall")
    assert town.records.get("planning", "m0") == {"user": "ann", "number": row["id"]}


@pytest.mark.parametrize("tool", ["start_plan", "keep_plan"])
async def test_when_planning_ends_the_thread_is_for_talking_again(town, tool: str) -> None:
    await town.call("suggest_improvement", text="greet new members by name")
    await town.call(tool)
    assert town.records.scan("planning") == []


@pytest.mark.parametrize("trouble", ["shut", "down"])
async def test_where_there_can_be_no_thread_it_is_planned_here(town, trouble: str) -> None:
    town.messenger.shut = {"hall"} if trouble == "shut" else set()
    town.messenger.down = trouble == "down"
    called = await town.call("suggest_improvement", text="greet new members by name")
    assert called.result.key == "ok"
    assert QUESTIONS[0] in called.result.text
    assert "thread" not in town.records.scan("suggestions")[0][1]
