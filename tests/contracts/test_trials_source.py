"""What experiments came to is read the same from the bots' pages and from Prometheus; two bots count a member once."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.trials import trials
from bot.adapters.scrape.trials import trials as scraped_trials
from bot.adapters.store.records import SqliteRecords
from bot.app.home import Home
from bot.core.flags import Flag, Stopped
from bot.core.ids import GuildId, Sha
from bot.improve.experiments import together, totals
from bot.policy.flag_stops import CONTROLLER, TABLE, key_of
from bot.policy.flags_file import PATH, parse
from tests.servers import prometheus as servers
from tests.servers.absent import absent
from tests.servers.bot_process import ROOT, Bot, bot

pytestmark = pytest.mark.integration  # two bot processes, and Prometheus

SHA = Sha("a" * 40)
ODD = "gimme some funny stuff"
HINT = "Did you mean"
MEMBERS = [f"member-{number}" for number in range(24)]


@dataclass
class Ground:
    """Two bots over one home, who read a tree whose flags hold an experiment, and who scrapes them."""

    home: Home
    server: servers.Prometheus
    bots: list[Bot]
    flag: Flag


def grown(folder: Path) -> Path:
    """This product with an experiment declared, as a merged proposal would have it."""
    shutil.copytree(ROOT / "bot", folder / "bot")
    text = (folder / PATH).read_text().replace("[near_hint]\n", "[near_hint]\nshare = 50\n", 1)
    trial = '[near_hint.experiment]\nmetric = "unanswered"\nminimum = 20\nevents = 2\nbad = 2\n'
    (folder / PATH).write_text(f"{text}\n{trial}")
    return folder


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("trials")
    tree, home = grown(folder / "tree"), Home(folder / "home").create()
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.prometheus(folder / "prometheus", interval="500ms"))
        except servers.Missing as error:
            absent(error)
        bots = [stack.enter_context(bot(home.path, SHA, tree=tree, RATE_LIMIT_ENABLED="false")) for _ in range(2)]
        server.scrape(bot=[one.where for one in bots])
        servers.until(lambda: len(server.query("megawatts_build_info")) == len(bots), "all are scraped")
        yield Ground(home, server, bots, parse((tree / PATH).read_text())["near_hint"])


def hinted(one: Bot, member: str) -> bool:
    return HINT in one.say(ODD, member, "text")


async def read(ground: Ground) -> dict[str, float]:
    """Members by side, metric and outcome, from the pages."""
    found = await scraped_trials([one.url for one in ground.bots])
    return {"/".join(count): value for count, value in totals(together({}, found, ground.flag.trial)).items()}


async def until(ground: Ground, members: float) -> dict[str, float]:
    for _ in range(200):
        found = await read(ground)
        if sum(value for name, value in found.items() if "/unanswered/" in name) >= members:
            return found
        await asyncio.sleep(0.05)
    pytest.fail(f"not counted: {found}")


async def test_members_of_two_bots_are_counted_once_and_read_the_same_from_both(ground: Ground) -> None:
    first, second = ground.bots
    on = {member for member in MEMBERS if await asyncio.to_thread(hinted, first, member)}
    for one, member in ((one, member) for one in (second, first) for member in MEMBERS):
        assert await asyncio.to_thread(hinted, one, member) is (member in on), "the same side in every process"
    assert 0 < len(on) < len(MEMBERS)
    found = await until(ground, len(MEMBERS))
    assert found == {
        "on/members/joined": len(on), "off/members/joined": len(MEMBERS) - len(on),
        "on/unanswered/bad": len(on), "off/unanswered/bad": len(MEMBERS) - len(on),
    }  # fmt: skip
    await asyncio.to_thread(ground.server.scraped_anew, SHA)
    server = Server(ground.server.url)
    assert await trials(server) != {}
    there = {"/".join(count): n for count, n in totals(together({}, await trials(server), ground.flag.trial)).items()}
    assert there == found
    assert await trials(server, {"job": "nobody's"}) == {}


async def test_what_the_controller_stops_both_bots_heed_within_seconds(ground: Ground) -> None:
    on = [member for member in MEMBERS if await asyncio.to_thread(hinted, ground.bots[0], member)]
    assert on
    stop = Stopped("near_hint", GuildId(""), CONTROLLER, "harm", "2026-06-01", ground.flag.mark)
    records = SqliteRecords(ground.home.records)
    records.put(TABLE, key_of("near_hint", GuildId(""), CONTROLLER), asdict(stop))
    records.close()
    for one in ground.bots:
        await asyncio.to_thread(servers.until, lambda one=one: not hinted(one, on[0]), "the stop is heeded")
        assert not any([await asyncio.to_thread(hinted, one, member) for member in MEMBERS])
