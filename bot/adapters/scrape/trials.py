"""What experiments came to, from the bot processes' own pages."""

from collections.abc import Mapping, Sequence

from bot.adapters.scrape.source import Page as Samples
from bot.adapters.scrape.source import fetch
from bot.policy.experiments import SERIES, Page, counter

STARTED = "process_start_time_seconds"


async def trials(urls: Sequence[str]) -> Mapping[str, Page]:
    """Counters by process, named by address and start; one that does not answer is left out."""
    pages = [(url, page) for url in urls if (page := await fetch(url)) is not None]
    return {f"{url}@{_started(page):.3f}": _counts(page) for url, page in pages}


def _started(page: Samples) -> float:
    return next((value for (name, _labels), value in page.items() if name == STARTED), 0.0)


def _counts(page: Samples) -> Page:
    return {counter(dict(labels)): value for (name, labels), value in page.items() if name == SERIES}
