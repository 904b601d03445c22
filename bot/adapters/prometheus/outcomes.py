"""What members met, summed over the processes that a Prometheus server scrapes now."""

from collections.abc import Mapping

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.queries import BUILD, TARGET, matchers

MESSAGES = "megawatts_messages_total"


def query(where: Mapping[str, str] | None = None) -> str:
    """Messages by outcome since their start, of every revision that runs; `where` narrows the processes."""
    return f"sum by (outcome) ({MESSAGES} and on ({', '.join(TARGET)}) {BUILD}{{{matchers(where or {})}}})"


async def outcomes(server: Server, where: Mapping[str, str] | None = None) -> Mapping[str, float]:
    """Messages by outcome; none where no process is known. Raises as `Server.query` does."""
    _at, rows = await server.query(query(where))
    return {labels.get("outcome", ""): value for labels, value in rows}
