"""The life of a lesson: each state has its way in, nothing comes back from being forgotten, and bounds hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import ProposalId
from bot.policy.knowledge import BAD, HALF_LIFE, Outcome, Result
from bot.policy.knowledge_lifecycle import LIFE, LONGEST, SHORTEST, Facts, State, active, lessons, settled, step

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = (LIFE + 1) * HALF_LIFE
FACTS = st.builds(
    Facts,
    accepted=st.booleans(),
    ended=st.booleans(),
    tried=st.integers(0, 5),
    running=st.integers(0, 3),
    agreed=st.integers(0, 9),
    against=st.integers(0, 9),
    age=st.timedeltas(timedelta(0), timedelta(days=900)),
    crowded=st.booleans(),
    forgotten=st.booleans(),
)


def outcome(number: int, result: Result, days: float = 0.0, rule: str = "flatten", author: str = "codemods") -> Outcome:
    at = NOW - timedelta(days=days)
    return Outcome(ProposalId(f"{number:012x}"), author, rule, "refactor", result, "why", at)


def states(*outcomes: Outcome, **more: int) -> dict[int, State]:
    return {int(one.outcome.idea, 16): one.state for one in lessons(outcomes, NOW, **more)}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(), State.DISCOVERED),
        (Facts(accepted=True), State.VALIDATED),
        (Facts(accepted=True, ended=True), State.STORED),
        (Facts(accepted=True, ended=True, tried=1), State.APPLIED),
        (Facts(accepted=True, ended=True, tried=1, running=1), State.MONITORED),
        (Facts(accepted=True, ended=True, tried=1, agreed=1), State.REINFORCED),
        (Facts(accepted=True, ended=True, tried=2, agreed=1, against=1), State.APPLIED),
        (Facts(accepted=True, ended=True, age=OLD), State.ARCHIVED),
        (Facts(accepted=True, ended=True, crowded=True), State.ARCHIVED),
        (Facts(accepted=True, ended=True, forgotten=True), State.FORGOTTEN),
    ],
)
def test_every_state_has_its_way_in(facts: Facts, state: State) -> None:
    assert settled(facts) is state


def test_a_life_goes_through_the_states_in_their_order() -> None:
    facts, state, seen = Facts(), State.DISCOVERED, [State.DISCOVERED]
    for changed in (
        {"accepted": True},
        {"ended": True},
        {"tried": 1},
        {"running": 1},
        {"running": 0, "agreed": 1},
        {"age": 2 * OLD},
        {"forgotten": True},
    ):
        facts = replace(facts, **changed)
        state = step(state, facts)
        seen.append(state)
    assert seen == list(State), "one step each, none skipped"


@given(FACTS, st.sampled_from([state for state in State if state is not State.FORGOTTEN]))
def test_it_ends_in_the_same_state_wherever_it_began(facts: Facts, state: State) -> None:
    assert settled(facts, state) is settled(facts)
    assert step(settled(facts), facts) is settled(facts)


@given(FACTS)
def test_nothing_comes_back_from_being_forgotten(facts: Facts) -> None:
    assert settled(facts, State.FORGOTTEN) is State.FORGOTTEN


@given(FACTS)
def test_what_agrees_lengthens_a_life_within_bounds_and_what_does_not_shortens_it(facts: Facts) -> None:
    assert SHORTEST * HALF_LIFE <= facts.life <= LONGEST * HALF_LIFE
    assert replace(facts, agreed=facts.agreed + 1).life >= facts.life >= replace(facts, against=facts.against + 1).life


@given(FACTS, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_time_alone_never_takes_it_out_of_the_archive(facts: Facts, more: timedelta) -> None:
    if settled(facts) is State.ARCHIVED:
        assert settled(replace(facts, age=facts.age + more)) is State.ARCHIVED


def test_states_follow_from_the_outcomes_of_the_same_strategy_alone() -> None:
    first, again = outcome(1, Result.HEALTHY, 30), outcome(2, Result.HEALTHY, 20)
    assert states(first, again) == {1: State.REINFORCED, 2: State.STORED}
    assert states(first, outcome(2, Result.REVERTED, 20)) == {1: State.APPLIED, 2: State.STORED}
    assert states(first, outcome(2, Result.OPEN, 20)) == {1: State.MONITORED, 2: State.DISCOVERED}
    assert states(first, outcome(2, Result.MERGED, 20)) == {1: State.MONITORED, 2: State.VALIDATED}
    assert states(first, outcome(2, Result.HEALTHY, 20, rule="other")) == {1: State.STORED, 2: State.STORED}
    assert states(first, outcome(2, Result.HEALTHY, 20, author="else")) == {1: State.STORED, 2: State.STORED}


def test_what_the_author_declined_bears_out_nothing() -> None:
    assert states(outcome(1, Result.HEALTHY, 30), outcome(2, Result.UNWRITTEN, 20))[1] is State.STORED


def test_a_lesson_that_later_tries_agree_with_outlives_one_that_they_do_not() -> None:
    borne_out = [outcome(1, Result.REFUSED, OLD.days), outcome(2, Result.REJECTED, 9), outcome(3, Result.REFUSED, 8)]
    assert states(*borne_out)[1] is State.REINFORCED
    assert states(borne_out[0])[1] is State.ARCHIVED
    assert states(outcome(1, Result.REFUSED, 70), *(outcome(n, Result.HEALTHY, 9) for n in range(2, 6)))[1] is (
        State.ARCHIVED
    )


def test_of_too_many_the_oldest_go_to_the_archive_and_what_waits_for_people_does_not() -> None:
    many = [outcome(n, Result.REFUSED, n, rule=f"r{n}") for n in range(1, 6)]
    found = states(*many, outcome(9, Result.OPEN, 30), most=3)
    assert [n for n, state in found.items() if state is State.ARCHIVED] == [4, 5]
    assert found[9] is State.DISCOVERED


@given(
    st.lists(st.tuples(st.sampled_from(Result), st.floats(0, 900), st.sampled_from("ab")), max_size=30),
    st.integers(0, 9),
)
def test_bounds_hold_and_nothing_is_lost(tried: list[tuple[Result, float, str]], most: int) -> None:
    all_of = [outcome(n, result, days, rule) for n, (result, days, rule) in enumerate(tried)]
    found = lessons(all_of, NOW, most=most)
    assert {one.outcome.idea for one in found} == {one.idea for one in all_of}
    waiting = sum(one.result is Result.OPEN for one in all_of)
    assert sum(one.active for one in found) <= most + waiting
    assert [one.outcome.at for one in found] == sorted((one.at for one in all_of), reverse=True)


def test_the_archived_do_not_rank_and_the_order_of_arrival_does_not_matter() -> None:
    old, new = outcome(1, Result.REFUSED, OLD.days), outcome(2, Result.REFUSED, 1, rule="other")
    assert active([old, new], NOW) == active([new, old], NOW) == (new,)


def test_a_lesson_is_told_with_files_and_reason() -> None:
    one = replace(outcome(1, Result.REVERTED), paths=("a.py", "b.py", "c.py", "d.py"))
    (lesson,) = lessons([one], NOW)
    assert lesson.line() == "flatten by codemods on a.py, b.py, c.py and 1 more: reverted, why"
    (bare,) = lessons([replace(one, because="", paths=())], NOW)
    assert bare.line() == "flatten by codemods: reverted, no reason was given"
    assert one.result in BAD
