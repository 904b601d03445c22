"""What experiments came to, from the processes that a Prometheus server scrapes."""

from collections.abc import Mapping

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.queries import BUILD, STARTED, TARGET, matchers
from bot.policy.experiments import SERIES, Count, Page, counter


def query(where: Mapping[str, str] | None = None) -> str:
    """The counters and the starts of every process of ours; `where` narrows the processes."""
    return f'{{__name__=~"{SERIES}|{STARTED}"}} and on ({", ".join(TARGET)}) {BUILD}{{{matchers(where or {})}}}'


async def trials(server: Server, where: Mapping[str, str] | None = None) -> Mapping[str, Page]:
    """Counters by process, named by its target and start. Raises as `Server.query` does."""
    _at, rows = await server.query(query(where))
    started = {_target(labels): value for labels, value in rows if labels.get("__name__") == STARTED}
    found: dict[str, dict[tuple[str, Count], float]] = {}
    for labels, value in rows:
        if labels.get("__name__") == SERIES:
            process = f"{_target(labels)}@{started.get(_target(labels), 0.0):.3f}"
            found.setdefault(process, {})[counter(labels)] = value
    return found


def _target(labels: Mapping[str, str]) -> str:
    return "/".join(labels.get(name, "") for name in TARGET)
