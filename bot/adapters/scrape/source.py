"""Readings by scraping each revision's `/metrics` and taking the difference to the look before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.policy.figures import ALL, Sample, taken

SILENT = ALL[:1]
"""What a source without rules says nothing of, where nobody answers."""
Key = tuple[str, frozenset[tuple[str, str]]]
"""Name and labels of a series."""
Page = Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Look:
    """One page and when it was read."""

    at: datetime
    page: Page


def parse(text: str) -> Page:
    """A metrics page as values by series. Raises ValueError on a page that is not in the exposition format."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "le" not in sample.labels
    }


def readings(revision: Sha, before: Look, now: Look, rules: Sequence[MetricRule] | None = None) -> tuple[Reading, ...]:
    """What `policy.figures.taken` makes of the time between two looks; without rules, of every figure that is there.

    Counters that went back (a restart) count from zero. Pure.
    """
    samples = [Sample(key[0], dict(key[1]), value, _since(key, value, before)) for key, value in now.page.items()]
    found = taken(ALL if rules is None else rules, revision, now.at, samples)
    return found if rules is not None else tuple(reading for reading in found if reading.value is not None)


def _since(key: Key, value: float, before: Look) -> float:
    old = before.page.get(key, 0.0)
    return value - old if value >= old else value


class ScrapeSource:
    """core.ports.HealthSource. `address` gives a revision's base URL, or None if it does not run."""

    def __init__(
        self,
        address: Callable[[Sha], str | None],
        clock: Callable[[], datetime],
        rules: Callable[[], Sequence[MetricRule]] | None = None,
    ) -> None:
        """`rules` are the charter's, as they were read last; without them every figure is read that is there."""
        self._address = address
        self._clock = clock
        self._rules = rules
        self._last: dict[Sha, Look] = {}

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """Readings since the last look; a first look only sets the mark. No answer is a reading without value."""
        rules = tuple(self._rules()) if self._rules is not None else None
        url = self._address(revision)
        look = await self._look(url) if url else None
        if look is None:
            return tuple(Reading(rule.name, revision, self._clock(), None) for rule in rules or SILENT)
        before, self._last[revision] = self._last.get(revision), look
        return readings(revision, before, look, rules) if before is not None else ()

    async def _look(self, url: str) -> Look | None:
        page = await fetch(url)
        return Look(self._clock(), page) if page is not None else None


async def fetch(url: str) -> Page | None:
    """The metrics page of one process, or None if it does not answer or what it says is no metrics page."""
    try:
        timeout = aiohttp.ClientTimeout(total=3)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{url}/metrics") as answer:
            return parse(await answer.text()) if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


async def outcomes(urls: Sequence[str]) -> Mapping[str, float]:
    """Messages by outcome since their start, summed over processes; one that does not answer adds nothing."""
    found: dict[str, float] = {}
    for url in urls:
        for (name, labels), value in (await fetch(url) or {}).items():
            outcome = dict(labels).get("outcome", "")
            if name == "megawatts_messages_total":
                found[outcome] = found.get(outcome, 0.0) + value
    return found
