import pytest


async def test_feedback_is_kept_word_for_word_and_changes_nothing(desk) -> None:
    assert (await desk.call("give_feedback", text=" you answer too long ")).fate == "ok"
    [(_, row)] = desk.records.scan("notes")
    assert (row["user"], row["text"]) == ("ann", "you answer too long")
    assert {table for table in desk.records._tables if desk.records.scan(table)} == {"notes"}


async def test_ten_a_day_and_member(desk) -> None:
    fates = [(await desk.call("give_feedback", text=f"number {i}")).fate for i in range(11)]
    assert fates == ["ok"] * 10 + ["refused"]
    assert (await desk.call("give_feedback", user="bob", text="mine")).fate == "ok"


@pytest.mark.parametrize("tool", ["give_feedback", "fix_answer"])
async def test_too_short(desk, tool: str) -> None:
    assert (await desk.call(tool, text="x")).result.key == "too_short"
    assert desk.records.scan("suggestions") == []


async def test_fix_this_becomes_a_suggestion_with_its_answer(town) -> None:
    called = await town.call("fix_answer", answer="answer-7", text="it should have named the day")
    [(_, row)] = town.records.scan("suggestions")
    assert row["text"] == "Fix this: it should have named the day"
    assert (row["answer"], row["channel"]) == ("answer-7", "hall")
    assert called.result.buttons[-2].id == f"plan/{row['id']}/go"


async def test_what_was_said_goes_along_only_under_consent(town) -> None:
    town.said("what is on Friday?")
    town.said("Nothing.", user="megawatts", by_bot=True)
    await town.call("fix_answer", text="it should have named the party")
    assert "What was said" not in town.records.scan("suggestions")[0][1]["text"]
    town.memories.agreed = {"ann"}
    await town.call("fix_answer", text="it should have named the cake")
    texts = [row["text"] for _, row in town.records.scan("suggestions")]
    assert any("member: what is on Friday? / bot: Nothing." in text for text in texts)


async def test_another_members_words_never_go_along(town) -> None:
    town.memories.agreed = {"ann", "bob"}
    town.said("my secret is blue", user="bob")
    town.said("I see.", user="megawatts", by_bot=True)
    await town.call("fix_answer", text="it should have named the day")
    assert "blue" not in town.records.scan("suggestions")[0][1]["text"]


async def test_a_command_without_an_id_keeps_its_first_word(desk) -> None:
    await desk.call("fix_answer", answer="it", text="should have named the day")
    assert desk.records.scan("suggestions")[0][1]["text"] == "Fix this: it should have named the day"


async def test_five_a_day_with_suggestions_together(desk) -> None:
    for i in range(4):
        await desk.call("suggest_improvement", text=f"suggestion number {i}")
    assert (await desk.call("fix_answer", text="this one")).fate == "ok"
    assert (await desk.call("fix_answer", text="that one")).result.key == "too_many"
    assert (await desk.call("suggest_improvement", text="and one more")).result.key == "too_many"


async def test_the_same_again(desk) -> None:
    await desk.call("fix_answer", answer="answer-7", text="name the day")
    assert (await desk.call("fix_answer", answer="answer-7", text="name the day")).result.key == "known"
    assert (await desk.call("fix_answer", answer="answer-8", text="name the day")).fate == "ok"
