"""The watcher's file, its score, and how far it may go: told by what is written and what happened, never by hope."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.policy.watching import Fate, Mode, Score, Settings, Tally, Trust, Would, in_force, parse, score, tally

DAY = timedelta(days=1)
WHOLE = """
application = "shop"
repository = "org/shop"
mode = "act"
score_after = "12h"
[trust]
alarms = 3
precision = 0.9
[health]
warm_up = "2m"
reverts_per_day = 2
[[health.rules]]
name = "errors"
kind = "rate"
[[health.rules]]
name = "seconds"
kind = "latency"
[[queries]]
rule = "errors"
value = 'sum(increase(http_errors_total{revision="$revision"}[1m]))'
total = 'sum(increase(http_requests_total{revision="$revision"}[1m]))'
[[queries]]
rule = "seconds"
value = 'avg(seconds{revision="$revision"})'
"""


def test_a_whole_file_is_read() -> None:
    found = parse(WHOLE)
    assert (found.application, found.repository, found.branch, found.mode) == ("shop", "org/shop", "main", Mode.ACT)
    assert (found.score_after, found.trust) == (timedelta(hours=12), Trust(3, 0.9))
    assert (found.health.warm_up, found.health.reverts_per_day) == (timedelta(minutes=2), 2)
    assert [(query.rule, bool(query.total)) for query in found.queries] == [("errors", True), ("seconds", False)]


def test_without_a_word_it_only_watches() -> None:
    text = WHOLE.replace('mode = "act"\n', "")
    assert parse(text).mode is Mode.SHADOW


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('mode = "act"', 'mode = "acts"', "did you mean `act`"),
        ('mode = "act"', 'mod = "act"', "did you mean `mode`"),
        ('application = "shop"', "", "application is missing"),
        ('repository = "org/shop"', 'repository = "../etc"', "repository is"),
        ('repository = "org/shop"', 'repository = "org/sh op"', "repository is"),
        ('rule = "seconds"', 'rule = "second"', "does not have"),
        ('rule = "seconds"', 'rule = "errors"', "2 times"),
        ('avg(seconds{revision="$revision"})', "avg(seconds)", "does not say of which revision"),
        ("precision = 0.9", "precision = 9", "from 0.0 to 1.0"),
        ("alarms = 3", "alarms = -1", "a whole number from 0"),
        ('kind = "rate"', 'kind = "level"', "a rate needs `total`, and no other kind has one"),
        ('kind = "rate"', 'kin = "rate"', "did you mean `kind`"),
        ('warm_up = "2m"', 'warm_up = "soon"', "write a whole number and s, m, h or d"),
        ("[trust]", "[trust", "is not valid TOML"),
    ],
)
def test_every_mistake_is_named_with_its_fix(old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(Misconfigured) as said:
        parse(WHOLE.replace(old, new, 1))
    assert words in str(said.value)
    assert "watch.toml" in str(said.value)


def test_a_file_without_rules_watches_nothing_and_says_so() -> None:
    with pytest.raises(Misconfigured, match=r"health\.rules are missing"):
        parse('application = "a"\nrepository = "b"\n')


OLD, YOUNG = Fate(2 * DAY), Fate(timedelta(hours=1))


@pytest.mark.parametrize(
    ("would", "fate", "found"),
    [
        (Would.REVERT, replace(YOUNG, taken_back=True), Score.RIGHT),
        (Would.REVERT, YOUNG, None),
        (Would.REVERT, OLD, Score.WRONG),
        (Would.REVERT, replace(OLD, repaired=True), Score.UNCLEAR),
        (Would.REVERT, replace(OLD, repaired=True, taken_back=True), Score.RIGHT),
        (Would.NOTHING, replace(YOUNG, taken_back=True), Score.MISSED),
        (Would.NOTHING, YOUNG, None),
        (Would.NOTHING, OLD, Score.RIGHT),
        (Would.PERSON, YOUNG, Score.UNCLEAR),
        (Would.PERSON, replace(OLD, taken_back=True), Score.UNCLEAR),
    ],
)
def test_whether_it_was_right(would: Would, fate: Fate, found: Score | None) -> None:
    assert score(would, fate, DAY) is found


def test_figures_count_what_was_told_and_nothing_else() -> None:
    found = tally(
        [(Would.REVERT, Score.RIGHT)] * 8
        + [(Would.REVERT, Score.WRONG)] * 2
        + [(Would.NOTHING, Score.MISSED), (Would.NOTHING, Score.RIGHT), (Would.NOTHING, None)]
        + [(Would.PERSON, Score.UNCLEAR), (Would.REVERT, None)]
    )
    assert found == Tally(8, 2, 1, 1, 1, 2)
    assert found.precision == 0.8
    assert found.recall == pytest.approx(8 / 9)
    assert 0.49 < found.precision_at_least < 0.5, "binomial: 8 of 10 show no more than that"
    assert (Tally().precision, Tally().recall, Tally().precision_at_least) == (None, None, 0.0)


ACT = Settings("a", "b", mode=Mode.ACT)


def test_merging_is_earned() -> None:
    assert in_force(ACT, Tally())[0] is Mode.PROPOSE
    assert "0 of 5" in in_force(ACT, Tally())[1]
    assert in_force(ACT, Tally(alarms_right=3, alarms_wrong=2))[0] is Mode.PROPOSE
    assert "60% of its alarms were right" in in_force(ACT, Tally(alarms_right=3, alarms_wrong=2))[1]
    assert in_force(ACT, Tally(alarms_right=5)) == (Mode.ACT, "")
    assert in_force(replace(ACT, trust=Trust(0)), Tally()) == (Mode.ACT, ""), "a person may waive it, in so many words"


@given(st.builds(Tally, *[st.integers(0, 50)] * 6), st.sampled_from(Mode), st.integers(0, 20), st.floats(0, 1))
def test_no_figures_ever_allow_more_than_the_file_says(so_far: Tally, mode: Mode, alarms: int, least: float) -> None:
    found, why = in_force(replace(ACT, mode=mode, trust=Trust(alarms, least)), so_far)
    order = list(Mode)
    assert order.index(found) <= order.index(mode)
    assert (found is mode) == (why == "")
    if found is Mode.ACT:
        assert so_far.alarms >= alarms
        assert so_far.precision is None or so_far.precision >= least
