"""Of every member one outcome counts for each metric, however often they write and to how many processes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.trials import TABLE, Trials, digest, of_member
from bot.core.chat import Answer, Outcome
from bot.core.errors import Unavailable
from bot.core.flags import Decision, Experiment, Flag
from bot.core.ids import UserId
from bot.sdk.testing import DictRecords
from tests.chat.test_flag_book import Counting

PLAN = Experiment("unanswered", ("trouble", "slow", "displeased", "tools"), 20, 28, 2, 2, 0.05)
FLAG = Flag("hint", "experimental", "w", "o", off=False, on=True, share=50, experiment=PLAN, mark="m")
ON = Decision("hint", "on", True, "drawn", "hint-m")
ANN, BOB = UserId("ann"), UserId("bob")


class Hall:
    """One process, with the records of all."""

    def __init__(self, records: DictRecords | None = None) -> None:
        self.records, self.tally = records or DictRecords(), Counting()
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.trials = Trials(self.records, lambda: self.now, self.tally)  # type: ignore[arg-type]  # counts as one does

    def join(self, user: UserId = ANN) -> None:
        self.trials.joined(user, FLAG, ON)

    def says(self, outcome: Outcome, user: UserId = ANN, seconds: float = 0.1, tool: str = "") -> None:
        self.trials.answered(user, Answer("1", "x", "joke", outcome, tool=tool), seconds)

    def counts(self) -> list[str]:
        asyncio.run(self.trials.flush())
        return [f"{metric} {outcome}" for _trial, _side, metric, outcome in self.tally.told]


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_an_outcome_is_there_when_enough_was_seen_and_then_stands(hall: Hall) -> None:
    hall.join()
    hall.says(Outcome.UNANSWERED)
    assert hall.counts() == ["members joined"], "one message of two is no outcome"
    hall.says(Outcome.UNANSWERED)
    hall.says(Outcome.ANSWERED)
    assert hall.counts() == ["members joined", "trouble good", "slow good", "unanswered bad"]
    for _ in range(20):
        hall.says(Outcome.FAILED, seconds=9.0)
    assert len(hall.counts()) == 4, "a member counts once"


def test_fewer_bad_ones_than_were_named_are_a_good_outcome(hall: Hall) -> None:
    hall.join()
    hall.says(Outcome.UNANSWERED)
    hall.says(Outcome.ANSWERED)
    assert "unanswered good" in hall.counts()


@pytest.mark.parametrize(
    ("outcome", "seconds", "tool", "counted"),
    [
        (Outcome.ANSWERED, 0.1, "", {"trouble good", "slow good", "unanswered good"}),
        (Outcome.ANSWERED, 2.5, "roll", {"trouble good", "slow bad", "unanswered good", "tools good"}),
        (Outcome.FAILED, 0.1, "roll", {"trouble bad", "slow good", "tools bad"}),
        (Outcome.REJECTED, 9.0, "", {"trouble bad"}),
    ],
)
def test_what_each_metric_counts(hall: Hall, outcome: Outcome, seconds: float, tool: str, counted: set[str]) -> None:
    hall.join()
    for _ in range(2):
        hall.says(outcome, seconds=seconds, tool=tool)
    assert set(hall.counts()) == {"members joined", *counted}


def test_a_voice_counts_by_itself(hall: Hall) -> None:
    hall.join()
    hall.trials.voiced(ANN, "fix")
    hall.trials.voiced(ANN, "up")
    assert hall.counts() == ["members joined", "displeased bad"]


def test_who_did_not_meet_the_flag_is_not_counted(hall: Hall) -> None:
    hall.says(Outcome.UNANSWERED, BOB)
    hall.join(UserId(""))
    hall.trials.joined(BOB, Flag("x", "safety", "w", "o", off=False, on=True), ON)
    assert hall.counts() == []
    assert hall.records.scan(TABLE) == []


def test_neither_a_restart_nor_a_second_process_counts_a_member_again(hall: Hall) -> None:
    hall.join()
    hall.says(Outcome.ANSWERED)
    assert hall.counts() == ["members joined"]
    again = Hall(hall.records)
    again.join()
    again.says(Outcome.ANSWERED)
    again.says(Outcome.ANSWERED)
    assert again.counts() == ["trouble good", "slow good", "unanswered good"]
    hall.says(Outcome.ANSWERED)
    assert hall.counts() == ["members joined"], "the other process was first"


def test_rows_name_nobody_and_can_be_forgotten(hall: Hall) -> None:
    hall.join()
    hall.counts()
    ((key, row),) = hall.records.scan(TABLE)
    assert "ann" not in f"{key}{row}"
    assert key.endswith(digest(ANN))
    assert of_member(key, row, ANN)
    assert not of_member(key, row, BOB)


def test_old_rows_go(hall: Hall) -> None:
    hall.join()
    hall.counts()
    hall.now += timedelta(days=98)
    hall.join(BOB)
    hall.counts()
    assert [key.endswith(digest(BOB)) for key, _row in hall.records.scan(TABLE)] == [True]


def test_records_that_are_away_count_nothing_and_lose_nothing(hall: Hall) -> None:
    class Away(DictRecords):
        away = True

        def scan(self, table, prefix=""):
            if self.away:
                raise Unavailable("records", "the disk is away")
            return super().scan(table, prefix)

    far = Hall(Away())
    far.join()
    assert far.counts() == []
    far.records.away = False
    assert far.counts() == ["members joined"]


def test_a_crowd_does_not_fill_the_memory(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.trials._MOST", 3)
    for number in range(9):
        hall.join(UserId(str(number)))
    assert len(hall.trials._courses) == len(hall.trials._by_user) == 3
    hall.says(Outcome.ANSWERED, UserId("0"))
