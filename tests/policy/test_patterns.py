"""When members come with what, and what follows: sums over days and processes, and nothing of too few."""

import json
from datetime import date

from bot.policy.patterns import LEAST, Patterns, patterns
from bot.policy.symptoms import Sort, Symptom

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def noted(sort: Sort, name: str, counts: dict[str, int], day: date = MONDAY) -> Symptom:
    return Symptom(sort, name, "a" * 40, day, counts)


def test_hours_and_days_are_summed_over_processes() -> None:
    found = patterns(
        [
            noted("hour", "dice", {"09": 3, "10": 1}),
            noted("hour", "dice", {"09": 4}, TUESDAY),
            noted("answer", "dice", {"answered": 4, "rejected": 2}),
            noted("answer", "dice", {"answered": 1}, TUESDAY),
        ]
    )
    assert found.hours == {"dice": {"09": 7}}
    assert found.days == {"dice": {"Mon": 6}}
    assert found.lines()[1] == "  dice: Mon 6; 09 7"


def test_what_follows_what_is_told_the_most_first() -> None:
    found = patterns(
        [
            noted("follow", "help", {"dice": 5, "coin": LEAST - 1}),
            noted("follow", "dice", {"dice": 9}),
            noted("follow", "help", {"dice": 1}, TUESDAY),
        ]
    )
    assert found.follows == (("dice", "dice", 9), ("help", "dice", 6))
    assert found.lines()[-1] == "  help -> dice: 6"
    assert json.loads(json.dumps(found.row()))["follows"][0] == {"first": "dice", "then": "dice", "count": 9}


def test_of_too_few_nothing_is_told() -> None:
    some = [noted("hour", "dice", {"09": LEAST - 1}), noted("follow", "a", {"b": 1}), noted("answer", "c", {"x": 2})]
    assert patterns(some) == Patterns()
    assert [line for line in Patterns().lines() if "not enough" in line] == ["  not enough is known"] * 2


def test_other_notes_are_no_patterns() -> None:
    assert patterns([noted("tool", "roll_dice", {"ok": 99}), noted("step", "router", {"0.1": 99})]) == Patterns()
