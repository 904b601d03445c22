"""The limits of one process, by a clock that a test moves."""

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import local_limiter
from bot.adapters.store.local_limiter import LocalLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(
    st.integers(1, 6),
    st.sampled_from([6.0, 60.0, 90.0]),
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 6)), max_size=40),
)
async def test_it_never_passes_more_than_a_bucket_that_fills_at_the_rate(
    burst: int, per_minute: float, asked: list[tuple[float, int]]
) -> None:
    """Against the plain model: a bucket with a level, filled by time, emptied by what passes."""
    clock = Clock()
    limiter, level = LocalLimiter(clock=clock), float(burst)
    for pause, cost in asked:
        clock.now += pause
        level = min(burst, level + pause * per_minute / 60)
        wait = await limiter.take("k", burst=burst, per_minute=per_minute, cost=cost)
        if cost > burst:
            assert wait == float("inf")
        elif wait == 0:
            level -= cost
            assert level >= -1e-6
        else:
            assert abs(wait - (cost - level) * 60 / per_minute) < 1e-6


async def test_after_the_wait_it_passes() -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    for _ in range(50):
        wait = await limiter.take("k", burst=3, per_minute=7)
        clock.now += wait
        assert wait == 0 or await limiter.take("k", burst=3, per_minute=7) == 0


async def test_keys_that_recovered_are_dropped_and_no_others(monkeypatch: object) -> None:
    """Else many new keys would push out the one that is limited, and give it its burst anew."""
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    await limiter.take("limited", burst=1, per_minute=0.01)
    for number in range(local_limiter._SWEEP + 10):
        clock.now += 0.001
        await limiter.take(f"k{number}", burst=1, per_minute=60_000)
    assert len(limiter._full_at) < local_limiter._SWEEP
    assert await limiter.take("limited", burst=1, per_minute=0.01) > 0
    await limiter.close()
    assert limiter._full_at == {}
