"""Queries of any application: a number, or no answer, which is not health."""

from datetime import UTC, datetime

import pytest

from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.improve.watcher.queries import QuerySource
from bot.policy.watching import parse

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHA = Sha("a" * 40)
SETTINGS = parse("""
application = "shop"
repository = "org/shop"
[[health.rules]]
name = "errors"
kind = "rate"
[[health.rules]]
name = "seconds"
kind = "latency"
[[queries]]
rule = "errors"
value = 'bad{r="$revision"}'
total = 'all{r="$revision"}'
[[queries]]
rule = "seconds"
value = 'seconds{r="$revision"}'
""")


@pytest.mark.parametrize(
    ("answers", "readings"),
    [
        ({"bad": 2.0, "all": 10.0, "seconds": 0.5}, [(2.0, 10.0), (0.5, 0.0)]),
        ({"bad": None, "all": 10.0, "seconds": None}, [(0.0, 10.0), (None, 0.0)]),
        ({"bad": 2.0, "all": None, "seconds": float("nan")}, [(None, 0.0), (None, 0.0)]),
        ({"bad": None, "all": None, "seconds": float("inf")}, [(None, 0.0), (None, 0.0)]),
        ({}, [(None, 0.0), (None, 0.0)]),
    ],
)
async def test_what_is_read(answers: dict[str, float | None], readings: list[tuple[float | None, float]]) -> None:
    asked: list[str] = []

    async def ask(query: str) -> float | None:
        asked.append(query)
        name = query.partition("{")[0]
        if name not in answers:
            raise Unavailable("prometheus")
        return answers[name]

    found = await QuerySource(SETTINGS, ask, lambda: NOW).read(SHA)
    assert [(one.value, one.total) for one in found] == readings
    assert [(one.metric, one.revision, one.at) for one in found] == [("errors", SHA, NOW), ("seconds", SHA, NOW)]
    assert all(SHA in query and "$" not in query for query in asked)
