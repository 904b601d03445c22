"""What a day's models may cost."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import GuildId, UserId
from bot.policy.budget import Budget, accounts, affordable, claim, day_of, midnight, quoted, remaining

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = Budget(user=0.5, guild=5.0, everyone=20.0)
MONEY = st.floats(0, 100, allow_nan=False)


def test_the_day_is_counted_in_utc_wherever_the_clock_stands() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert day_of(datetime(2026, 11, 23, 8, 59, tzinfo=tokyo)) == "2026-11-22"
    assert day_of(datetime(2026, 11, 23, 9, 0, tzinfo=tokyo)) == "2026-11-23"
    assert midnight(NOON) == datetime(2026, 11, 23, tzinfo=UTC)


def test_member_guild_and_all_pay_and_outside_of_guilds_no_guild() -> None:
    keys = [(one.payer, one.key) for one in accounts(NOON, UserId("1"), GuildId("7"))]
    assert keys == [("user", "2026-11-22/user/1/"), ("guild", "2026-11-22/guild/7/"), ("all", "2026-11-22/all/")]
    assert [one.payer for one in accounts(NOON, UserId("1"), GuildId(""))] == ["user", "all"]


def test_the_whole_limit_may_be_spent_and_nothing_more() -> None:
    spent = {"user": 0.4, "guild": 0.0, "all": 0.0}
    assert affordable(spent, 0.1, RULES, NOON).passed
    assert not affordable(spent, 0.1001, RULES, NOON).passed


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        ({"user": 0.5, "guild": 0.0, "all": 0.0}, "Your budget for AI answers today ($0.50)"),
        ({"user": 0.0, "guild": 5.0, "all": 0.0}, "This server's budget for AI answers today ($5.00)"),
        ({"user": 0.0, "guild": 0.0, "all": 20.0}, "The bot's budget for AI answers today ($20.00)"),
    ],
)
def test_the_sentence_says_whose_how_much_when_anew_and_what_to_raise(spent: dict, words: str) -> None:
    verdict = affordable(spent, 0.01, RULES, NOON)
    assert words in verdict.because
    assert "about 12 h" in verdict.because
    assert "AI_" in verdict.because
    assert verdict.facts["left"] == 0.0


def test_a_limit_of_nothing_allows_nothing_that_costs() -> None:
    nothing = Budget(0.0, 0.0, 0.0)
    assert not affordable({"user": 0.0}, 0.000001, nothing, NOON).passed
    assert affordable({"user": 0.0}, 0.0, nothing, NOON).passed


def test_what_is_left_is_what_the_tightest_has() -> None:
    assert remaining({"user": 0.1, "guild": 4.9, "all": 0.0}, RULES) == pytest.approx(0.1)
    assert remaining({"user": 9.0}, RULES) == 0.0


def test_a_claim_covers_what_is_needed_and_a_little_more() -> None:
    assert claim(0.0, 0.0, 0.01, 0.5) == pytest.approx(0.02)
    assert claim(0.0, 0.02, 0.015, 0.5) == 0.02, "nothing is written while it covers"
    assert claim(0.495, 0.02, 0.004, 0.5) == 0.5, "no more is claimed ahead than may be spent"


@given(MONEY, MONEY, MONEY, MONEY)
def test_a_claim_never_falls_short(spent: float, claimed: float, amount: float, limit: float) -> None:
    found = claim(spent, claimed, amount, limit)
    assert found >= spent + amount - 1e-9
    assert found <= max(claimed, spent + amount, limit) + 1e-9


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_name_is_the_beginning_of_another(one: str, other: str) -> None:
    assert quoted(one).startswith(quoted(other)) == (one == other)
