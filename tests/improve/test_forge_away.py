"""Health goes bad while the forge is away: traffic goes back at once, and git catches up afterwards. Once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.ids import Sha
from tests.deploy import crds
from tests.improve._forgeless_stage import BAD, Argo, Stage, stage_of

pytestmark = pytest.mark.integration  # they run git, and a server


@pytest.fixture(params=["local", "argocd"])
async def stage(
    request: pytest.FixtureRequest, world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    if request.param == "argocd" and not crds.there():
        pytest.skip(crds.ABSENT)
    async with stage_of(request.param, world, tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("stage", ["local"], indirect=True)
async def test_traffic_goes_back_and_git_catches_up(stage: Stage) -> None:
    good = await stage.running()
    bad = await stage.deployed(BAD)
    stage.away()
    await stage.wait_a_minute()

    async def back() -> bool:
        return await stage.running() == good

    await stage.until(back)
    assert await stage.held()
    await stage.rounds(5)
    assert (stage.audited("roll_back"), len(stage.told("rollback"))) == ([f"#{bad.pull}"], 1)
    assert ["went back" in because for because in stage.told("page")] == [True], "one person, once"
    assert not await stage.scene.reverts(), "git cannot be asked"

    stage.back()
    await stage.rounds(4)
    (revert,) = await stage.scene.reverts()
    assert (revert.reverts, revert.merged_as is not None) == (bad.merged_as, True)
    assert await stage.running() in {good, revert.merged_as}, "never the bad one again"
    stage.place.promote()

    async def released() -> bool:
        return not stage.rows()

    await stage.until(released)
    await stage.rounds(2)
    assert not await stage.held()
    found = await stage.place.door.rollout(Sha(str(revert.merged_as)))
    assert (found.contains, found.running != bad.merged_as) == (True, True)
    await stage.rounds(10)
    settled = await stage.scene.health(revert)
    assert settled is not None
    assert settled.passed
    assert len(await stage.scene.reverts()) == 1
    assert stage.audited("release") == ["deployer"]
    assert len(stage.told("page")) == 1
    assert stage.scene.ctx.audit.verify().passed


KILLS = (
    "forgeless.recorded", "forgeless.held", "forgeless.rolled_back", "forgeless.audited", "forgeless.paged",
    "catchup.shunned", "act.revert.captured", "act.revert.opened", "catchup.released", "catchup.forgotten",
)  # fmt: skip


async def test_killed_at_every_point_it_goes_on_and_does_nothing_twice(stage: Stage) -> None:
    good = await stage.running()
    bad = await stage.deployed(BAD)
    died = stage.dies_at(*KILLS)
    # It has to have seen the forge once: what it does not know it does not watch.
    await stage.rounds(1)
    stage.away()
    await stage.wait_a_minute()

    async def gone_back() -> bool:
        return len(died) == 5

    await stage.until(gone_back)
    await stage.rounds(2)
    assert (await stage.running(), await stage.held()) == (good, True)
    assert died == list(KILLS[:5])
    stage.back()

    async def merged() -> bool:
        return any(p.merged_as for p in await stage.scene.reverts())

    await stage.until(merged)
    await stage.rounds(2)
    (revert,) = await stage.scene.reverts()
    if isinstance(stage.place, Argo):
        assert (await stage.running(), await stage.held()) == (good, True), "git asks for the bad image still"
    stage.place.promote()

    async def over() -> bool:
        return await stage.scene.health(revert) is not None

    await stage.until(over)
    assert died == list(KILLS)
    assert len(await stage.scene.reverts()) == 1
    assert (revert.reverts, (await stage.scene.health(revert)).passed) == (bad.merged_as, True)  # type: ignore[union-attr]
    assert (stage.rows(), await stage.held()) == ([], False)
    assert stage.audited("roll_back") == stage.audited("revert") == [f"#{bad.pull}"]
    assert len(stage.told("page")) == len(stage.audited("page")) == 1
    if isinstance(stage.place, Argo):
        await stage.rounds(1)
        shown = await stage.place.page()
        assert (shown["Pull request"], shown["Commit"]) == (f"#{revert.pull}", revert.merged_as)
        assert shown["Verdict"].startswith("healthy: ")
        assert f"#{bad.pull} is taken back: " in shown["Revert"]
    assert stage.scene.ctx.audit.verify().passed
