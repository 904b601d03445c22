"""What is edited, deleted, forgotten or too old leaves the windows, their summaries and the disk."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.chat.memory import GONE, TABLE, Memory
from bot.core.chat import Line
from bot.core.errors import Unavailable
from bot.core.ids import ChannelId, MessageId, UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HALL, YARD = ChannelId("hall"), ChannelId("yard")
ANN, BOB, BOT = UserId("ann"), UserId("bob"), UserId("megawatts")


def line(text: str, second: int = 0, user: UserId = ANN, message: str = "") -> Line:
    return Line(user, user, text, NOON + timedelta(seconds=second), by_bot=user == BOT, message=MessageId(message))


def remembering(records: Any = None, window: int = 9) -> Memory:
    return Memory(DictRecords() if records is None else records, window, clock=lambda: NOON + timedelta(hours=1))


def texts(memory: Memory, channel: ChannelId = HALL) -> list[str]:
    return [one.text for one in memory.lines(channel)]


def gist(memory: Memory, channel: ChannelId = HALL) -> list[str]:
    return [one.text for one in memory.summary(channel)]


def on_disk(records: DictRecords) -> str:
    return json.dumps([records.scan(name) for name in (TABLE, GONE)])


def talk(memory: Memory) -> None:
    memory.add(HALL, line("the vault opens at nine thirty", 1, ANN, "m1"))
    memory.add(HALL, line("Noted.", 2, BOT, "m1"))
    memory.add(HALL, line("nice weather today", 3, BOB, "m2"))
    memory.add(HALL, line("So it is.", 4, BOT, "m2"))
    memory.flush()


class TestDrop:
    def test_a_deleted_message_takes_its_answer_along_and_nothing_else(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        assert memory.drop(HALL, [MessageId("m1")]) == 2
        assert texts(memory) == ["nice weather today", "So it is."]
        assert texts(remembering(records)) == ["nice weather today", "So it is."]
        assert "vault" not in on_disk(records)

    def test_it_is_on_disk_at_once_without_a_flush(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        memory.add(HALL, line("unflushed secret", 1, ANN, "m1"))
        memory.add(HALL, line("stays", 2, BOB, "m2"))
        memory.drop(HALL, [MessageId("m1")])
        assert texts(remembering(records)) == ["stays"]
        memory.flush()
        assert "unflushed" not in on_disk(records)

    def test_what_is_not_known_costs_no_write(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        before = on_disk(records)
        assert memory.drop(HALL, [MessageId("other"), MessageId("")]) == 0
        assert memory.drop(YARD, [MessageId("m1")]) == 0
        assert on_disk(records) == before

    def test_lines_without_a_message_id_are_not_all_one_message(self) -> None:
        memory = remembering()
        memory.add(HALL, line("old one", 1))
        memory.add(HALL, line("old two", 2))
        assert memory.drop(HALL, [MessageId("")]) == 0
        assert texts(memory) == ["old one", "old two"]

    def test_what_the_bot_repeated_elsewhere_in_the_channel_goes_too(self) -> None:
        memory = remembering()
        talk(memory)
        memory.add(HALL, line("what was said?", 5, BOB, "m3"))
        memory.add(HALL, line("Ann: the vault opens at nine thirty. Bob: nice weather today", 6, BOT, "m3"))
        memory.drop(HALL, [MessageId("m1")])
        assert "vault" not in " ".join(texts(memory))
        assert "what was said?" in texts(memory)

    def test_a_code_that_the_bot_repeated_goes_too(self) -> None:
        memory = remembering()
        memory.add(HALL, line("it is X7Q42Z", 1, ANN, "m1"))
        memory.add(HALL, line("I take X7Q42Z for the code.", 2, BOT, "m9"))
        memory.drop(HALL, [MessageId("m1")])
        assert texts(memory) == []

    def test_a_last_line_leaves_no_row(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        memory.add(HALL, line("only this", 1, ANN, "m1"))
        memory.flush()
        memory.drop(HALL, [MessageId("m1")])
        assert records.scan(TABLE) == []

    def test_a_process_that_still_has_it_in_mind_does_not_bring_it_back(self) -> None:
        records = DictRecords()
        blue, green = remembering(records), remembering(records)
        talk(blue)
        green.add(HALL, line("a green line", 9, BOB, "m9"))
        assert "the vault opens at nine thirty" in texts(green)
        blue.drop(HALL, [MessageId("m1")])
        green.flush()
        assert "vault" not in on_disk(records)
        assert "vault" not in " ".join(texts(green))
        assert "a green line" in texts(green)

    def test_a_deletion_while_another_process_writes_holds(self) -> None:
        """The other process has read the row, then this one deletes, then the other writes what it had read."""
        records = DictRecords()
        blue = remembering(records)
        talk(blue)

        class Slow(DictRecords):
            def put(self, table: str, key: str, row: Any) -> None:
                if table == TABLE and not dropped:
                    dropped.append(blue.drop(HALL, [MessageId("m1")]))
                records.put(table, key, row)

            def __getattribute__(self, name: str) -> Any:
                return object.__getattribute__(self, name) if name == "put" else getattr(records, name)

        dropped: list[int] = []
        green = remembering(Slow())
        green.add(HALL, line("a green line", 9, BOB, "m9"))
        green.flush()
        assert dropped == [2]
        assert "vault" not in on_disk(records)
        assert "a green line" in on_disk(records)

    def test_if_the_disk_fails_it_is_gone_from_mind_and_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)

        def full(table: str, key: str, row: Any) -> None:
            if table == TABLE:
                raise Unavailable("records")

        with monkeypatch.context() as patched:
            patched.setattr(records, "put", full)
            with pytest.raises(Unavailable):
                memory.drop(HALL, [MessageId("m1")])
        assert "vault" not in " ".join(texts(memory))
        records.put(GONE, f"channel/{HALL}", {"m1": NOON.isoformat()})
        assert memory.flush() == 1
        assert "vault" not in on_disk(records)


class TestEdit:
    def test_the_new_text_is_remembered_and_on_disk(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        assert memory.edit(HALL, MessageId("m1"), "the shop opens at ten")
        assert texts(memory)[0] == "the shop opens at ten"
        assert "vault" not in on_disk(records)
        assert texts(remembering(records)) == texts(memory)

    def test_the_answer_stays_unless_it_repeats_the_old_text(self) -> None:
        memory = remembering()
        talk(memory)
        memory.add(HALL, line("You said: the vault opens at nine thirty", 5, BOT, "m1"))
        memory.edit(HALL, MessageId("m1"), "the shop opens at ten")
        assert texts(memory) == ["the shop opens at ten", "Noted.", "nice weather today", "So it is."]

    def test_an_unknown_message_is_no_edit(self) -> None:
        memory = remembering()
        talk(memory)
        assert not memory.edit(HALL, MessageId("m8"), "else")
        assert not memory.edit(YARD, MessageId("m1"), "else")
        assert not memory.edit(HALL, MessageId(""), "else")

    def test_edited_to_nothing_is_deleted(self) -> None:
        memory = remembering()
        talk(memory)
        assert memory.edit(HALL, MessageId("m1"), " ")
        assert texts(memory) == ["nice weather today", "So it is."]

    def test_another_process_keeps_the_edited_text(self) -> None:
        records = DictRecords()
        blue, green = remembering(records), remembering(records)
        talk(blue)
        green.add(HALL, line("green", 9, BOB, "m9"))
        blue.edit(HALL, MessageId("m1"), "the shop opens at ten")
        green.flush()
        assert "vault" not in on_disk(records)
        assert texts(green)[0] == "the shop opens at ten"

    def test_a_sentence_in_the_summary_is_edited_too(self) -> None:
        memory = remembering(window=1)
        talk(memory)
        assert "the vault opens at nine thirty" in gist(memory)
        memory.edit(HALL, MessageId("m1"), "the bakery opens at ten o'clock")
        assert "the bakery opens at ten o'clock" in gist(memory)
        assert "vault" not in " ".join(gist(memory))


class TestSummary:
    def test_what_falls_out_of_the_window_leaves_its_best_sentence(self) -> None:
        memory = remembering(window=2)
        memory.add(HALL, line("Hi! We meet on Friday at the old harbour. Ok?", 1))
        for number in range(2, 4):
            memory.add(HALL, line(f"line {number}", number))
        assert gist(memory) == ["We meet on Friday at the old harbour."]
        assert texts(memory) == ["line 2", "line 3"]

    def test_small_talk_leaves_nothing(self) -> None:
        memory = remembering(window=1)
        for number, text in enumerate(("hi", "ok", "lol yes", "we ship the release on Friday", "ok")):
            memory.add(HALL, line(text, number))
        assert gist(memory) == ["we ship the release on Friday"]

    def test_it_is_bounded_and_keeps_what_the_talk_is_about(self) -> None:
        memory = remembering(window=1)
        for number in range(40):
            text = f"Release planning: testers check build {number}" if number % 2 else f"Random lunch remark {number}"
            memory.add(HALL, line(text, number))
        assert len(gist(memory)) == 12
        assert sum("planning" in one for one in gist(memory)) > 6
        assert gist(memory) == sorted(gist(memory), key=lambda one: int(one.split()[-1]))

    def test_it_survives_a_restart_and_no_line_is_in_it_and_in_the_window(self) -> None:
        records = DictRecords()
        memory = remembering(records, window=2)
        for number in range(6):
            memory.add(HALL, line(f"planning topic number{number}", number, message=f"m{number}"))
        memory.flush()
        again = remembering(records, window=2)
        assert gist(again) == [f"planning topic number{number}" for number in range(4)]
        assert texts(again) == ["planning topic number4", "planning topic number5"]

    def test_nothing_of_a_deleted_message_survives_in_it(self) -> None:
        records = DictRecords()
        memory = remembering(records, window=1)
        talk(memory)
        assert "the vault opens at nine thirty" in gist(memory)
        memory.drop(HALL, [MessageId("m1")])
        assert "vault" not in " ".join(gist(memory))
        assert "nice weather today" in gist(memory)
        assert "vault" not in on_disk(records)


class TestForget:
    def test_a_member_leaves_every_channel_also_those_only_on_disk(self) -> None:
        records = DictRecords()
        before = remembering(records)
        talk(before)
        before.add(YARD, line("ann in the yard", 1, ANN, "y1"))
        before.flush()
        memory = remembering(records)
        memory.add(HALL, line("ann again", 8, ANN, "m8"))
        assert memory.forget(ANN) == 4
        assert texts(memory) == ["nice weather today", "So it is."]
        assert records.get(TABLE, YARD) is None
        assert "ann" not in json.dumps(records.scan(TABLE))

    def test_answers_from_before_there_were_message_ids_go_too(self) -> None:
        memory = remembering()
        for second, (text, user) in enumerate(
            (("my cat died", ANN), ("Sorry for that.", BOT), ("hello", BOB), ("Hi Bob", BOT))
        ):
            memory.add(HALL, line(text, second, user))
        memory.forget(ANN)
        assert texts(memory) == ["hello", "Hi Bob"]

    def test_who_is_forgotten_may_speak_again(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        memory.forget(ANN)
        memory.add(HALL, line("back again", 7200, ANN, "m7"))
        memory.flush()
        assert texts(remembering(records))[-1] == "back again"

    def test_another_process_does_not_bring_them_back(self) -> None:
        records = DictRecords()
        blue, green = remembering(records), remembering(records)
        talk(blue)
        green.add(HALL, line("green", 9, BOB, "m9"))
        green.add(YARD, line("ann unflushed in green", 9, ANN, "m10"))
        blue.forget(ANN)
        green.flush()
        assert "vault" not in on_disk(records)
        assert "unflushed" not in on_disk(records)
        assert texts(green) == ["nice weather today", "So it is.", "green"]

    def test_nobody_known_is_nothing_lost(self) -> None:
        memory = remembering()
        talk(memory)
        assert memory.forget(UserId("an")) == 0
        assert len(texts(memory)) == 4

    def test_the_file_holds_no_byte_of_it(self, tmp_path: Path) -> None:
        records = SqliteRecords(tmp_path / "r.db")
        memory = remembering(records)
        talk(memory)
        memory.forget(ANN)
        records.scrub()
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert b"vault" not in held
        assert b"nice weather" in held
        records.close()


class TestExpire:
    def test_old_lines_go_everywhere(self) -> None:
        records = DictRecords()
        before = remembering(records, window=1)
        before.add(YARD, line("the ancient planning notes", 1))
        before.add(YARD, line("the younger planning notes", 50))
        before.flush()
        memory = remembering(records, window=1)
        assert memory.expire(NOON + timedelta(seconds=30)) == 1
        assert gist(memory, YARD) == []
        assert texts(memory, YARD) == ["the younger planning notes"]
        assert "ancient" not in on_disk(records)

    def test_marks_of_what_is_gone_go_a_day_later(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        memory.drop(HALL, [MessageId("m1")])
        memory.expire(NOON - timedelta(days=1))
        assert records.scan(GONE) != []
        Memory(records, 9, clock=lambda: NOON + timedelta(days=3)).expire(NOON - timedelta(days=1))
        assert records.scan(GONE) == []
        assert texts(remembering(records)) == ["nice weather today", "So it is."]


class TestExport:
    def test_a_member_sees_their_lines_and_the_answers_to_them(self) -> None:
        records = DictRecords()
        memory = remembering(records)
        talk(memory)
        memory.add(YARD, line("unflushed", 1, ANN, "y1"))
        held = [(row["channel"], row["text"]) for row in memory.of(ANN)]
        assert held == [(HALL, "the vault opens at nine thirty"), (HALL, "Noted."), (YARD, "unflushed")]
        assert memory.of(UserId("an")) == []

    def test_what_is_in_the_summary_is_shown_too(self) -> None:
        memory = remembering(window=1)
        talk(memory)
        assert "the vault opens at nine thirty" in [row["text"] for row in memory.of(ANN)]


def test_rows_from_before_there_were_message_ids_still_load() -> None:
    records = DictRecords()
    row = {"user": "ann", "name": "Ann", "text": "old", "at": NOON.isoformat(), "bot": False}
    records.put(TABLE, HALL, {"lines": [row]})
    memory = remembering(records)
    assert memory.lines(HALL) == (Line(ANN, "Ann", "old", NOON),)
    memory.add(HALL, line("new", 1, BOB, "m1"))
    memory.flush()
    assert texts(remembering(records)) == ["old", "new"]
