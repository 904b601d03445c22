"""What any source of health readings must do: differences since the look before, and no answer is never health."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.outcomes import outcomes
from bot.adapters.prometheus.source import PrometheusSource
from bot.adapters.scrape.source import ScrapeSource
from bot.adapters.scrape.source import outcomes as scraped_outcomes
from bot.app.doctor_prometheus import examine
from bot.app.road_settings import RoadSettings
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.core.ports import HealthSource
from bot.core.verdict import Status, Verdict
from tests.servers import prometheus as servers
from tests.servers.absent import absent
from tests.servers.bot_process import Bot, bot

pytestmark = pytest.mark.integration  # a bot process, and Prometheus

OLD, NEW, PAIR, SICK, NONE = (Sha(letter * 40) for letter in "abcdf")
RULES = (
    MetricRule("messages", "rate"),
    MetricRule("unanswered", "rate"),
    MetricRule("reply_seconds", "latency"),
    MetricRule("memory", "level"),
    MetricRule("tools", "rate"),
    MetricRule("feedback", "rate"),
    MetricRule("cpu_seconds", "latency"),
)


DOCTORS = ("prometheus", "prometheus revisions", "prometheus health")
NAMES = {"old": OLD, "new": NEW, "sick": SICK}


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Ground:
    """Bots of two revisions, two of them on one, and who scrapes them."""

    folder: Path
    server: servers.Prometheus
    stack: ExitStack
    bots: dict[str, Bot]

    def start(self, name: str, revision: Sha, port: int = 0, **env: str) -> Bot:
        self.bots[name] = self.stack.enter_context(bot(self.folder / f"{name}-{port}", revision, port=port, **env))
        return self.bots[name]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("health")
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.prometheus(folder / "prometheus", interval="500ms"))
        except servers.Missing as error:
            absent(error)
        made = Ground(folder, server, stack, {})
        for name, revision in (("old", OLD), ("new", NEW), ("left", PAIR), ("right", PAIR)):
            made.start(name, revision)
        # Its only provider of models does not answer.
        made.start("sick", SICK, LLAMA_API_ENDPOINT=f"http://127.0.0.1:{closed_port()}", LLAMA_MODEL="llama3")
        server.scrape(bot=[one.where for one in made.bots.values()])
        servers.until(lambda: len(server.query("megawatts_build_info")) == len(made.bots), "all are scraped")
        yield made


class Side:
    """One source over the ground; `read` waits until what happened before the call can be seen."""

    def __init__(self, ground: Ground, source: HealthSource, *, scraped: bool) -> None:
        self.ground, self.source, self.scraped = ground, source, scraped

    async def read(self, revision: Sha) -> tuple[Reading, ...]:
        if self.scraped:
            await asyncio.to_thread(self.ground.server.scraped_anew, revision)
        return tuple(await self.source.read(revision))


def scrape(ground: Ground) -> Side:
    where: Mapping[Sha, str] = {sha: ground.bots[name].url for name, sha in NAMES.items()}
    return Side(ground, ScrapeSource(where.get, lambda: datetime.now(UTC), lambda: RULES), scraped=False)


def prometheus(ground: Ground) -> Side:
    server = Server(ground.server.url)
    return Side(ground, PrometheusSource(server, lambda: RULES, lambda: datetime.now(UTC)), scraped=True)


@pytest.fixture(params=[scrape, prometheus], ids=lambda build: build.__name__)
def side(request: pytest.FixtureRequest, ground: Ground) -> Side:
    made: Side = request.param(ground)
    return made


def by_name(readings: tuple[Reading, ...]) -> dict[str, Reading]:
    return {reading.metric: reading for reading in readings}


async def test_a_first_look_only_sets_the_mark(side: Side) -> None:
    assert await side.read(OLD) == ()


async def test_what_happened_since_the_look_before_is_counted_exactly(side: Side, ground: Ground) -> None:
    await side.read(NEW)
    who = type(side.source).__name__
    for number in range(5):
        await asyncio.to_thread(ground.bots["new"].say, "!roll 2d6", f"{who}-{number}")
    for number in range(2):
        await asyncio.to_thread(ground.bots["new"].say, "qwxz vbnm zzkt", f"{who}-{number}")
    await asyncio.to_thread(ground.bots["old"].say, "!roll 2d6", who)

    found = by_name(await side.read(NEW))

    assert (found["messages"].value, found["messages"].total) == (0.0, 7.0), "the other revision's are not among them"
    assert (found["unanswered"].value, found["unanswered"].total) == (2.0, 7.0)
    assert found["reply_seconds"].total == 7.0
    assert 0 < (found["reply_seconds"].value or 0) < 5
    assert 10 < (found["memory"].value or 0) < 2000, "megabytes"
    assert {reading.revision for reading in found.values()} == {NEW}


async def test_nothing_said_is_no_bad_event_and_no_silence(side: Side) -> None:
    await side.read(OLD)
    found = by_name(await side.read(OLD))
    assert (found["messages"].value, found["messages"].total) == (0.0, 0.0)
    assert "reply_seconds" not in found, "no reply has no time"


async def test_members_who_are_turned_away_are_bad_events(side: Side, ground: Ground) -> None:
    await side.read(OLD)
    who = f"{type(side.source).__name__}-flood"
    said = [await asyncio.to_thread(ground.bots["old"].say, "hello", who) for _ in range(30)]
    found = by_name(await side.read(OLD))
    assert found["messages"].value == 6.0, f"a flood by one member counts six times a minute: {said}"
    assert found["messages"].total > 6.0
    assert found["unanswered"].value == 0.0, "who was turned away was not misunderstood"


async def test_who_was_hit_is_told_beside_what_went_badly(side: Side, ground: Ground) -> None:
    await side.read(OLD)
    who = f"{type(side.source).__name__}-hit"
    for _ in range(30):
        await asyncio.to_thread(ground.bots["old"].say, "hello", who)
    for number in range(4):
        await asyncio.to_thread(ground.bots["old"].say, "!roll 2d6", f"{who}-{number}")
    found = by_name(await side.read(OLD))
    crowd = found["members/messages"]
    assert (crowd.value or 0) >= 1, "those of the last minute, other tests' among them"
    assert crowd.total >= 5
    assert crowd.value is not None
    assert crowd.value < crowd.total


async def test_replies_are_told_by_group_and_no_member_is_named(side: Side, ground: Ground) -> None:
    await side.read(NEW)
    who = f"{type(side.source).__name__}-group"
    for number in range(12):
        await asyncio.to_thread(ground.bots["new"].say, "!roll 2d6", f"{who}-{number}")
    found = by_name(await side.read(NEW))
    groups = {name: one for name, one in found.items() if name.startswith("members/reply_seconds/")}
    assert 2 <= len(groups) <= 4
    assert sum(one.total for one in groups.values()) == found["reply_seconds"].total == 12.0
    assert {name.rpartition("/")[2] for name in groups} <= set("0123")
    assert who not in ground.bots["new"].page()


async def test_tools_and_processor_time_are_known(side: Side, ground: Ground) -> None:
    await side.read(NEW)
    who = f"{type(side.source).__name__}-tools"
    for number in range(3):
        await asyncio.to_thread(ground.bots["new"].say, "!roll 2d6", f"{who}-{number}")
    found = by_name(await side.read(NEW))
    assert (found["tools"].value, found["tools"].total) == (0.0, 3.0)
    assert found["cpu_seconds"].total == 3.0
    assert 0 < (found["cpu_seconds"].value or 0) < 10


async def test_what_members_met_is_counted_the_same_from_both(ground: Ground) -> None:
    await asyncio.to_thread(ground.bots["old"].say, "!roll 2d6", "met")
    scraped = await scraped_outcomes([one.url for one in ground.bots.values()])
    for revision in (OLD, NEW, PAIR):
        await asyncio.to_thread(ground.server.scraped_anew, revision)
    server = Server(ground.server.url)
    assert scraped.get("answered", 0.0) >= 1.0
    assert await outcomes(server) == scraped, "both processes of one revision among them"
    assert await outcomes(server, {"job": "nobody's"}) == {}


async def test_a_rule_that_nothing_happened_for_is_no_health(side: Side) -> None:
    await side.read(OLD)
    found = by_name(await side.read(OLD))
    assert found["feedback"].value is None, "nobody ever gave feedback"


async def test_providers_that_do_not_answer_are_told_as_a_control(side: Side, ground: Ground) -> None:
    await side.read(SICK)
    who = f"{type(side.source).__name__}-sick"
    for number in range(4):
        await asyncio.to_thread(ground.bots["sick"].say, f"what is the meaning of {number} stars", f"{who}-{number}")
    found = by_name(await side.read(SICK))
    assert found["control/models"].value == 1.0
    assert found["control/models"].revision == SICK, "it speaks for itself only"
    assert "control/discord" not in found, "there is no Discord"


async def test_no_control_is_told_of_where_there_is_nothing_outside(side: Side) -> None:
    await side.read(OLD)
    assert [one for one in by_name(await side.read(OLD)) if one.startswith("control/")] == []


async def test_a_revision_that_nobody_runs_gives_no_value(side: Side) -> None:
    found = await side.source.read(NONE)
    assert [reading.value for reading in found] == [None] * len(found)
    assert found


async def test_a_process_that_ends_gives_no_value_and_one_that_comes_back_counts_from_zero(
    side: Side, ground: Ground
) -> None:
    await side.read(NEW)
    before = ground.bots["new"]
    await asyncio.to_thread(before.end)
    if side.scraped:
        query = f'megawatts_build_info{{revision="{NEW}"}}'
        await asyncio.to_thread(servers.until, lambda: not ground.server.query(query), "the process is known as gone")
    assert {reading.value for reading in await side.source.read(NEW)} == {None}

    again = await asyncio.to_thread(ground.start, "new", NEW, before.port)
    for number in range(3):
        await asyncio.to_thread(again.say, "!roll 2d6", f"again-{number}")
    found = by_name(await side.read(NEW))
    assert (found["messages"].value, found["messages"].total) == (0.0, 3.0)
    assert found["reply_seconds"].total == 3.0


async def test_replicas_of_one_revision_are_summed_and_their_memory_is_not(ground: Ground) -> None:
    side = prometheus(ground)
    await side.read(PAIR)
    for name, count in (("left", 2), ("right", 3)):
        for number in range(count):
            await asyncio.to_thread(ground.bots[name].say, "!roll 2d6", f"{name}-{number}")
    found = by_name(await side.read(PAIR))
    assert (found["messages"].value, found["messages"].total) == (0.0, 5.0)
    (one,) = ground.server.query(f'process_resident_memory_bytes{{instance="{ground.bots["left"].where}"}}')
    assert abs((found["memory"].value or 0) - float(one["value"][1]) / 1e6) < 40, "the mean of both"


async def test_a_look_before_the_next_scrape_says_nothing(ground: Ground) -> None:
    side = prometheus(ground)
    await side.read(OLD)
    looks = [await side.source.read(OLD) for _ in range(3)]
    assert () in looks, "at two scrapes a second"
    assert all(reading.value is not None for look in looks for reading in look)


def doctor(ground: Ground, labels: str = "", rules: tuple[MetricRule, ...] = RULES) -> dict[str, Verdict]:
    given = RoadSettings(prometheus_url=ground.server.url, prometheus_labels=labels)
    return {one.name: one for one in examine(given, lambda: rules)}


def test_the_doctor_asks_what_the_source_asks(ground: Ground) -> None:
    ground.bots["old"].say("!roll 2d6", "ann")
    ground.server.scraped_anew(OLD)
    spoken = tuple(rule for rule in RULES if rule.name not in {"tools", "feedback"})
    found = doctor(ground, "job=bot", spoken)
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(DOCTORS, Status.PASS), found
    assert f"{OLD[:12]}, {NEW[:12]}, {PAIR[:12]}, {SICK[:12]}" in found["prometheus revisions"].because


def test_the_doctor_names_labels_that_fit_nothing_and_rules_that_nothing_measures(ground: Ground) -> None:
    assert "correct PROMETHEUS_LABELS" in doctor(ground, "job=other")["prometheus revisions"].because
    found = doctor(ground, rules=(*RULES, MetricRule("joy", "rate")))["prometheus health"]
    assert (found.status, "nothing measures joy (rate)" in found.because) == (Status.FAIL, True)
