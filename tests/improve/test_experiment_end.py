"""An experiment from its first member to the pull request that ends it: the real pipeline answers, its page is read."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

import pytest

from bot.adapters.scrape.trials import trials
from bot.adapters.web.endpoint import State, serve
from bot.adapters.web.metrics import Metrics
from bot.app.bot_wiring import DATA, Assembled, assemble
from bot.app.bot_wiring import World as Bot
from bot.core.chat import Message, Outcome
from bot.core.flags import Side, Tally
from bot.core.ids import ChannelId, UserId
from bot.improve.analysts.experiments import Experiments
from bot.improve.authors.experiments import Settler
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.experiments import TABLE, Conductor
from bot.improve.ideas import Workshop
from bot.policy.flags_file import PATH, parse
from tests.improve.conftest import CHARTER, World, git

pytestmark = pytest.mark.integration
AIMED = """[near_hint]
share = 50.0
"""
EXPERIMENT = """
[near_hint.experiment]
metric = "unanswered"
guards = ["trouble", "slow"]
minimum = 20
events = 2
bad = 2
"""
WARD = """
[[wards]]
patterns = ["/bot/chat/"]
tier = "safe"
"""
ODD = "gimme some funny stuff"
"""Nothing here understands it, and a joke is the nearest."""


class Turned:
    """A tally that tells of the sides as if hints did harm."""

    def __init__(self, within: Tally) -> None:
        self._within = within

    def decided(self, flag: str, side: Side) -> None:
        self._within.decided(flag, side)

    def counted(self, trial: str, side: Side, metric: str, outcome: str) -> None:
        harm = "bad" if side == "on" else "good"
        self._within.counted(trial, side, metric, harm if metric == "unanswered" else outcome)


async def bodies(folder: Path) -> str:
    """The texts of all pull requests, as the forge keeps them."""
    with sqlite3.connect(folder / "forge" / "forge.db") as ledger:
        return "\n".join(text for (text,) in ledger.execute("SELECT body FROM pulls"))


@dataclass
class Stage:
    """The engine's world, and beside it a bot that answers members by the flags of the base branch."""

    world: World
    bot: Assembled
    folder: Path
    engine: Engine
    seconds: float = 0.0

    async def talk(self, member: int) -> str:
        """A member says something odd; who is told what else to say says that, the others say it again."""
        first = await self._say(member, ODD)
        hint = first.text.partition("Did you mean ")[2].strip('"?')
        return str((await self._say(member, hint or ODD)).outcome)

    async def hinted(self, member: int) -> bool:
        """Whether that member is told what else to say."""
        texts = [(await self._say(member, ODD)).text for _ in range(2)]
        return any("Did you mean" in text for text in texts)

    async def rounds(self, count: int) -> None:
        for _ in range(count):
            await self.bot.trials.flush()
            await self.engine.reconcile()
            await self.engine.settle_tasks()
            self.world.time = self.world.time.replace(minute=self.world.time.minute + 1)

    async def _say(self, member: int, text: str) -> Any:
        return await self.bot.service.answer(Message(UserId(f"member-{member}"), ChannelId("hall"), text))

    def row(self) -> dict[str, Any]:
        ((_key, row),) = self.world.ctx.records.scan(TABLE)
        return row


