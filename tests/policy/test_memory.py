"""What of a member's facts holds, fades and comes first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import GuildId, UserId
from bot.policy.memory import (
    HALF_LIFE,
    MOST_USES,
    Held,
    Outcome,
    Place,
    denied,
    fused,
    near,
    settle,
    strength,
    surplus,
    telling,
    visible,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = Held("1", "home", "vienna", 0.8, NOON)


def held(number: int, topic: str = "home", value: str = "", **more: object) -> Held:
    at = NOON + timedelta(minutes=number)
    return replace(Held(str(number), topic, value or f"value{number}", 0.5, at), **more)  # type: ignore[arg-type]


HELD = st.builds(
    Held,
    st.uuids().map(str),
    st.sampled_from(["home", "like"]),
    st.sampled_from(["vienna", "graz", "tea"]),
    st.floats(0, 1),
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    many=st.booleans(),
    uses=st.integers(0, 30),
    superseded=st.booleans(),
)
SPANS = st.timedeltas(timedelta(0), timedelta(days=3000))


def test_a_fact_counts_half_after_its_half_life() -> None:
    assert strength(HOME, NOON) == pytest.approx(0.8)
    assert strength(HOME, NOON + HALF_LIFE) == pytest.approx(0.4)
    assert strength(HOME, NOON + 2 * HALF_LIFE) == pytest.approx(0.2)


def test_use_starts_the_clock_anew_and_makes_it_slower() -> None:
    used = replace(HOME, uses=5, used=NOON + HALF_LIFE)
    assert strength(used, NOON + HALF_LIFE) == pytest.approx(0.8)
    assert strength(used, NOON + 3 * HALF_LIFE) == pytest.approx(0.4)


def test_uses_beyond_the_most_add_nothing() -> None:
    later = NOON + HALF_LIFE
    assert strength(replace(HOME, uses=MOST_USES), later) == strength(replace(HOME, uses=10**6), later)


def test_a_clock_that_ran_backwards_does_not_make_a_fact_stronger() -> None:
    assert strength(HOME, NOON - timedelta(days=900)) == pytest.approx(0.8)


@given(HELD, SPANS, SPANS)
def test_strength_never_grows_by_itself(fact: Held, sooner: timedelta, more: timedelta) -> None:
    early, late = strength(fact, fact.at + sooner), strength(fact, fact.at + sooner + more)
    assert 0 <= late <= early <= 1


@given(HELD, SPANS, st.integers(0, 20))
def test_use_never_makes_a_fact_weaker(fact: Held, span: timedelta, uses: int) -> None:
    now = fact.at + span
    used = replace(fact, uses=fact.uses + uses, used=now)
    assert strength(used, now + HALF_LIFE) >= strength(fact, now + HALF_LIFE)


def test_the_newest_of_one_value_supersedes_the_others() -> None:
    assert settle(held(2), [HOME]) == Outcome(superseded=("1",))


def test_a_topic_of_many_gathers() -> None:
    assert settle(held(2, many=True), [replace(HOME, many=True)]) == Outcome()


def test_another_topic_is_left_alone() -> None:
    assert settle(held(2, topic="job"), [HOME]) == Outcome()


def test_the_same_again_is_stored_once() -> None:
    assert settle(held(2, value="vienna"), [HOME]) == Outcome(again="1")


def test_back_to_an_earlier_value_is_a_new_fact() -> None:
    earlier = [replace(HOME, superseded=True), held(2, value="graz")]
    assert settle(held(3, value="vienna"), earlier) == Outcome(superseded=("2",))


@given(HELD, st.lists(HELD, max_size=6, unique_by=lambda one: one.id))
def test_contradiction_never_loses_the_newest(new: Held, earlier: list[Held]) -> None:
    """Whatever came before, the new value is held afterwards, and of a single topic nothing else is."""
    new = replace(new, superseded=False, id="new")
    outcome = settle(new, earlier)
    after = [one for one in (*earlier, *([] if outcome.again else [new])) if one.id not in outcome.superseded]
    current = [one for one in after if one.topic == new.topic and not one.superseded]
    assert new.value in {one.value for one in current}
    if not new.many:
        assert {one.value for one in current} == {new.value}
    assert {one.id for one in earlier if one.topic != new.topic}.isdisjoint(outcome.superseded)


def test_a_denial_takes_the_value_or_the_whole_topic() -> None:
    facts = [held(1, "like", "tea"), held(2, "like", "cake"), held(3, "dislike", "tea")]
    assert denied("like", "tea", facts) == ("1",)
    assert denied("like", "", facts) == ("1", "2")
    assert denied("like", "coffee", facts) == ()


def test_a_denial_names_a_part_of_what_was_said() -> None:
    facts = [held(1, "pet", "dog rex"), held(2, "pet", "cat mia")]
    assert denied("pet", "dog", facts) == ("1",)


def test_superseded_facts_go_first_then_the_weakest() -> None:
    old, weak, strong = held(1, superseded=True), held(2, importance=0.1), held(3, importance=0.9)
    assert surplus([strong, weak, old], 3, NOON) == ()
    assert surplus([strong, weak, old], 2, NOON) == ("1",)
    assert surplus([strong, weak, old], 1, NOON) == ("1", "2")


@given(st.lists(HELD, min_size=1, max_size=12, unique_by=lambda one: one.id), st.integers(1, 12))
def test_what_is_left_fits_and_holds_the_newest(facts: list[Held], most: int) -> None:
    gone = surplus(facts, most, NOON)
    assert len(facts) - len(gone) == min(len(facts), most)
    assert max(facts, key=lambda one: (one.at, one.id)).id not in gone


def test_what_two_rankings_agree_on_comes_first() -> None:
    assert fused([["a", "b", "c"], ["d", "b"]], {})[0] == "b"
    assert fused([], {}) == ()


def test_importance_decides_only_between_equals() -> None:
    assert fused([["a"], ["b"]], {"b": 0.9}) == ("b", "a")
    assert fused([["a", "b"]], {"a": 0.0, "b": 1.0}) == ("a", "b")


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=3),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 2)),
)
def test_fusion_holds_each_once_and_nothing_else(rankings: list[list[str]], weights: dict[str, float]) -> None:
    found = fused(rankings, weights)
    assert sorted(found) == sorted({one for ranking in rankings for one in ranking})
    assert fused([*rankings, *rankings], weights) is not None


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True))
def test_one_ranking_stays_as_it_is_whatever_the_weights(ranking: list[str]) -> None:
    assert fused([ranking], {ranking[-1]: 1.0}) == tuple(ranking)


def test_only_what_is_near_enough_and_near_the_best() -> None:
    scores = [("far", 0.5), ("best", 0.9), ("close", 0.86), ("off", 0.8)]
    assert near(scores, 0.75, 0.06) == ("best", "close")
    assert near(scores, 0.95, 0.06) == ()
    assert near([], 0.1, 0.1) == ()


def test_words_that_many_share_tell_nothing() -> None:
    scores = [("a", 4.0), ("b", 3.0), ("c", 1.0)]
    assert telling(scores, 0.5, 2) == ("a", "b")
    assert telling(scores, 0.2, 2) == ()
    assert telling([], 0.5, 2) == ()


PLACES = st.builds(
    Place,
    st.sampled_from([UserId("ann"), UserId("bob")]),
    st.sampled_from(["", "g1", "g2"]).map(GuildId),
    st.booleans(),
)


@given(PLACES, PLACES)
def test_no_fact_leaves_its_member_its_guild_or_its_privacy(told: Place, asked: Place) -> None:
    if visible(told, asked):
        assert (told.user, told.guild) == (asked.user, asked.guild)
        assert asked.private or not told.private


def test_a_fact_is_seen_where_it_was_told() -> None:
    ann, one = UserId("ann"), GuildId("g1")
    for private in (False, True):
        assert visible(Place(ann, one, private), Place(ann, one, private))
    assert visible(Place(ann, one, private=False), Place(ann, one, private=True))
    assert not visible(Place(ann, GuildId(""), private=False), Place(ann, one, private=False))
