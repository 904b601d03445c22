"""The watcher on the real parts, over an application that it neither wrote nor merged: it proposes, then it acts."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.watch_cmd import summary
from bot.app.watch_doors import open_doors
from bot.core.change import Patch
from bot.core.ids import PullNumber, Sha
from bot.improve.watcher.watcher import Watcher
from bot.policy.watching import parse
from tests.deploy import crds
from tests.journeys import _road_ground as ground
from tests.journeys import _road_stage as road
from tests.journeys._road_ground import TUNING
from tests.journeys._road_stage import Stage
from tests.servers import prometheus as servers
from tests.servers.argocd.house import APPLICATION
from tests.servers.github.front import SECOND
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not crds.DATA.is_dir(), reason=f"the schemas of Argo CD are not at {crds.DATA}"),
]
COUNTER = "megawatts_messages_by_user_capped_total"
OF = 'and on (job, instance) megawatts_build_info{revision="$revision"}'
FILE = f"""
mode = "act"
application = "{APPLICATION}"
repository = "REPOSITORY"
[trust]
alarms = 1
precision = 0.01
[health]
warm_up = "5s"
deadline = "300s"
interval = "1s"
reverts_per_day = 5
[[health.rules]]
name = "messages"
kind = "rate"
worse = "up"
[[queries]]
rule = "messages"
value = '{COUNTER}{{outcome=~"rejected|failed"}} {OF}'
total = '{COUNTER} {OF}'
"""


async def test_it_proposes_until_it_was_right_and_then_takes_back_by_itself(
    hub: GitHub, prometheus: servers.Prometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = await asyncio.to_thread(ground.product, tmp_path, short=True)
    async with road.stage(hub, prometheus, template, tmp_path) as stage:
        stage.place.house.rules = Rules(owners=True, bypass=frozenset({SECOND}))
        environment(stage, monkeypatch)
        async with watched(stage) as watcher:
            await stage.until(lambda: len(watcher.book.readings()) >= 10, "the first version was read")
            await people_take_it_back(stage, watcher)
            await stage.pods.promoted()
            await it_takes_it_back(stage, watcher)
            found = summary(watcher._settings, watcher.book)
        assert FileAuditLog(stage.home.audit).verify().passed
        assert found["alarms"]["wrong"] == 0
        assert found["quiet"]["missed"] == 0


def environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way in, as an operator sets it."""
    settings = stage.settings()
    for field in fields(settings):
        value = getattr(settings, field.name)
        if value and field.name not in {"controller_port", "github_repository", "argocd_application"}:
            monkeypatch.setenv(field.name.upper(), value.reveal() if isinstance(value, Secret) else str(value))


@asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[Watcher]:
    """`megawatts watch run` in this process, until the end of the block."""
    settings = parse(FILE.replace("REPOSITORY", stage.place.house.name))
    watcher = Watcher(await open_doors(settings, Home(stage.folder / "home"), stage.journal.say), settings)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def merged(stage: Stage, value: int) -> tuple[PullNumber, Sha]:
    """A person's change of one number, approved and merged by another person."""

    def act() -> tuple[PullNumber, Sha]:
        repo, place = stage.pods.repo, stage.place
        main = stage.pods.head()
        text = (repo.read(main, TUNING) or b"").decode()
        new = re.sub(r"(?s)(\[user_burst\].*?\nvalue = )\d+", rf"\g<1>{value}", text)
        assert new != text
        head = repo.commit(Patch(main, {TUNING: new.encode()}), f"perf: {value}", author="grace")
        repo.branch(f"grace/{value}", head, expecting=None)
        body = {"title": f"perf: {value}", "head": f"grace/{value}", "base": "main", "body": ""}
        pull = PullNumber(place.do("grace", "POST", "/pulls", body)["number"])
        return pull, approved(stage, pull, head)

    return await asyncio.to_thread(act)


def approved(stage: Stage, pull: int, head: str) -> Sha:
    stage.place.review("ada", pull, "APPROVE", "fine", head)
    return Sha(stage.place.do("ada", "PUT", f"/pulls/{pull}/merge", {"sha": head})["sha"])


def merges(stage: Stage) -> list[tuple[int, int]]:
    """Pull requests that the watcher merged, and by which App; people are not in the log of what was asked."""
    front = stage.place.hub.front
    asked = [a for a in front.asked if a.verb == "PUT" and a.path.endswith("/merge") and a.status == 200]
    return [(int(a.path.split("/")[-2]), front.apps.get(a.token, 0)) for a in asked]


async def people_take_it_back(stage: Stage, watcher: Watcher) -> None:
    """Nothing is known of its alarms yet: it opens the revert with its evidence, and people merge it."""
    pull, bad = await merged(stage, 2)
    found = await stage.journal.wait("concluded", sha=bad)
    assert (found["would"], found["mode"]) == ("revert", "propose"), found["because"]
    assert "only proposes until then" in found["because"]
    revert = (await stage.journal.wait("revert", pull=pull))["revert"]
    page = stage.place.pull(revert)
    assert "messages" in page["body"], "with its evidence"
    assert merges(stage) == [], "it merged nothing"
    back = await asyncio.to_thread(approved, stage, revert, page["head"]["sha"])
    await stage.journal.wait("revert_ended", pull=revert)
    assert (await stage.journal.wait("scored", sha=bad))["score"] == "right"
    await stage.runs(back)
    calm = await stage.journal.wait("concluded", sha=back)
    assert calm["would"] == "nothing", calm["because"]


async def it_takes_it_back(stage: Stage, watcher: Watcher) -> None:
    """It was right once, which is enough here: its own revert is merged by the App that may, and health is back."""
    _pull, bad = await merged(stage, 3)
    found = await stage.journal.wait("concluded", sha=bad)
    assert (found["would"], found["mode"]) == ("revert", "act"), found["because"]
    done = await stage.journal.wait("merged")
    assert merges(stage) == [(done["pull"], SECOND)]
    back = Sha(done["merge"])
    repo = stage.pods.repo
    assert repo.read(back, TUNING) == repo.read(repo.resolve(f"{bad}^1"), TUNING) != repo.read(bad, TUNING)
    await stage.runs(back)
    watch = watcher.book.get(bad)
    assert watch is not None
    assert watch.ours
