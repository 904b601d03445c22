"""Members in earnest: sentences in several languages, in bursts and pauses, against a running bot.

`python -m bot.app.traffic --url http://127.0.0.1:8080 --rate 4 --seconds 30` prints what they met, as JSON.
"""

import asyncio
import json
import math
import sys
import time
import tomllib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

FILE = Path(__file__).with_suffix(".toml")
_NAMES = ("Ann", "Bo", "Chidi", "Dora", "Emre", "Fatou", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena", "Mia", "Noor")
_PER_CHANNEL = 4
_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Habit:
    """How members write: messages in a burst, seconds between them, seconds of rest for each message of the burst."""

    burst: tuple[int, int]
    gap: tuple[float, float]
    rest: tuple[float, float]

    @property
    def pace(self) -> float:
        """Messages a second of one member, on average."""
        mean = sum(self.burst) / 2
        return mean / ((mean - 1) * sum(self.gap) / 2 + mean * sum(self.rest) / 2)


CALM = Habit(burst=(1, 3), gap=(1.5, 4.0), rest=(4.0, 7.0))
RUSH = Habit(burst=(4, 10), gap=(0.25, 0.7), rest=(3.2, 4.2))
"""Many short lines in a row, as members write to one another, then a rest."""
HABITS = {"calm": CALM, "rush": RUSH}


@dataclass(frozen=True, slots=True)
class Met:
    """What one message met. `outcome` is the bot's word for it, `busy`, or `error` if there was no proper answer."""

    at: float
    """Seconds since the traffic began."""
    outcome: str
    seconds: float
    revision: str = ""
    intent: str = ""


@dataclass(slots=True)
class Tally:
    """What all members met, by the revision that answered (empty: none did)."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    latencies: dict[str, deque[float]] = field(default_factory=dict)
    by_second: dict[int, Counter[str]] = field(default_factory=dict)

    def add(self, met: Met) -> None:
        """Count one message; of each revision the latest few thousand latencies are kept."""
        self.outcomes.setdefault(met.revision, Counter())[met.outcome] += 1
        self.by_second.setdefault(int(met.at), Counter())[met.outcome] += 1
        if met.revision:
            self.latencies.setdefault(met.revision, deque(maxlen=_KEPT)).append(met.seconds)

    @property
    def total(self) -> int:
        """Messages so far."""
        return sum(sum(counts.values()) for counts in self.outcomes.values())

    def to_dict(self) -> dict[str, Any]:
        """Counts and latency quantiles in seconds, by revision."""
        return {
            revision: {
                "outcomes": dict(counts),
                "latency": {
                    f"p{q}": round(_quantile(self.latencies.get(revision, ()), q / 100), 4) for q in (50, 95, 99)
                },
            }
            for revision, counts in self.outcomes.items()
        }


def _quantile(values: Any, share: float) -> float:
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))]) if ordered else 0.0


class Sentences:
    """Kinds of sentences with their weights, read from traffic.toml."""

    def __init__(self, file: Path = FILE) -> None:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        self._kinds = [(float(table["weight"]), list(table["sentences"])) for table in tables.values()]

    def one(self, random: Random) -> str:
        """A sentence of a kind chosen by weight."""
        kinds = random.choices([texts for _, texts in self._kinds], [weight for weight, _ in self._kinds])
        return str(random.choice(kinds[0]))


class Traffic:
    """Members who write until told to stop. `rate` is messages a second of all together; the same seed writes the same.

    There are as many members as the rate needs at the habit's pace, so that none writes more than people do.
    """

    def __init__(
        self,
        url: str,
        *,
        rate: float = 4.0,
        seed: int = 1,
        habit: Habit = RUSH,
        watch: Callable[[Met], None] = lambda _met: None,
    ) -> None:
        self.tally = Tally()
        self.habit = habit
        """May be changed while it runs."""
        self.members = max(1, math.ceil(rate / habit.pace))
        self._url, self._seed, self._watch = url.rstrip("/"), seed, watch
        self._sentences = Sentences()
        self._stop = asyncio.Event()
        self._began = 0.0

    async def run(self, seconds: float | None = None) -> Tally:
        """Write for that long, or until `stop`. Never raises for what the bot does."""
        self._began = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=100)) as session:
            tasks = [asyncio.create_task(self._member(session, number)) for number in range(self.members)]
            try:
                async with asyncio.timeout(seconds):
                    await self._stop.wait()
            except TimeoutError:
                pass
            finally:
                self._stop.set()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return self.tally

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    async def _member(self, session: aiohttp.ClientSession, number: int) -> None:
        random = Random(f"{self._seed}/{number}")  # noqa: S311  (the same members every time)
        user, name = f"member-{number}", _NAMES[number % len(_NAMES)]
        channel = f"channel-{number // _PER_CHANNEL}"
        await asyncio.sleep(random.uniform(0, sum(self.habit.burst) / 2 / self.habit.pace))
        while True:
            count = random.randint(*self.habit.burst)
            for i in range(count):
                if i:
                    await asyncio.sleep(random.uniform(*self.habit.gap))
                body = {"user": user, "name": name, "channel": channel, "text": self._sentences.one(random)}
                await self._say(session, body)
            await asyncio.sleep(count * random.uniform(*self.habit.rest))

    async def _say(self, session: aiohttp.ClientSession, body: dict[str, str]) -> None:
        started = time.monotonic()
        outcome, found = "error", {}
        try:
            async with session.post(f"{self._url}/chat", json=body) as answer:
                found = dict(await answer.json())
                outcome = "busy" if answer.status == 503 else str(found.get("outcome", "error"))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError):
            outcome = "error"
        now = time.monotonic()
        revision, intent = str(found.get("revision", "")), str(found.get("intent", ""))
        met = Met(now - self._began, outcome, now - started, revision, intent)
        self.tally.add(met)
        self._watch(met)


def main() -> None:
    """Write to a bot and print what the members met."""
    import argparse  # noqa: PLC0415  (only as a program)

    parser = argparse.ArgumentParser(prog="python -m bot.app.traffic", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the bot")
    parser.add_argument("--rate", type=float, default=4.0, help="messages a second, all members together")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--habit", choices=sorted(HABITS), default="rush")
    given = parser.parse_args()

    async def write() -> Traffic:
        traffic = Traffic(given.url, rate=given.rate, seed=given.seed, habit=HABITS[given.habit])
        await traffic.run(given.seconds)
        return traffic

    traffic = asyncio.run(write())
    found = {"members": traffic.members, "messages": traffic.tally.total, "by_revision": traffic.tally.to_dict()}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
