"""Differences between two looks: whole counts, whatever processes did in between."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.prometheus.window import Look, carried, fresh, look_of, readings, silence
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha

AT = datetime(2026, 1, 1, tzinfo=UTC)
SHA = Sha("a" * 40)
MESSAGES = MetricRule("messages", "rate")
UNANSWERED = MetricRule("unanswered", "rate")
SECONDS = MetricRule("reply_seconds", "latency")
MEMORY = MetricRule("memory", "level")
TOOLS = MetricRule("tools", "rate")


def rows(instance: str, started: float = 10.0, **outcomes: float) -> list[tuple[dict[str, str], float]]:
    target = {"job": "bot", "instance": instance}
    found: list[tuple[dict[str, str], float]] = [({**target, "__name__": "process_start_time_seconds"}, started)]
    name = "megawatts_messages_by_user_capped_total"
    found += [({**target, "__name__": name, "outcome": outcome}, value) for outcome, value in outcomes.items()]
    return found


def gauge(instance: str, name: str, value: float, **labels: str) -> tuple[dict[str, str], float]:
    return {"job": "bot", "instance": instance, "__name__": name, **labels}, value


def look(at: float, *groups: list[tuple[dict[str, str], float]], scraped: float | None = None) -> Look:
    every = [row for group in groups for row in group]
    targets = sorted({labels["instance"] for labels, _ in every})
    every += [({"job": "bot", "instance": one, "revision": SHA}, at if scraped is None else scraped) for one in targets]
    made = look_of(at, every)
    assert made is not None
    return made


def between(before: Look, now: Look, *rules: MetricRule) -> dict[str, tuple[float | None, float]]:
    return {r.metric: (r.value, r.total) for r in readings(rules or (MESSAGES,), SHA, AT, before, now)}


def test_replicas_are_summed() -> None:
    before = look(100, rows("a", answered=10, failed=1), rows("b", answered=5, failed=0))
    now = look(105, rows("a", answered=20, failed=3), rows("b", answered=6, failed=4))
    assert between(before, now)["messages"] == (6.0, 17.0)


def test_a_restart_counts_from_zero_even_when_it_has_overtaken_the_count_of_before() -> None:
    before = look(100, rows("a", started=10, answered=10, failed=0))
    smaller = look(105, rows("a", started=103, answered=4, failed=2))
    larger = look(105, rows("a", started=103, answered=40, failed=2))
    assert between(before, smaller)["messages"] == (2.0, 6.0)
    assert between(before, larger)["messages"] == (2.0, 42.0), "30 would have been the difference"


def test_a_counter_that_goes_back_without_telling_a_start_counts_from_zero() -> None:
    before = look(100, rows("a", answered=10, failed=5)[1:])
    now = look(105, rows("a", answered=3, failed=1)[1:])
    assert between(before, now)["messages"] == (1.0, 4.0)


def test_a_replica_that_is_new_counts_all_of_its_events_and_one_that_was_only_unseen_none_yet() -> None:
    before = look(100, rows("a", answered=10))
    started = look(105, rows("a", answered=10), rows("b", started=102, answered=7, failed=1))
    unseen = look(105, rows("a", answered=10), rows("b", started=50, answered=700, failed=100))
    assert between(before, started)["messages"] == (1.0, 8.0)
    assert between(before, unseen)["messages"] == (0.0, 0.0)


def test_a_gap_is_bridged_from_where_the_process_was_last_seen() -> None:
    first = look(100, rows("a", answered=10), rows("b", answered=10))
    gap = look(105, rows("a", answered=12))
    back = look(110, rows("a", answered=12), rows("b", answered=15))
    assert between(first, gap)["messages"] == (0.0, 2.0)
    assert between(carried(first, gap), back)["messages"] == (0.0, 5.0), "and neither 15 nor nothing"


def test_an_outcome_that_first_came_about_now_counts_from_zero() -> None:
    before, now = look(100, rows("a", answered=10)), look(105, rows("a", answered=10, failed=3))
    assert between(before, now)["messages"] == (3.0, 3.0)


def test_who_was_turned_away_was_not_misunderstood() -> None:
    before = look(100, rows("a", answered=0, unanswered=0, rejected=0))
    now = look(105, rows("a", answered=6, unanswered=2, rejected=9))
    assert between(before, now, UNANSWERED)["unanswered"] == (2.0, 8.0)


def test_a_metric_that_is_not_there_has_no_value_and_the_others_have_theirs() -> None:
    before, now = look(100, rows("a", answered=1)), look(105, rows("a", answered=2))
    found = between(before, now, MESSAGES, TOOLS, MEMORY, SECONDS)
    assert found["messages"] == (0.0, 1.0)
    assert [found[name][0] for name in ("tools", "memory", "reply_seconds")] == [None, None, None]


def test_a_rule_that_nothing_is_known_of_has_no_value() -> None:
    before, now = look(100, rows("a", answered=1)), look(105, rows("a", answered=2))
    odd = (MetricRule("happiness", "rate"), MetricRule("messages", "level"))
    assert between(before, now, *odd) == {"happiness": (None, 0.0), "messages": (None, 0.0)}


def test_bad_events_may_be_judged_as_counts() -> None:
    before, now = look(100, rows("a", answered=1, failed=0)), look(105, rows("a", answered=2, failed=4))
    assert between(before, now, MetricRule("messages", "count"))["messages"] == (4.0, 0.0)


def test_latency_is_the_mean_of_the_window_over_all_processes() -> None:
    def seconds(instance: str, total: float, count: float) -> list[tuple[dict[str, str], float]]:
        return [
            gauge(instance, "megawatts_reply_seconds_by_user_capped_sum", total),
            gauge(instance, "megawatts_reply_seconds_by_user_capped_count", count),
        ]

    before = look(100, seconds("a", 1.0, 10), seconds("b", 5.0, 10))
    now = look(105, seconds("a", 2.0, 15), seconds("b", 8.0, 15))
    assert between(before, now, SECONDS)["reply_seconds"] == (0.4, 10.0)
    assert between(now, now, SECONDS) == {}, "no reply has no time, which is no silence"


def test_memory_is_the_mean_of_the_processes_in_megabytes() -> None:
    name = "process_resident_memory_bytes"
    both = look(100, [gauge("a", name, 50e6)], [gauge("b", name, 70e6)])
    assert between(both, both, MEMORY)["memory"] == (60.0, 0.0)


def test_nothing_scraped_since_is_not_fresh() -> None:
    before = look(100, rows("a", answered=1), scraped=99)
    same = look(103, rows("a", answered=1), scraped=99)
    assert not fresh(before, same)
    assert same.age == 4
    assert fresh(before, look(105, rows("a", answered=1), scraped=104))
    assert fresh(before, look(103, rows("b", answered=1), scraped=101)), "a process that is new"


def test_no_process_is_no_look() -> None:
    assert look_of(100, []) is None
    assert look_of(100, rows("a", answered=1)) is None, "series that no process of the revision vouches for"


def test_silence_names_every_rule_and_no_value() -> None:
    assert silence((MESSAGES, MEMORY), SHA, AT) == (
        Reading("messages", SHA, AT, None),
        Reading("memory", SHA, AT, None),
    )


steps = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(0, 20), st.booleans(), st.booleans()), max_size=12
)


@given(steps)
def test_however_processes_come_and_go_bad_never_exceeds_all_and_nothing_is_counted_twice(
    acts: list[tuple[str, int, int, bool, bool]],
) -> None:
    """Truth is kept beside it: what is read in all is never more than what happened."""
    state = {one: [10.0, 0.0, 0.0] for one in "ab"}  # start, good, bad
    happened = seen = 0.0
    last = look(100, *(rows(one, s, answered=g, failed=b) for one, (s, g, b) in state.items()))
    for number, (one, good, bad, restarts, away) in enumerate(acts):
        at = 105.0 + 5 * number
        if restarts:
            state[one] = [at - 2, 0.0, 0.0]
        state[one][1] += good
        state[one][2] += bad
        happened += good + bad
        up = [name for name in state if not (away and name == one)]
        now = look(at, *(rows(name, s, answered=g, failed=b) for name in up for s, g, b in [state[name]]))
        (reading,) = readings((MESSAGES,), SHA, AT, last, now)
        assert reading.value is not None
        assert 0 <= reading.value <= reading.total
        seen += reading.total
        last = carried(last, now)
    assert seen <= happened
