from hypothesis import given
from hypothesis import strategies as st

from bot.chat import limits
from bot.chat.limits import Buckets, Limits
from bot.chat.tuning import load
from bot.core.chat import HERE
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId


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


def test_a_guild_narrows_what_its_members_may_and_never_widens_it() -> None:
    limits = Limits(Buckets(10, 20), Buckets(1000, 1000))
    narrow, wide = (GuildSettings(GuildId(name), per_user=count) for name, count in (("1", 3), ("2", 60)))
    assert [limits.admit("ann", "hall", 0.0, narrow) == 0 for _ in range(5)] == [True] * 3 + [False] * 2
    assert [limits.admit("bob", "hall", 0.0, wide) == 0 for _ in range(12)] == [True] * 10 + [False] * 2
    assert limits.admit("ann", "hall", 20.0, narrow) == 0, "three a minute are one in twenty seconds"


def test_a_guild_as_a_whole_has_its_share_and_another_guild_its_own() -> None:
    limits = Limits(Buckets(100, 100), Buckets(1000, 1000))
    one, other = (GuildSettings(GuildId(name), per_guild=10) for name in ("1", "2"))
    said = [limits.admit(f"u{n}", f"c{n}", 0.0, one) for n in range(12)]
    assert [wait == 0 for wait in said] == [True] * 10 + [False] * 2
    assert 0 < said[-1] <= 6
    assert limits.admit("u1", "c1", 0.0, other) == 0
    assert limits.admit("u1", "c1", 0.0) == 0, "direct messages have no guild"


def test_a_refusal_by_the_guild_costs_the_member_nothing() -> None:
    limits = Limits(Buckets(2, 1), Buckets(1000, 1000))
    full = GuildSettings(GuildId("1"), per_guild=10)
    for n in range(10):
        limits.admit(f"u{n}", "hall", 0.0, full)
    assert limits.admit("ann", "hall", 0.0, full) > 0
    assert [limits.admit("ann", "hall", 0.0) == 0 for _ in range(3)] == [True, True, False]


def test_those_who_talk_outside_of_any_guild_share_no_limit() -> None:
    both = Limits(Buckets(2, 60), Buckets(10_000, 60))
    nowhere = GuildSettings(HERE, per_guild=10, per_user=1)
    for number in range(500):
        assert [both.admit(f"member{number}", "hall", 0, nowhere) > 0 for _ in range(3)] == [False, False, True]
