import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.web.caps import CAP, GROUPS, HOUR, VOICES, group_of
from bot.adapters.web.metrics import Metrics, cpu_seconds, resident_bytes
from bot.core.chat import Outcome
from bot.core.ids import UserId

SHA = "c" * 40


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (sample.name, "/".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_outcome_is_there_from_the_start() -> None:
    found = samples(Metrics(SHA, "1"))
    for outcome in Outcome:
        assert found["megawatts_messages_total", outcome] == 0
        assert found["megawatts_messages_by_user_capped_total", outcome] == 0


def test_one_member_counts_only_so_often_in_a_minute() -> None:
    clock = Clock()
    metrics = Metrics(SHA, "1", clock)
    for _ in range(500):
        metrics.answered("flood", Outcome.REJECTED, 0)
    for user in ("ann", "bob"):
        metrics.answered(user, Outcome.ANSWERED, 0.01)
    found = samples(metrics)
    assert found["megawatts_messages_total", "rejected"] == 500
    assert found["megawatts_messages_by_user_capped_total", "rejected"] == CAP
    assert found["megawatts_messages_by_user_capped_total", "answered"] == 2
    assert found["megawatts_rejected_users", ""] == 1
    clock.now = 60
    metrics.answered("flood", Outcome.REJECTED, 0)
    assert samples(metrics)["megawatts_messages_by_user_capped_total", "rejected"] == CAP + 1


def test_many_members_are_seen_as_many() -> None:
    metrics = Metrics(SHA, "1", Clock())
    for number in range(50):
        metrics.answered(f"member-{number}", Outcome.REJECTED, 0)
    found = samples(metrics)
    assert found["megawatts_messages_by_user_capped_total", "rejected"] == 50
    assert found["megawatts_rejected_users", ""] == 50


def test_how_many_members_were_hit_of_those_who_wrote() -> None:
    clock = Clock()
    metrics = Metrics(SHA, "1", clock)
    for _ in range(100):
        metrics.answered("flood", Outcome.REJECTED, 0)
    for user in ("ann", "bob"):
        metrics.answered(user, Outcome.ANSWERED, 0.01)
    found = samples(metrics)
    assert (found["megawatts_members_hit", ""], found["megawatts_members_seen", ""]) == (1, 3)
    metrics.answered("ann", Outcome.FAILED, 0.01)
    assert samples(metrics)["megawatts_members_hit", ""] == 2
    clock.now = 61
    found = samples(metrics)
    assert (found["megawatts_members_hit", ""], found["megawatts_members_seen", ""]) == (0, 0)


def test_a_member_is_over_the_limit_for_a_minute() -> None:
    clock = Clock()
    metrics = Metrics(SHA, "1", clock)
    metrics.answered("ann", Outcome.REJECTED, 0)
    clock.now = 61
    assert samples(metrics)["megawatts_rejected_users", ""] == 0


def test_a_rejection_has_no_reply_time() -> None:
    metrics = Metrics(SHA, "1")
    metrics.answered("ann", Outcome.REJECTED, 9)
    metrics.answered("ann", Outcome.FAILED, 0.5)
    found = samples(metrics)
    assert found["megawatts_reply_seconds_count", ""] == 1
    assert found["megawatts_reply_seconds_sum", ""] == 0.5


def test_tools_and_voices() -> None:
    metrics = Metrics(SHA, "1")
    metrics.tool_called("roll_dice", "ok")
    metrics.voiced("up")
    found = samples(metrics)
    assert found["megawatts_tool_calls_total", "ok/roll_dice"] == 1
    assert found["megawatts_feedback_total", "up"] == 1


def test_no_label_carries_a_member() -> None:
    metrics = Metrics(SHA, "1")
    metrics.answered("a-very-special-member", Outcome.REJECTED, 0)
    assert b"special" not in metrics.page()


def test_the_tables_of_members_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.web.caps._MEMBERS", 5)
    metrics = Metrics(SHA, "1")
    for number in range(50):
        metrics.answered(UserId(f"member-{number}"), Outcome.REJECTED, 0)
        metrics.answered(UserId(f"member-{number}"), Outcome.FAILED, 0)
        metrics.voiced("down", UserId(f"member-{number}"))
    tables = (metrics._within, metrics._prompt, metrics._first_voice, metrics._late, metrics._wrote, metrics._hit)
    assert [len(table) for table in tables] == [5] * 6
    assert (len(metrics._spoke), len(metrics._displeased)) == (5, 5)


def test_the_process_is_measured() -> None:
    found = samples(Metrics(SHA, "1"))
    assert found["process_resident_memory_bytes", ""] > 1e6
    assert found["process_cpu_seconds_total", ""] > 0
    assert resident_bytes() > 1e6
    assert cpu_seconds() > 0


def test_memory_where_the_system_does_not_tell(monkeypatch) -> None:
    def missing(*_: object) -> str:
        raise OSError

    monkeypatch.setattr("pathlib.Path.read_text", missing)
    assert resident_bytes() > 1e6


def grouped(found: dict[tuple[str, str], float], name: str) -> dict[str, float]:
    """Values of a series by its labels, without those that are 0."""
    return {labels: value for (series, labels), value in found.items() if series == name and value}


def test_slow_replies_of_one_member_count_only_so_often_in_a_minute() -> None:
    clock = Clock()
    metrics = Metrics(SHA, "1", clock)
    for _ in range(500):
        metrics.answered(UserId("mallory"), Outcome.ANSWERED, 9.0)
    metrics.answered(UserId("ann"), Outcome.FAILED, 0.5)
    metrics.answered(UserId("bob"), Outcome.REJECTED, 7.0)
    found = samples(metrics)
    assert found["megawatts_reply_seconds_count", ""] == 501, "what people look at is whole"
    counts = grouped(found, "megawatts_reply_seconds_by_user_capped_count")
    sums = grouped(found, "megawatts_reply_seconds_by_user_capped_sum")
    assert sum(counts.values()) == CAP + 1, "who was turned away was given no reply"
    assert sum(sums.values()) == 9.0 * CAP + 0.5
    clock.now = 60
    metrics.answered(UserId("mallory"), Outcome.ANSWERED, 9.0)
    counts = grouped(samples(metrics), "megawatts_reply_seconds_by_user_capped_count")
    assert sum(counts.values()) == CAP + 2


def test_a_member_is_in_one_group_and_the_same_in_every_process() -> None:
    one, other = Metrics(SHA, "1"), Metrics("d" * 40, "2")
    for metrics in (one, other):
        for _ in range(3):
            metrics.answered(UserId("ann"), Outcome.ANSWERED, 1.0)
    name = "megawatts_reply_seconds_by_user_capped_count"
    assert grouped(samples(one), name) == grouped(samples(other), name) == {group_of("ann"): 3}
    found = {group_of(f"member-{number}") for number in range(100)}
    assert found == {str(number) for number in range(GROUPS)}, "they are spread over all groups"
    assert group_of("") == ""


def test_every_group_is_there_from_the_start() -> None:
    found = samples(Metrics(SHA, "1"))
    names = [key for key in found if key[0] == "megawatts_reply_seconds_by_user_capped_count"]
    assert len(names) == GROUPS


def test_one_members_voices_count_once_an_hour_and_are_told_as_one_member() -> None:
    clock = Clock()
    metrics = Metrics(SHA, "1", clock)
    for _ in range(100):
        metrics.voiced("down", UserId("mallory"))
    for user in ("ann", "bob"):
        metrics.voiced("up", UserId(user))
    found = samples(metrics)
    assert found["megawatts_feedback_total", "down"] == 100
    assert sum(grouped(found, "megawatts_feedback_by_user_capped_total").values()) == VOICES + 2
    assert (found["megawatts_members_displeased", ""], found["megawatts_members_voiced", ""]) == (1, 3)
    clock.now = HOUR
    metrics.voiced("down", UserId("mallory"))
    found = samples(metrics)
    assert sum(grouped(found, "megawatts_feedback_by_user_capped_total").values()) == VOICES + 3
    assert found["megawatts_members_voiced", ""] == 1


def test_a_voice_of_nobody_known_is_in_no_group_and_of_no_member() -> None:
    metrics = Metrics(SHA, "1")
    metrics.voiced("down")
    found = samples(metrics)
    assert grouped(found, "megawatts_feedback_by_user_capped_total") == {"/down": 1}
    assert (found["megawatts_members_displeased", ""], found["megawatts_members_voiced", ""]) == (0, 0)


def test_controls_are_shown_while_they_can_tell() -> None:
    metrics = Metrics(SHA, "1", Clock())
    state: list[bool | None] = [False]
    metrics.control("discord", lambda: state[0])
    shown = "megawatts_disturbed"
    assert grouped(samples(metrics), shown) == {}
    assert samples(metrics)[shown, "discord"] == 0
    assert (shown, "models") not in samples(metrics), "no model was asked"
    state[0] = True
    assert samples(metrics)[shown, "discord"] == 1
    state[0] = None
    assert (shown, "discord") not in samples(metrics)


def test_providers_that_all_fail_disturb_the_control_of_models() -> None:
    metrics = Metrics(SHA, "1", Clock())
    for _ in range(3):
        metrics.modelled("openai:small", "down", 0.1, {}, 0)
    assert samples(metrics)["megawatts_disturbed", "models"] == 1
    metrics.modelled("openai:large", "ok", 0.1, {}, 0)
    assert samples(metrics)["megawatts_disturbed", "models"] == 0


def test_two_sets_of_figures_do_not_mix() -> None:
    one, other = Metrics(SHA, "1"), Metrics(SHA, "1")
    one.voiced("up")
    assert ("megawatts_feedback_total", "up") not in samples(other)
