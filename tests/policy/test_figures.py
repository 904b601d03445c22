"""What rules are read from: the same for every source of metrics pages."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.policy.figures import ALL, CROWDS, DISTURBED, FIGURES, Sample, figure_of, names, taken
from tests.policy.builders import PROPERTY

SHA, AT = Sha("a" * 40), datetime(2026, 1, 1, tzinfo=UTC)
MESSAGES, SECONDS = MetricRule("messages", "rate"), MetricRule("reply_seconds", "latency")
FEEDBACK, MEMORY = MetricRule("feedback", "rate"), MetricRule("memory", "level")


def messages(**outcomes: float) -> list[Sample]:
    name = "megawatts_messages_by_user_capped_total"
    return [Sample(name, {"outcome": outcome}, 100.0, grown) for outcome, grown in outcomes.items()]


def gauge(name: str, value: float, **labels: str) -> Sample:
    return Sample(name, labels, value)


def seconds(group: str, total: float, count: float) -> list[Sample]:
    name = "megawatts_reply_seconds_by_user_capped"
    return [Sample(f"{name}_{end}", {"group": group}, 0, grown) for end, grown in (("sum", total), ("count", count))]


def found(*samples: Sample, rules: tuple[MetricRule, ...] = (MESSAGES,)) -> dict[str, tuple[float | None, float]]:
    read = taken(rules, SHA, AT, samples)
    assert {(one.revision, one.at) for one in read} <= {(SHA, AT)}
    assert len({one.metric for one in read}) == len(read), "one reading a metric"
    return {one.metric: (one.value, one.total) for one in read}


def test_every_figure_has_a_rule_that_is_read_by_it() -> None:
    assert [rule.name for rule in ALL] == list(FIGURES)
    assert all(figure_of(rule) is FIGURES[rule.name] for rule in ALL)
    assert set(CROWDS) <= set(FIGURES)


def test_a_figure_of_another_kind_is_none() -> None:
    assert figure_of(MetricRule("memory", "rate")) is None
    assert figure_of(MetricRule("messages", "latency")) is None
    assert figure_of(MetricRule("messages", "count")) is FIGURES["messages"]
    assert names((MetricRule("nothing", "rate"),)) == {DISTURBED}


def test_a_rate_is_bad_of_all_and_who_was_hit_beside_it() -> None:
    crowd = (gauge("megawatts_members_hit", 1), gauge("megawatts_members_seen", 7))
    assert found(*messages(answered=5, failed=2), *crowd) == {"messages": (2.0, 7.0), "members/messages": (1.0, 7.0)}
    assert found(*messages(answered=5), crowd[0]) == {"messages": (0.0, 5.0)}, "a half says nothing"
    assert found(*crowd) == {"messages": (None, 0.0)}, "nor do members without messages"


def test_a_member_of_two_processes_is_hit_once() -> None:
    hit = [gauge("megawatts_members_hit", 1, instance=one) for one in "ab"]
    seen = [gauge("megawatts_members_seen", 4, instance=one) for one in "ab"]
    assert found(*messages(failed=2), *hit, *seen)["members/messages"] == (1.0, 8.0)


def test_seconds_of_each_group_stand_beside_those_of_all() -> None:
    read = found(*seconds("0", 1.0, 2), *seconds("1", 3.0, 2), *seconds("2", 0.0, 0), rules=(SECONDS,))
    assert read == {
        "reply_seconds": (1.0, 4.0), "members/reply_seconds/0": (0.5, 2.0), "members/reply_seconds/1": (1.5, 2.0)
    }  # fmt: skip
    assert found(*seconds("0", 0.0, 0), rules=(SECONDS,)) == {}, "no reply has no time, which is no silence"


def test_voices_are_read_by_group_and_those_of_nobody_known_only_in_all() -> None:
    name = "megawatts_feedback_by_user_capped_total"
    voices = [
        Sample(name, {"value": value, "group": group}, 0, 1.0)
        for value, group in (("down", "0"), ("up", "0"), ("up", "3"), ("down", ""))
    ]
    assert found(*voices, rules=(FEEDBACK,)) == {
        "feedback": (2.0, 4.0), "members/feedback/0": (1.0, 2.0), "members/feedback/3": (0.0, 1.0)
    }  # fmt: skip
    assert found(rules=(FEEDBACK,)) == {"feedback": (None, 0.0)}


def test_a_level_is_the_mean_over_processes() -> None:
    both = [gauge("process_resident_memory_bytes", value, instance=str(value)) for value in (50e6, 70e6)]
    assert found(*both, rules=(MEMORY,)) == {"memory": (60.0, 0.0)}


@pytest.mark.parametrize(("values", "told"), [((0.0,), 0.0), ((1.0,), 1.0), ((1, 0, 0), 0.0), ((1, 0), 1.0)])
def test_a_control_is_disturbed_where_half_of_the_processes_say_so(values: tuple[float, ...], told: float) -> None:
    rows = [gauge(DISTURBED, value, by="discord", instance=str(n)) for n, value in enumerate(values)]
    assert found(*rows, rules=()) == {"control/discord": (told, 0.0)}


def test_controls_need_no_rule_and_each_stands_for_itself() -> None:
    rows = (gauge(DISTURBED, 1, by="models"), gauge(DISTURBED, 0, by="discord"))
    assert found(*rows, *messages(answered=1)) == {
        "messages": (0.0, 1.0), "control/discord": (0.0, 0.0), "control/models": (1.0, 0.0)
    }  # fmt: skip


GROWN = st.integers(0, 50).map(float)


@PROPERTY
@given(st.lists(st.tuples(st.sampled_from("0123"), GROWN, GROWN), max_size=12))
def test_groups_add_up_to_all(rows: list[tuple[str, float, float]]) -> None:
    read = taken((SECONDS,), SHA, AT, [one for group, total, count in rows for one in seconds(group, total, count)])
    whole = [one for one in read if one.metric == "reply_seconds" and one.value is not None]
    parts = [one for one in read if one.metric != "reply_seconds"]
    assert sum(one.total for one in parts) == sum(one.total for one in whole)

    def spent(readings: list[Reading]) -> float:
        return sum((one.value or 0.0) * one.total for one in readings)

    # Seconds of a group without a reply are nobody's time of a reply.
    assert spent(parts) <= spent(whole) + 1e-6
