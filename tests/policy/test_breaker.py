"""When a provider is left alone, and when it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from bot.policy.breaker import FAILURES, FIRST_WAIT, LONGEST_ASKED, LONGEST_WAIT, Breaker, abandoned, begun, failed
from bot.policy.breaker import succeeded as cured


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = failed(breaker, now)
    return breaker


def test_it_stays_closed_until_enough_failures_in_a_row() -> None:
    breaker = failed(failed(Breaker(), 1.0), 2.0)
    assert breaker.state(2.0) == "closed"
    assert breaker.left(2.0) == 0.0
    assert failed(breaker, 3.0).state(3.0) == "open"


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = cured(failed(failed(Breaker(), 1.0), 2.0))
    assert failed(failed(breaker, 3.0), 4.0).state(4.0) == "closed"


def test_open_tells_how_long_and_then_one_caller_may_try() -> None:
    breaker = opened(10.0)
    assert breaker.left(10.0) == FIRST_WAIT
    assert breaker.state(10.0 + FIRST_WAIT - 0.1) == "open"
    now = 10.0 + FIRST_WAIT
    assert breaker.state(now) == "half-open"
    probing = begun(breaker)
    assert probing.state(now) == "open", "the second caller waits for the first"
    assert probing.left(now) > 0


def test_a_probe_that_fails_doubles_the_wait_and_one_that_answers_closes() -> None:
    probing = begun(opened())
    again = failed(probing, 100.0)
    assert again.left(100.0) == 2 * FIRST_WAIT
    assert cured(probing).state(100.0) == "closed"
    assert cured(probing) == Breaker()


def test_calls_that_were_under_way_when_it_opened_prolong_nothing() -> None:
    late = opened(10.0)
    for _ in range(20):
        late = failed(late, 11.0)
    assert late.left(11.0) == opened(10.0).left(11.0)
    asked = failed(failed(Breaker(), 0.0, retry_after=600.0), 1.0, retry_after=2.0)
    assert asked.left(1.0) == 599.0


def test_a_probe_that_we_ended_ourselves_leaves_the_place_to_the_next() -> None:
    assert abandoned(begun(opened())).state(FIRST_WAIT) == "half-open"


def test_a_wait_that_was_asked_for_opens_at_once_and_is_bounded() -> None:
    limited = failed(Breaker(), 5.0, retry_after=30.0)
    assert (limited.state(5.0), limited.left(5.0)) == ("open", 30.0)
    assert limited.state(35.0) == "half-open"
    assert failed(Breaker(), 0.0, retry_after=1e9).left(0.0) == LONGEST_ASKED
    assert failed(Breaker(), 0.0, retry_after=-5.0).left(0.0) > 0


EVENTS = st.lists(st.tuples(st.sampled_from("fsba"), st.floats(0, 100), st.none() | st.floats(0, 1e4)), max_size=30)


@given(EVENTS)
def test_whatever_happens_it_is_open_for_a_bounded_time_and_never_for_two_callers(
    events: list[tuple[str, float, float | None]],
) -> None:
    breaker, now = Breaker(), 0.0
    for what, pause, wait in events:
        now += pause
        before = breaker.state(now)
        if what == "f":
            breaker = failed(breaker, now, wait)
        elif what == "s":
            breaker = cured(breaker)
        elif what == "a":
            breaker = abandoned(breaker)
        elif before != "open":
            breaker = begun(breaker)
            assert breaker.state(now) == ("closed" if before == "closed" else "open")
        assert breaker.left(now) <= max(LONGEST_WAIT, LONGEST_ASKED) + 1e-6
        assert (breaker.left(now) > 0) == (breaker.state(now) == "open")
    if not breaker.probing:
        assert breaker.state(now + LONGEST_ASKED) != "open"
