"""Health of any application by the queries of the watcher's file: a number each, or no answer, which is not health."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.core.errors import Unavailable
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.core.ports import Clock
from bot.policy.watching import REVISION, Query, Settings

Rows = Sequence[tuple[Mapping[str, str], float]]
Ask = Callable[[str], Awaitable[Rows]]
"""One PromQL query, and its rows: labels and value of each series. Raises Unavailable."""
PART, BAD, ALL = "megawatts_part", "bad", "all"
Series = frozenset[tuple[str, str]]


class QuerySource:
    """`core.ports.HealthSource` over PromQL.

    A rate's queries give counters, and what each series grew by since the look before is counted: windows such as
    `increase(x[1m])` overlap from look to look, and one event would be evidence many times.
    """

    def __init__(self, settings: Settings, ask: Ask, clock: Clock) -> None:
        rules = {rule.name: rule for rule in settings.health.rules}
        self._queries = [(rules[query.rule], query) for query in settings.queries]
        self._ask, self._clock = ask, clock
        self._before: dict[str, dict[Series, float]] = {}

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """A reading of every metric that has a query; of a rate none at the first look, which has nothing before it."""
        found = [await self._one(rule, query, revision) for rule, query in self._queries]
        return [one for one in found if one is not None]

    async def _one(self, rule: MetricRule, query: Query, revision: Sha) -> Reading | None:
        at, text = self._clock(), _both(query) if query.total else query.value
        rows = await self._rows(text.replace(REVISION, revision))
        if not query.total:
            return Reading(rule.name, revision, at, sum(value for _, value in rows) if rows else None)
        # A query of bad events gives nothing where there were none; without a count of all, nothing is known.
        if not any(labels.get(PART) == ALL for labels, _ in rows):
            return Reading(rule.name, revision, at, None)
        first = f"{rule.name} {revision}" not in self._before
        grown = self._grown(f"{rule.name} {revision}", rows)
        return None if first else Reading(rule.name, revision, at, grown[BAD], grown[ALL])

    async def _rows(self, text: str) -> Rows:
        try:
            return [row for row in await self._ask(text) if math.isfinite(row[1])]
        except Unavailable:
            return []

    def _grown(self, name: str, rows: Rows) -> Mapping[str, float]:
        """Growth of all series by part. One that is new began after the look before; one that fell began anew, or is
        a sum that lost a part: what it holds then is not counted. One that is away for a while is remembered.
        """
        before = self._before.setdefault(name, {})
        grown = dict.fromkeys((BAD, ALL), 0.0)
        for labels, value in rows:
            series = frozenset(labels.items())
            grown[labels.get(PART, ALL)] += max(0.0, value - before.get(series, 0.0))
            before[series] = value
        return grown


def _both(query: Query) -> str:
    """Both counters in one query, so that both are of one moment."""
    parts = ((query.value, BAD), (query.total, ALL))
    return " or ".join(f'label_replace(({text}), "{PART}", "{name}", "", "")' for text, name in parts)