@pytest.fixture
async def stage(world: World, tmp_path: Path) -> AsyncIterator[Stage]:
    text = (DATA / "flags.toml").read_text().replace("[near_hint]\n", AIMED, 1)
    text = text.replace("[warm_tone]", f"{EXPERIMENT}\n[warm_tone]", 1)
    source = tmp_path / "source"
    (source / "bot" / "chat").mkdir(parents=True)
    (source / PATH).write_text(text)
    (source / ".github" / "charter.toml").write_text(CHARTER.replace("[quotas]", f"{WARD}[quotas]", 1))
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "begin an experiment")
    git(source, "push", "-q", str(tmp_path / "forge" / "repo.git"), "main")
    data = tmp_path / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(source / PATH, data)
    metrics = Metrics("c" * 40, "1")
    clocks: list[Stage] = []
    surroundings = Bot(
        world.ctx.records, timer=lambda: clocks[0].seconds if clocks else 0.0,
        clock=lambda: datetime(2026, 6, 1, 12, tzinfo=UTC), random=Random(3), rate_limits=False,
        observer=metrics, tally=metrics.flags, data=data,
    )  # fmt: skip
    bot = assemble(surroundings)
    nothing: Any = dict
    runner, port = await serve(State(bot.service, metrics, "c" * 40, nothing), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"
    shop = Workshop(
        (Experiments(lambda: world.ctx.records.scan(TABLE)),), (Settler(),), lambda _sha: Profile((), (), (), None)
    )
    conductor = Conductor(world.ctx, partial(trials, [url]))
    made = Stage(world, bot, tmp_path, Engine(world.ctx, shop, orders=conductor.round))
    clocks.append(made)
    yield made
    await runner.cleanup()


async def test_the_better_side_becomes_the_default_by_a_pull_request(stage: Stage) -> None:
    await stage.rounds(1)
    assert stage.row()["state"] == "running"
    assert not await stage.world.forge.proposals(), "nothing is proposed while it runs"
    ended = [await stage.talk(member) for member in range(100)]
    assert {Outcome.ANSWERED, Outcome.UNANSWERED} == set(ended), "members met both sides"
    await stage.rounds(1)
    row = stage.row()
    assert row["state"] == "won", row
    assert row["figures"]["members_on"] == ended.count(Outcome.ANSWERED)
    assert row["figures"]["members_off"] == ended.count(Outcome.UNANSWERED)
    assert not stage.world.ctx.records.scan("flag_stops"), "what wins is not stopped"
    await stage.rounds(6)
    (proposal,) = [one for one in await stage.world.forge.proposals(everything=True) if one.by_engine]
    assert "end the experiment of near_hint: on is the default" in proposal.title
    text = stage.world.repo.read(await stage.world.forge.main(), PurePosixPath(PATH)) or b""
    flag = parse(text.decode())["near_hint"]
    assert (flag.default, flag.experiment, flag.share) == ("on", None, 0.0), "it was merged"
    body = await bodies(stage.folder)
    assert "unanswered: off" in body
    assert "members\\_on 38" in body, "with the figures as evidence"
    assert "member-" not in body, "figures name nobody"


async def test_what_does_harm_is_stopped_where_members_are_answered_and_then_taken_out(stage: Stage) -> None:
    await stage.rounds(1)
    stage.bot.trials._tally = Turned(stage.bot.trials._tally)
    told = [await stage.hinted(member) for member in range(100)]
    assert any(told), "half of the members are told what else to say"
    await stage.rounds(1)
    assert stage.row()["state"] == "lost", stage.row()
    stage.seconds += 3
    assert not any([await stage.hinted(member) for member in range(100)]), "nobody is, and nobody merged anything"
    ((_key, stop),) = stage.world.ctx.records.scan("flag_stops")
    assert (stop["flag"], stop["guild"], stop["by"]) == ("near_hint", "", "the controller")
    assert [entry.act for entry in stage.world.ctx.audit.entries()].count("flag.stop") == 1
    await stage.rounds(6)
    text = stage.world.repo.read(await stage.world.forge.main(), PurePosixPath(PATH)) or b""
    flag = parse(text.decode())["near_hint"]
    assert (flag.default, flag.experiment, flag.share) == ("off", None, 0.0)
    assert [entry.act for entry in stage.world.ctx.audit.entries()].count("flag.stop") == 1


async def test_a_page_that_cannot_be_read_concludes_nothing(stage: Stage, tmp_path: Path) -> None:
    for member in range(100):
        await stage.talk(member)
    await stage.bot.trials.flush()
    away = Conductor(stage.world.ctx, partial(trials, ["http://127.0.0.1:9"]))
    await Engine(
        stage.world.ctx, Workshop((), (), lambda _sha: Profile((), (), (), None)), orders=away.round
    ).reconcile()
    assert stage.row()["state"] == "running"
    assert stage.row()["looks"] == {}
