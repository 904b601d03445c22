"""Readings by scraping each revision's `/metrics` and taking the difference to the look before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.core.health import Reading
from bot.core.ids import Sha
from bot.policy.blame import MEMBERS

Page = Mapping[tuple[str, str], float]
"""Sample value by (sample name, outcome label)."""
MESSAGES = "megawatts_messages_by_user_capped_total"
"""Messages by outcome in which one member counts a few times a minute: a flood by one user is not an outage."""
BAD = ("rejected", "failed")


@dataclass(frozen=True, slots=True)
class Look:
    """One page and when it was read."""

    at: datetime
    page: Page


def parse(text: str) -> Page:
    """A metrics page as samples. Raises ValueError on a page that is not in the exposition format."""
    return {
        (sample.name, sample.labels.get("outcome", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "le" not in sample.labels
    }


def readings(revision: Sha, before: Look, now: Look) -> tuple[Reading, ...]:
    """The health metrics of the time between two looks. Counters that went back (a restart) count from zero. Pure."""

    def since(name: str, outcome: str = "") -> float:
        new, old = now.page.get((name, outcome), 0.0), before.page.get((name, outcome), 0.0)
        return new - old if new >= old else new

    total = sum(since(MESSAGES, outcome) for name, outcome in now.page if name == MESSAGES)
    bad = sum(since(MESSAGES, outcome) for outcome in BAD)
    replies = since("megawatts_reply_seconds_count")
    found = [
        Reading("messages", revision, now.at, bad, total),
        # Of those that were read at all: a bot that turns members away does not understand them better.
        Reading("unanswered", revision, now.at, since(MESSAGES, "unanswered"), total - bad),
    ]
    if replies > 0:
        found.append(
            Reading("reply_seconds", revision, now.at, since("megawatts_reply_seconds_sum") / replies, replies)
        )
    hit, seen = (now.page.get((f"megawatts_members_{name}", "")) for name in ("hit", "seen"))
    if hit is not None and seen is not None:
        found.append(Reading(f"{MEMBERS}messages", revision, now.at, hit, seen))
    memory = now.page.get(("process_resident_memory_bytes", ""))
    if memory is not None:
        found.append(Reading("memory", revision, now.at, memory / 1e6))
    return tuple(found)


class ScrapeSource:
    """core.ports.HealthSource. `address` gives a revision's base URL, or None if it does not run."""

    def __init__(self, address: Callable[[Sha], str | None], clock: Callable[[], datetime]) -> None:
        self._address = address
        self._clock = clock
        self._last: dict[Sha, Look] = {}

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """Readings since the last look; a first look only sets the mark. No answer is one empty reading."""
        url = self._address(revision)
        look = await self._look(url) if url else None
        if look is None:
            return (Reading("messages", revision, self._clock(), None),)
        before, self._last[revision] = self._last.get(revision), look
        return readings(revision, before, look) if before is not None else ()

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
        for (name, outcome), value in (await fetch(url) or {}).items():
            if name == "megawatts_messages_total":
                found[outcome] = found.get(outcome, 0.0) + value
    return found
