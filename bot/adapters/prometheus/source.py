"""Readings of a revision from a Prometheus server that scrapes its processes."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.queries import query
from bot.adapters.prometheus.window import Look, carried, fresh, look_of, readings, silence
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.core.ports import Clock

_REVISIONS = 16
"""Revisions whose last look is kept."""


class PrometheusSource:
    """core.ports.HealthSource. `rules` are the charter's, as they were read last; `where` narrows the processes."""

    def __init__(
        self,
        server: Server,
        rules: Callable[[], Sequence[MetricRule]],
        clock: Clock,
        *,
        where: Mapping[str, str] | None = None,
        stale: float = 60.0,
    ) -> None:
        """`stale`: seconds without a scrape from which the processes count as silent; at least three scrapes."""
        self._server = server
        self._rules = rules
        self._clock = clock
        self._where = dict(where or {})
        self._stale = stale
        self._last: OrderedDict[Sha, Look] = OrderedDict()

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """Readings since the last look; a first look only sets the mark, and so does one before the next scrape.

        A revision that Prometheus knows no process of, or that was not scraped lately, gives readings without a
        value: the watch never takes that for health. Raises as `Server.query` does.
        """
        rules = tuple(self._rules())
        evaluated, rows = await self._server.query(query(rules, revision, self._where))
        now, at = look_of(evaluated, rows), self._clock()
        if now is None or now.age > self._stale:
            return silence(rules, revision, at)
        before = self._last.get(revision)
        if before is not None and not fresh(before, now):
            return ()
        self._keep(revision, carried(before, now))
        return readings(rules, revision, at, before, now) if before is not None else ()

    def _keep(self, revision: Sha, look: Look) -> None:
        self._last[revision] = look
        self._last.move_to_end(revision)
        while len(self._last) > _REVISIONS:
            self._last.popitem(last=False)
