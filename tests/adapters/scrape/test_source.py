"""Readings are differences between two looks at a metrics page."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.scrape.source import Look, ScrapeSource, parse, readings
from bot.core.ids import Sha

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHA = Sha("a" * 40)


def page(answered: int, rejected: int = 0, failed: int = 0, seconds: float = 0.0, count: int = 0) -> str:
    return f"""# TYPE megawatts_messages_by_user_capped_total counter
megawatts_messages_by_user_capped_total{{outcome="answered"}} {answered}
megawatts_messages_by_user_capped_total{{outcome="rejected"}} {rejected}
megawatts_messages_by_user_capped_total{{outcome="failed"}} {failed}
# TYPE megawatts_reply_seconds_by_user_capped summary
megawatts_reply_seconds_by_user_capped_sum{{group="0"}} {seconds}
megawatts_reply_seconds_by_user_capped_count{{group="0"}} {count}
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5e7
"""


def between(before: str, after: str) -> dict[str, tuple[float | None, float]]:
    looks = (Look(NOW, parse(before)), Look(NOW + timedelta(seconds=5), parse(after)))
    return {r.metric: (r.value, r.total) for r in readings(SHA, *looks)}


def test_a_rate_counts_bad_of_all_since_the_look_before() -> None:
    found = between(page(10, 1), page(30, 4, 2))
    assert found["messages"] == (5.0, 25.0)
    assert found["unanswered"] == (0.0, 20.0), "who was turned away was not misunderstood"


def test_latency_is_the_mean_of_the_time_between() -> None:
    assert between(page(0, seconds=1.0, count=10), page(0, seconds=3.0, count=20))["reply_seconds"] == (0.2, 10.0)


def test_no_reply_is_no_latency_reading() -> None:
    assert "reply_seconds" not in between(page(5, count=5), page(5, count=5))


def test_a_counter_that_went_back_counts_from_zero() -> None:
    assert between(page(100, 50), page(3, 1))["messages"] == (1.0, 4.0)


def test_memory_is_in_megabytes() -> None:
    assert between(page(0), page(0))["memory"] == (50.0, 0.0)


async def test_a_revision_that_does_not_run_gives_an_empty_reading_and_never_health() -> None:
    source = ScrapeSource(lambda _sha: None, lambda: NOW)
    (only,) = await source.read(SHA)
    assert only.value is None


async def test_a_dead_address_gives_an_empty_reading(unused_tcp_port: int) -> None:
    source = ScrapeSource(lambda _sha: f"http://127.0.0.1:{unused_tcp_port}", lambda: NOW)
    (only,) = await source.read(SHA)
    assert only.value is None


def test_a_page_that_is_not_metrics_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse("<html>not metrics</html>\n")


def test_how_many_members_were_hit_is_read_where_it_is_told() -> None:
    told = "# TYPE megawatts_members_hit gauge\nmegawatts_members_hit 1\n"
    told += "# TYPE megawatts_members_seen gauge\nmegawatts_members_seen 7\n"
    assert between(page(1), page(2) + told)["members/messages"] == (1.0, 7.0)
    assert "members/messages" not in between(page(1), page(2))
