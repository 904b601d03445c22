"""Lines beyond the window wait for a batch before they are condensed: what waits is neither shown nor spared."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.memory import GONE, TABLE, Memory
from bot.chat.memory.talk import Talk
from bot.core.chat import Line
from bot.core.ids import ChannelId, MessageId, UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HALL = ChannelId("hall")
ANN = UserId("ann")
WINDOW = 3
MANY = st.integers(1, 75)


def line(number: int) -> Line:
    text = f"planning topic number{number:03}"
    return Line(ANN, "Ann", text, NOON + timedelta(seconds=number), message=MessageId(f"m{number}"))


def remembering(records: DictRecords, count: int) -> Memory:
    memory = Memory(records, WINDOW, clock=lambda: NOON + timedelta(hours=1))
    for number in range(count):
        memory.add(HALL, line(number))
    return memory


def held(memory: Memory, records: DictRecords) -> str:
    shown = [one.text for one in (*memory.summary(HALL), *memory.lines(HALL))]
    return json.dumps([shown, records.scan(TABLE)])


@given(MANY)
def test_the_window_never_shows_more_than_its_lines(count: int) -> None:
    shown = remembering(DictRecords(), count).lines(HALL)
    assert shown == tuple(line(number) for number in range(count))[-WINDOW:]


@given(MANY)
def test_a_summary_that_is_asked_for_holds_what_waits(count: int) -> None:
    memory = remembering(DictRecords(), count)
    before = memory.summary(HALL)
    assert [one.at for one in before] == sorted({one.at for one in before})
    assert len(before) == min(12, max(0, count - WINDOW))
    assert not {one.message for one in before} & {one.message for one in memory.lines(HALL)}
    assert memory.summary(HALL) == before


@given(MANY, st.data())
def test_a_message_deleted_at_any_time_is_nowhere(count: int, data: st.DataObject) -> None:
    records = DictRecords()
    gone = data.draw(st.integers(0, count - 1))
    memory = remembering(records, count)
    if data.draw(st.booleans()):
        memory.flush()
    memory.drop(HALL, [MessageId(f"m{gone}")])
    for number in range(count, count + data.draw(st.integers(0, 30))):
        memory.add(HALL, line(number))
    memory.flush()
    assert f"number{gone:03}" not in held(memory, records)
    assert f"number{gone:03}" not in json.dumps(records.scan(GONE))
    assert f"number{gone:03}" not in held(Memory(records, WINDOW), records)


@given(MANY, st.data())
def test_a_message_edited_at_any_time_keeps_nothing_of_the_old_text(count: int, data: st.DataObject) -> None:
    records = DictRecords()
    changed = data.draw(st.integers(0, count - 1))
    memory = remembering(records, count)
    memory.edit(HALL, MessageId(f"m{changed}"), "another bakery opens tomorrow")
    assert f"number{changed:03}" not in held(memory, records)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_written_in_between_each_line_is_held_once(runs: list[int]) -> None:
    records = DictRecords()
    memory, count = remembering(records, 0), 0
    for run in runs:
        for number in range(count, count + run):
            memory.add(HALL, line(number))
        count += run
        memory.flush()
    texts = [one.text for one in (*memory.summary(HALL), *memory.lines(HALL))]
    assert len(texts) == len(set(texts)) == min(count, WINDOW + 12)
    again = Memory(records, WINDOW)
    assert [one.text for one in (*again.summary(HALL), *again.lines(HALL))] == texts


def test_a_busy_channel_is_condensed_without_being_asked() -> None:
    talk = Talk()
    for number in range(200):
        talk = talk.with_line(line(number), WINDOW)
        assert len(talk.lines) < WINDOW + 32
    assert len(talk.gist) == 12
