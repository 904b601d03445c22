from hypothesis import given
from hypothesis import strategies as st

from bot.chat import limits
from bot.chat.limits import Buckets, Limits
from bot.chat.tuning import load


def test_a_burst_passes_and_one_more_waits() -> None:
    buckets = Buckets(3, 60)
    for _ in range(3):
        assert buckets.wait("ann", 0) == 0
        buckets.take("ann", 0)
    assert buckets.wait("ann", 0) == 1.0


def test_tokens_come_back_with_time_and_no_more_than_fit() -> None:
    buckets = Buckets(2, 60)
    buckets.take("ann", 0)
    buckets.take("ann", 0)
    assert buckets.level("ann", 1) == 1
    assert buckets.level("ann", 1000) == 2


def test_one_member_does_not_use_up_another() -> None:
    both = Limits(Buckets(1, 1), Buckets(10, 1))
    assert both.admit("ann", "general", 0) == 0
    assert both.admit("ann", "general", 0) > 0
    assert both.admit("bob", "general", 0) == 0


def test_a_channel_has_a_limit_of_its_own() -> None:
    both = Limits(Buckets(10, 1), Buckets(2, 1))
    assert [both.admit(user, "general", 0) > 0 for user in ("ann", "bob", "cem")] == [False, False, True]
    assert both.admit("cem", "other", 0) == 0


def test_a_refused_message_costs_nothing() -> None:
    user = Buckets(5, 1)
    both = Limits(user, Buckets(1, 1))
    both.admit("ann", "general", 0)
    both.admit("ann", "general", 0)
    assert user.level("ann", 0) == 4


def test_a_clock_that_runs_backwards_gives_nothing_away() -> None:
    buckets = Buckets(1, 60)
    buckets.take("ann", 100)
    assert buckets.wait("ann", 50) > 0


def test_the_table_of_members_is_bounded(monkeypatch: object) -> None:
    buckets = Buckets(1, 1)
    for number in range(limits._MOST + 10):
        buckets.take(number, 0)
    assert len(buckets._state) == limits._MOST


@given(st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_the_burst_and_the_refill(times: list[float]) -> None:
    both = Limits(Buckets(4, 30), Buckets(1000, 1000))
    passed = sum(both.admit("ann", "general", at) == 0 for at in sorted(times))
    assert passed <= 4 + 100 * 0.5


def test_the_tuned_burst_is_the_real_one() -> None:
    tuned = load()
    both = Limits(Buckets(tuned.user_burst, tuned.user_refill), Buckets(10_000, 1))
    assert sum(both.admit("ann", "general", 0) == 0 for _ in range(tuned.user_burst + 5)) == tuned.user_burst
