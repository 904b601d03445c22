"""Log lines reach a collector as the published schema has them: whole, with level and trace, and without a secret."""

import json
from collections.abc import Iterator

import pytest

from tests.servers.collector import Collector, collector

pytestmark = pytest.mark.integration  # the SDK is heavy
TRACE = "5b8efff798038103d269b633813fc60c"
WHO = {"service.name": "megawatts-bot", "service.version": "1.2.3", "megawatts.revision": "abc"}


@pytest.fixture
def kept() -> Iterator[Collector]:
    with collector() as running:
        yield running


def test_lines_arrive_whole_with_their_level_and_trace(kept: Collector) -> None:
    from bot.adapters.otlp.lines import Lines

    lines = Lines(f"{kept.url}/v1/logs", WHO, delay=0.05)
    lines.send({"event": "ready", "level": "info", "port": 8080, "trace_id": TRACE})
    lines.send({"event": "odd", "level": "error", "trace_id": "not hex, and of no length", "deep": [{"x": object}]})
    lines.send({"event": "merged"})
    lines.send({"event": "key ghp_" + "a1" * 18})
    first, second, third, last = kept.wait_lines(4)
    lines.close()
    assert json.loads(first.body.string_value) == {"event": "ready", "level": "info", "port": 8080, "trace_id": TRACE}
    assert (first.severity_text, first.severity_number, first.trace_id.hex()) == ("info", 9, TRACE)
    assert first.time_unix_nano > 0
    assert (second.severity_number, second.trace_id) == (17, b"")
    assert json.loads(third.body.string_value) == {"event": "merged"}
    assert "ghp_" not in last.body.string_value
    assert all(b"ghp_" not in body for body in kept.raw)
    assert all(set(WHO.items()) <= set(resource.items()) for resource in kept.resources)


def test_a_collector_that_is_away_costs_lines_and_nothing_else() -> None:
    from bot.adapters.otlp.lines import Lines

    lines = Lines("http://127.0.0.1:9/v1/logs", WHO, delay=0.01)
    for number in range(5000):
        lines.send({"event": "a line", "number": number})
    lines.close(within=0.1)
