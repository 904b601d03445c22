"""What experiments came to, from the bot processes' own pages."""

from collections.abc import Mapping, Sequence

from bot.adapters.scrape.source import Page, fetch
from bot.core.flags import Side
from bot.policy.experiments import SERIES, Count

STARTED = "process_start_time_seconds"
Counts = Mapping[tuple[str, Count], float]


async def trials(urls: Sequence[str]) -> Mapping[str, Counts]:
    """Counters by process, named by address and start; one that does not answer is left out."""
    pages = [(url, page) for url in urls if (page := await fetch(url)) is not None]
    return {f"{url}@{_started(page):.3f}": _counts(page) for url, page in pages}


def _started(page: Page) -> float:
    return next((value for (name, _labels), value in page.items() if name == STARTED), 0.0)


def _counts(page: Page) -> Counts:
    found: dict[tuple[str, Count], float] = {}
    for (name, labels), value in page.items():
        if name == SERIES:
            row = dict(labels)
            side: Side = "on" if row.get("side") == "on" else "off"
            found[row.get("experiment", ""), (side, row.get("metric", ""), row.get("outcome", ""))] = value
    return found
