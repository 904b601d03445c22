"""Health of any application by the queries of the watcher's file: a number each, or no answer, which is not health."""

import math
from collections.abc import Awaitable, Callable, Sequence

from bot.core.errors import Unavailable
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.core.ports import Clock
from bot.policy.watching import REVISION, Query, Settings

Ask = Callable[[str], Awaitable[float | None]]
"""One PromQL query and its single value; None: it gave no sample. Raises Unavailable."""


class QuerySource:
    """`core.ports.HealthSource` over a query language."""

    def __init__(self, settings: Settings, ask: Ask, clock: Clock) -> None:
        rules = {rule.name: rule for rule in settings.health.rules}
        self._queries = [(rules[query.rule], query) for query in settings.queries]
        self._ask, self._clock = ask, clock

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """A reading of every metric that has a query."""
        return [await self._one(rule, query, revision) for rule, query in self._queries]

    async def _one(self, rule: MetricRule, query: Query, revision: Sha) -> Reading:
        at = self._clock()
        value, total = await self._value(query.value, revision), 0.0
        if query.total:
            counted = await self._value(query.total, revision)
            # A query of bad events gives nothing where there were none; without a count of all, nothing is known.
            value, total = (None, 0.0) if counted is None else (value or 0.0, counted)
        return Reading(rule.name, revision, at, value, total)

    async def _value(self, text: str, revision: Sha) -> float | None:
        try:
            found = await self._ask(text.replace(REVISION, revision))
        except Unavailable:
            return None
        return found if found is not None and math.isfinite(found) else None
