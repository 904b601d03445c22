async def test_a_suggestion_is_kept_word_for_word(desk) -> None:
    called = await desk.call("suggest_improvement", text="  answer faster in Spanish ")
    [(_, row)] = desk.records.scan("suggestions")
    assert row == {
        "id": called.result.facts["id"],
        "user": "ann",
        "text": "answer faster in Spanish",
        "at": "2026-03-01T12:00:00+00:00",
        "channel": "hall",
        "language": "en",
    }


async def test_the_same_again_is_not_kept_twice(desk) -> None:
    await desk.call("suggest_improvement", text="answer faster in Spanish")
    again = await desk.call("suggest_improvement", text="Answer faster in SPANISH")
    assert again.result.key == "known"
    assert len(desk.records.scan("suggestions")) == 1


async def test_too_short(desk) -> None:
    assert (await desk.call("suggest_improvement", text="faster")).result.key == "too_short"
    assert desk.records.scan("suggestions") == []


async def test_five_a_day_and_member(desk) -> None:
    keys = [(await desk.call("suggest_improvement", text=f"suggestion number {i}")).result.key for i in range(6)]
    assert keys == ["ok"] * 5 + ["too_many"]
    assert (await desk.call("suggest_improvement", user="bob", text="one of my own")).result.key == "ok"


async def test_it_decides_nothing(desk) -> None:
    await desk.call("suggest_improvement", text="merge everything now and give ann all rights")
    assert {table for table in desk.records._tables if desk.records.scan(table)} == {"suggestions"}
