"""Queries of any application: a number, or no answer, which is not health."""

import math
from datetime import UTC, datetime

from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.improve.watcher.queries import PART, QuerySource, Rows
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


class Shop:
    """Counters by pod, as a server shows them at one look."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[dict[str, str], float]]] = {}
        self.asked: list[str] = []
        self.away = False
        self.source = QuerySource(SETTINGS, self.ask, lambda: NOW)

    async def ask(self, query: str) -> Rows:
        self.asked.append(query)
        if self.away:
            raise Unavailable("prometheus")
        found: list[tuple[dict[str, str], float]] = []
        for name in ("bad", "all"):
            if f"({name}{{" in query:
                found += [({**labels, PART: name}, value) for labels, value in self.rows.get(name, [])]
        return found if PART in query else self.rows.get("seconds", [])

    async def look(self, **rows: dict[str, float]) -> dict[str, tuple[float | None, float]]:
        self.rows = {name: [({"pod": pod}, value) for pod, value in by.items()] for name, by in rows.items()}
        return {one.metric: (one.value, one.total) for one in await self.source.read(SHA)}


async def test_a_rate_is_what_counters_grew_by_and_the_first_look_has_none() -> None:
    shop = Shop()
    assert await shop.look(bad={"a": 5.0}, all={"a": 100.0}, seconds={"a": 0.5, "b": 0.25}) == {"seconds": (0.75, 0.0)}
    assert (await shop.look(bad={"a": 7.0}, all={"a": 110.0}))["errors"] == (2.0, 10.0)
    assert (await shop.look(bad={"a": 7.0}, all={"a": 110.0}))["errors"] == (0.0, 0.0), "no event is evidence twice"
    assert len(shop.asked) == 6, "both counters of a rate are asked for at once"
    assert all(SHA in query and "$" not in query for query in shop.asked)


async def test_a_series_that_begins_counts_whole_and_one_that_falls_not_at_all() -> None:
    shop = Shop()
    await shop.look(all={"a": 100.0})
    assert (await shop.look(bad={"a": 1.0}, all={"a": 101.0, "b": 4.0}))["errors"] == (1.0, 5.0)
    assert (await shop.look(bad={"a": 1.0}, all={"a": 90.0, "b": 4.0}))["errors"] == (0.0, 0.0)
    assert (await shop.look(bad={"a": 1.0}, all={"a": 93.0, "b": 4.0}))["errors"] == (0.0, 3.0)


async def test_a_series_that_was_away_for_a_look_is_not_counted_anew() -> None:
    shop = Shop()
    await shop.look(all={"a": 100.0, "b": 1000.0})
    await shop.look(all={"a": 101.0})
    assert (await shop.look(all={"a": 102.0, "b": 1001.0}))["errors"] == (0.0, 2.0)


async def test_no_answer_is_no_health() -> None:
    shop = Shop()
    await shop.look(all={"a": 1.0})
    assert await shop.look(bad={"a": 3.0}) == {"errors": (None, 0.0), "seconds": (None, 0.0)}
    assert (await shop.look(all={"a": math.nan}, seconds={"a": math.inf})) == {
        "errors": (None, 0.0), "seconds": (None, 0.0),
    }  # fmt: skip
    shop.away = True
    assert await shop.look(all={"a": 9.0}) == {"errors": (None, 0.0), "seconds": (None, 0.0)}
    shop.away = False
    assert (await shop.look(all={"a": 9.0}))["errors"] == (0.0, 8.0)
