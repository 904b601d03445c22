from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.memory import TABLE, Memory
from bot.chat.memory import window as module
from bot.core.chat import Line
from bot.core.errors import Unavailable
from bot.core.ids import ChannelId, UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HALL, YARD = ChannelId("hall"), ChannelId("yard")


def line(text: str, second: int = 0, user: str = "ann") -> Line:
    return Line(UserId(user), user, text, NOON + timedelta(seconds=second))


def texts(memory: Memory, channel: ChannelId = HALL) -> list[str]:
    return [one.text for one in memory.lines(channel)]


def test_the_oldest_falls_away() -> None:
    memory = Memory(DictRecords(), 3)
    for i in range(5):
        memory.add(HALL, line(str(i), i))
    assert texts(memory) == ["2", "3", "4"]


def test_no_channel_sees_another() -> None:
    records = DictRecords()
    memory = Memory(records, 9)
    memory.add(HALL, line("secret"))
    memory.flush()
    assert texts(memory, YARD) == []
    assert Memory(records, 9).lines(ChannelId("hal")) == ()


def test_a_restart_forgets_nothing_that_was_flushed() -> None:
    records = DictRecords()
    memory = Memory(records, 9)
    memory.add(HALL, line("one"))
    assert texts(Memory(records, 9)) == []
    assert memory.flush() == 1
    assert texts(Memory(records, 9)) == ["one"]
    assert memory.flush() == 0


def test_two_processes_merge_what_they_saw() -> None:
    records = DictRecords()
    blue, green = Memory(records, 9), Memory(records, 9)
    assert (texts(blue), texts(green)) == ([], [])
    blue.add(HALL, line("one", 1))
    green.add(HALL, line("two", 2))
    green.flush()
    blue.flush()
    assert texts(Memory(records, 9)) == ["one", "two"]


def test_a_smaller_window_after_a_restart_holds() -> None:
    records = DictRecords()
    memory = Memory(records, 9)
    for i in range(6):
        memory.add(HALL, line(str(i), i))
    memory.flush()
    assert texts(Memory(records, 2)) == ["4", "5"]


def test_a_failed_write_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    records = DictRecords()
    memory = Memory(records, 9)
    memory.add(HALL, line("one"))

    def full(*_: object) -> None:
        raise Unavailable("records")

    with monkeypatch.context() as patched:
        patched.setattr(records, "put", full)
        with pytest.raises(Unavailable):
            memory.flush()
    assert memory.flush() == 1
    assert texts(Memory(records, 9)) == ["one"]


def test_a_channel_that_drops_out_of_the_process_is_kept_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHANNELS", 2)
    records = DictRecords()
    memory = Memory(records, 9)
    for name in ("a", "b", "c"):
        memory.add(ChannelId(name), line(name))
    assert [key for key, _ in records.scan(TABLE)] == ["a"]
    assert texts(memory, ChannelId("a")) == ["a"]
