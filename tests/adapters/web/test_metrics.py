from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.web.metrics import CAP, Metrics, cpu_seconds, resident_bytes
from bot.core.chat import Outcome

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


def test_the_tables_of_members_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr("bot.adapters.web.metrics._MEMBERS", 5)
    metrics = Metrics(SHA, "1")
    for number in range(50):
        metrics.answered(f"member-{number}", Outcome.REJECTED, 0)
    assert (len(metrics._seen), len(metrics._late)) == (5, 5)


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


def test_two_sets_of_figures_do_not_mix() -> None:
    one, other = Metrics(SHA, "1"), Metrics(SHA, "1")
    one.voiced("up")
    assert ("megawatts_feedback_total", "up") not in samples(other)
