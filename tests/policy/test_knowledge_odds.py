"""The bandit explores what is untried, settles on what works, and lets go of what worked once (seeded simulations)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import ProposalId
from bot.policy.knowledge import BAD, GOOD, HALF_LIFE, PRIORS, Odds, Outcome, Result, odds
from bot.policy.knowledge_lifecycle import active

START = datetime(2026, 1, 1, tzinfo=UTC)
CHANCES = {"low": 0.2, "even": 0.5, "high": 0.8}


def play(chances: list[dict[str, float]], tries: int, seed: int, apart: timedelta) -> list[str]:
    """Whom the upper edge chooses, one try after another, as the world goes from one set of chances to the next."""
    random, past, chosen = Random(seed), list[Outcome](), list[str]()
    for number in range(tries * len(chances)):
        now, true = START + number * apart, chances[number // tries]
        known = active(past, now)
        best = max(sorted(true), key=lambda name: odds(known, name, "rule", now).upper)
        result = Result.HEALTHY if random.random() < true[best] else Result.REJECTED
        past.append(Outcome(ProposalId(f"{number:012x}"), best, "rule", "fix", result, "", now))
        chosen.append(best)
    return chosen


def share(chosen: list[str], name: str) -> float:
    return Counter(chosen)[name] / len(chosen)


@pytest.mark.slow
def test_it_explores_first_and_settles_on_what_works() -> None:
    for seed in range(3):
        chosen = play([CHANCES], 60, seed, timedelta(hours=2))
        assert set(chosen[:30]) == set(CHANCES), "nobody is left untried"
        assert share(chosen[30:], "high") > 0.5, seed
        assert share(chosen, "low") < 0.3, seed


@pytest.mark.slow
def test_what_stops_working_is_left_within_some_half_lives() -> None:
    turned = {"low": 0.8, "even": 0.5, "high": 0.1}
    for seed in range(2):
        chosen = play([CHANCES, turned], 50, seed, timedelta(days=4))
        assert share(chosen[-20:], "high") < 0.3, seed
        assert share(chosen[-20:], "low") > share(chosen[30:50], "low"), seed


@given(st.floats(1.0, 500.0), st.floats(1.0, 500.0))
def test_the_edge_is_a_chance_and_above_the_mean(good: float, bad: float) -> None:
    one = Odds(good, bad)
    assert one.mean <= one.upper <= 1.0
    assert one.spread <= Odds(1.0, 1.0).spread


@given(st.integers(1, 40), st.integers(0, 40), st.sampled_from([Result.HEALTHY, Result.REJECTED]))
def test_what_was_learned_fades_towards_what_was_known_before_anything(count: int, later: int, result: Result) -> None:
    some = [Outcome(ProposalId(f"{n:012x}"), "a", "rule", "fix", result, "", START) for n in range(count)]
    then, now = START + later * HALF_LIFE, START + (later + 1) * HALF_LIFE
    nearer, farther = odds(some, "a", "rule", now), odds(some, "a", "rule", then)
    assert abs(nearer.mean - 0.5) < abs(farther.mean - 0.5)
    assert nearer.spread >= farther.spread or count < 2


def test_the_first_success_is_not_chosen_for_ever() -> None:
    known = [Outcome(ProposalId(f"{n:012x}"), "first", "rule", "fix", Result.HEALTHY, "", START) for n in range(6)]
    while odds(known, "first", "rule", START).upper > odds(known, "untried", "rule", START).upper:
        end = Result.REJECTED if len(known) % 10 == 0 else Result.HEALTHY
        known.append(Outcome(ProposalId(f"{len(known):012x}"), "first", "rule", "fix", end, "", START))
        assert len(known) < 50, "nine of ten are good, and still another gets its turn"
    assert len(known) > 6


@given(
    st.lists(st.tuples(st.sampled_from(["a", "agent"]), st.sampled_from("xy"), st.sampled_from(Result)), max_size=20)
)
def test_all_strategies_at_once_are_rated_as_each_by_itself(tried: list[tuple[str, str, Result]]) -> None:
    some = [Outcome(ProposalId(f"{n:012x}"), *one[:2], "fix", one[2], "", START) for n, one in enumerate(tried)]
    for author in ("a", "agent"):
        good, bad = PRIORS.get(author, (1.0, 1.0))
        for one in some:
            share = (1.0 if one.rule == "x" else 0.25) * (one.author == author)
            good, bad = good + share * (one.result in GOOD), bad + share * (one.result in BAD)
        found = odds(some, author, "x", START)
        assert found.good == pytest.approx(good)
        assert found.bad == pytest.approx(bad)


@pytest.mark.parametrize("result", [Result.OPEN, Result.UNWRITTEN])
def test_what_has_no_end_moves_nothing(result: Result) -> None:
    some = [Outcome(ProposalId("a" * 12), "a", "rule", "fix", result, "", START)]
    assert odds(some, "a", "rule", START) == odds([], "a", "rule", START)
