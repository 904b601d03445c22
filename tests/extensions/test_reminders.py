import pytest

from bot.extensions._guild import spell


async def test_it_is_stored_for_the_one_who_asked(desk) -> None:
    called = await desk.call("set_reminder", delay=600, what="stretch.")
    assert called.result.facts["due"] == "2026-03-01 12:10"
    [(key, row)] = desk.records.scan("reminders")
    assert key.startswith("ann/")
    assert (row["user"], row["text"], row["due"]) == ("ann", "stretch", "2026-03-01T12:10:00+00:00")


@pytest.mark.parametrize(
    ("delay", "what", "key"),
    [(0, "stretch", "no_time"), (-5, "stretch", "no_time"), (60, " . ", "no_text"), (367 * 86400, "age", "too_far")],
)
async def test_what_cannot_be_kept_says_what_to_do(desk, delay: int, what: str, key: str) -> None:
    called = await desk.call("set_reminder", delay=delay, what=what)
    assert (called.fate, called.result.key) == ("refused", key)
    assert desk.records.scan("reminders") == []


async def test_a_member_can_only_keep_so_many_and_hinders_nobody(desk) -> None:
    for i in range(25):
        assert (await desk.call("set_reminder", delay=60 + i, what="x")).fate == "ok"
    assert (await desk.call("set_reminder", delay=5, what="x")).result.key == "too_many"
    assert (await desk.call("set_reminder", user="bob", delay=5, what="x")).fate == "ok"


async def test_each_sees_and_cancels_only_their_own(desk) -> None:
    await desk.call("set_reminder", delay=600, what="stretch")
    number = desk.records.scan("reminders")[0][1]["id"]
    assert (await desk.call("list_reminders", user="bob")).result.key == "none"
    assert (await desk.call("cancel_reminder", user="bob", number=number)).fate == "refused"
    assert "stretch" in (await desk.call("list_reminders")).result.text
    assert (await desk.call("cancel_reminder", number=number[:4])).fate == "ok"
    assert desk.records.scan("reminders") == []


@pytest.mark.parametrize("number", ["", "abc", "zzzz"])
async def test_no_such_reminder(desk, number: str) -> None:
    await desk.call("set_reminder", delay=600, what="stretch")
    assert (await desk.call("cancel_reminder", number=number)).result.key == "not_found"
    assert len(desk.records.scan("reminders")) == 1


async def test_a_name_cannot_reach_into_anothers_shelf(desk) -> None:
    await desk.call("set_reminder", delay=600, what="stretch", user="ann/x")
    assert (await desk.call("list_reminders", user="ann")).result.key == "none"


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 s"), (90, "1 min 30 s"), (7200, "2 h"), (93784, "1 d 2 h")])
def test_a_duration_is_spoken_in_its_two_largest_units(seconds: int, words: str) -> None:
    assert spell(seconds) == words


@pytest.mark.parametrize(
    ("delay", "what", "due", "text"),
    [
        ("10m", "stretch", "2026-03-01 12:10", "stretch"),
        ("in", "10 minutes to stretch", "2026-03-01 12:10", "stretch"),
        ("1h 30m", "stretch", "2026-03-01 13:30", "stretch"),
        ("me", "in 2 days and 1 hour that it is late", "2026-03-03 13:00", "it is late"),
        ("90", "stretch", "2026-03-01 12:01", "stretch"),
    ],
)
async def test_a_time_as_members_write_it(desk, delay: str, what: str, due: str, text: str) -> None:
    facts = (await desk.call("set_reminder", delay=delay, what=what)).result.facts
    assert (facts["due"], facts["what"]) == (due, text)


@pytest.mark.parametrize("delay", ["soon", "in", "ten", "-5", "1e9"])
async def test_a_time_that_is_none(desk, delay: str) -> None:
    assert (await desk.call("set_reminder", delay=delay, what="stretch")).result.key == "no_time"


async def test_news_of_a_suggestion_are_no_reminder(desk) -> None:
    row = {"id": "x1y2", "user": "ann", "channel": "hall", "text": "merged", "due": desk.now.isoformat(), "news": True}
    desk.records.put("reminders", "ann/0-x1y2", row)
    assert (await desk.call("list_reminders")).result.key == "none"
    assert (await desk.call("cancel_reminder", number="x1y2")).result.key == "not_found"
