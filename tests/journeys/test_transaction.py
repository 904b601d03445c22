"""One whole transaction on the real parts: a bad deploy is taken back by itself, and health is proven again."""

import asyncio
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.github.webhook import Reason
from bot.adapters.store.audit import FileAuditLog
from bot.core.change import Proposal
from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.improve.context import GATE, HEALTH
from bot.improve.knowledge import Knowledge, Result
from bot.improve.reverts import shunned
from bot.policy import reconcile
from tests.deploy import crds
from tests.journeys import _road_ground as ground
from tests.journeys import _road_stage as road
from tests.journeys._road_stage import Brain, Change, Stage
from tests.servers import prometheus as servers
from tests.servers.argocd.controller import VALUES, automated
from tests.servers.github.front import ME, SECOND
from tests.servers.github.peer import GitHub

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not crds.DATA.is_dir(), reason=f"the schemas of Argo CD are not at {crds.DATA}"),
]


async def test_a_bad_deploy_is_taken_back_and_health_is_proven(
    hub: GitHub, prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    """The controller dies after the revert's merge and before its deploy; the next one goes on."""
    template = await asyncio.to_thread(ground.product, tmp_path)
    async with road.stage(hub, prometheus, template, tmp_path) as stage:
        first = stage.pods.stable
        assert first is not None
        async with stage.controlled():
            change = await stage.carried("user_burst", 2)
            await stage.runs(change.merge)
            revert = await stage.taken_back(change)
        assert revert.merge not in {product for _t, product in stage.pods.ran}, "it died before the deploy"
        async with stage.controlled() as brain:
            await stage.runs(revert.merge)
            await stage.journal.wait("healthy", pull=revert.pull)
            await stage.journal.wait("relanded", of=change.pull)
            await _shunned_for_good(stage, brain, change)
            await _on_record(stage, brain, change, revert)
            _as_git_says(stage, first, change, revert)
            _by_whom(stage, change, revert)
            _as_members_met_it(stage, first, change, revert)
            assert brain.hooks.outcomes[Reason.WOKE] > 0, "what happens outside wakes the loop"


async def _shunned_for_good(stage: Stage, brain: Brain, change: Change) -> None:
    """The same value asked for again is not tried again, nor is the edit under another name."""
    proposed = len(stage.journal.all("proposed"))
    since = asyncio.get_running_loop().time()
    stage.ask_for("user_burst", 2)
    ranked = await stage.journal.wait("ranked", since=since)
    assert ranked["chosen"] == 0
    await stage.rounds(3)
    assert len(stage.journal.all("proposed")) == proposed == 1
    found = Knowledge(brain.records).outcomes()
    (learned,) = [one for one in found if one.pull == change.pull]
    assert learned.result is Result.REVERTED
    assert [effect for effect in learned.effect if effect.status == "fail" and effect.after > effect.before]
    base = brain.road.repo.resolve(f"{change.head}^1")
    row = shunned.known(brain.records, brain.road.repo, base, change.head)
    assert row is not None
    assert row["pull"] == change.pull


async def _on_record(stage: Stage, brain: Brain, change: Change, revert: Change) -> None:
    """What the forge shows of it, as the engine reported it, and the audit log."""
    forge = brain.road.forge
    gate = await forge.reported(change.head, GATE)
    assert gate is not None
    assert gate.passed
    assert gate.facts["head"] == change.head
    reported = [await forge.reported(one.merge, HEALTH) for one in (change, revert)]
    assert [one.passed for one in reported if one is not None] == [False, True]
    rest = {p.pull: p for p in await forge.proposals(everything=True)}
    assert rest.pop(change.pull).merged_as == change.merge
    assert rest.pop(revert.pull).reverts == change.merge
    assert [_draft(p) for p in rest.values()] == ["draft"], "it comes again as a draft, and as nothing else"
    log = FileAuditLog(stage.home.audit)
    assert log.verify().passed
    done = [entry.act for entry in log.entries() if entry.act in {"merge", "revert", "settle"}]
    assert done == ["merge", "revert", "merge", "settle"]


def _draft(proposal: Proposal) -> str:
    return "draft" if proposal.draft and proposal.merged_as is None else "open"


def _as_git_says(stage: Stage, first: Sha, change: Change, revert: Change) -> None:
    """Two merges and a promotion of each, the last tree as the first, and Argo CD runs just that."""
    repo = stage.pods.repo
    main = stage.pods.head()
    line = repo.git.run("rev-list", "--first-parent", main).out.decode().split()
    assert len(line) == 6
    assert line[1] == revert.merge
    assert line[3] == change.merge
    before, after = dict(repo.files(Sha(line[4]))), dict(repo.files(main))
    assert before.pop(PurePosixPath(VALUES)) != after.pop(PurePosixPath(VALUES))
    assert before == after
    assert stage.pods.product(main) == revert.merge
    assert stage.pods.stable == revert.merge
    assert list(stage.pods.running) == [revert.merge]
    assert [product for _t, product in stage.pods.ran] == [first, change.merge, revert.merge]


def _by_whom(stage: Stage, change: Change, revert: Change) -> None:
    """Each merge by the App that may, and nothing that GitHub had to refuse."""
    front, house = stage.place.hub.front, stage.place.house
    merges = [a for a in front.asked if a.verb == "PUT" and a.path.endswith("/merge")]
    assert [(a.path.split("/")[-2], front.apps[a.token], a.status) for a in merges] == [
        (str(change.pull), ME, 200),
        (str(revert.pull), SECOND, 200),
    ]
    row = house.pull(revert.pull)
    assert "code owner" in house._unmet(row, revert.head, ME), "the first App would have had to wait for a person"
    assert house._unmet(row, revert.head, SECOND) == ""
    assert [a for a in front.asked if a.status >= 400 and (a.verb, a.status) != ("GET", 404)] == []
    assert stage.events.refused == []
    assert {status for _event, status in stage.events.answers} == {202}


def _as_members_met_it(stage: Stage, first: Sha, change: Change, revert: Change) -> None:
    bad = stage.pods.met(change.merge)
    assert bad["rejected"] > sum(bad.values()) / 3
    for well in (first, revert.merge):
        met = stage.pods.met(well)
        assert met.get("rejected", 0) == 0
        assert met["answered"] > 50


async def test_a_good_change_is_released_though_nothing_wakes_the_loop(
    hub: GitHub, prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    """Every webhook is lost, Argo CD's too; the controller dies after the merge; GitHub is away during the watch."""
    template = await asyncio.to_thread(ground.product, tmp_path, short=True)
    async with road.stage(hub, prometheus, template, tmp_path) as stage:
        stage.events.lost = True
        async with stage.controlled(watched=False):
            change = await stage.carried("user_burst", 14)
        async with stage.controlled(watched=False) as brain:
            await stage.runs(change.merge)
            await stage.journal.wait("observed", pull=change.pull)
            await _nothing_happens_without_github(stage, brain)
            healthy = await stage.journal.wait("healthy", pull=change.pull)
            assert await brain.road.forge.tags() == {healthy["version"]: change.merge}
            assert stage.pods.stable == change.merge
            assert list(stage.pods.running) == [change.merge]
            assert stage.journal.all("revert") == []
            assert not brain.hooks.outcomes
            assert stage.events.answers == []
        assert stage.pods.met(change.merge).get("rejected", 0) == 0


async def _nothing_happens_without_github(stage: Stage, brain: Brain) -> None:
    """Rounds end where GitHub does not answer: no verdict is made, nothing is merged, tagged or promoted."""
    faults = stage.place.hub.front.faults
    stage.place.fault("*", ".*", 503, times=10**6)
    since = asyncio.get_running_loop().time()
    held = await stage.journal.wait("held", since=since)
    assert "GitHub" in held["door"]
    with pytest.raises(Unavailable):
        await brain.road.forge.main()
    await stage.journal.wait("held", since=held["t"] + 0.01)
    told = [row["event"] for row in stage.journal.rows if row["t"] >= held["t"]]
    assert set(told) <= {"held", "round"}
    assert stage.pods.stable != stage.pods.newest, "the canary waits"
    faults.clear()


async def test_without_github_the_way_back_is_argo_cd_s_and_git_catches_up(
    hub: GitHub, prometheus: servers.Prometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub goes away while a bad version runs: hold, roll back; when it is back, revert there, follow git again."""
    monkeypatch.setattr(reconcile, "PATIENCE", timedelta(seconds=3))
    template = await asyncio.to_thread(ground.product, tmp_path, short=True)
    async with road.stage(hub, prometheus, template, tmp_path) as stage, stage.controlled() as brain:
        first, journal = stage.pods.stable, stage.journal
        change = await stage.carried("user_burst", 3)
        await stage.runs(change.merge)
        stage.pods.forge_away = True
        stage.place.fault("*", ".*", 503, times=10**6)
        before = stage.pods.head()
        await journal.wait("rollback", pull=change.pull)
        await stage.until(lambda: list(stage.pods.running) == [first], "the good version alone has pods")
        assert not automated(await stage.pods.document())
        assert stage.pods.head() == before, "git is as it was"
        assert journal.all("revert") == []

        hub.front.faults.clear()
        stage.pods.forge_away = False
        revert = await stage.taken_back(change)
        await stage.runs(revert.merge)
        await journal.wait("healthy", pull=revert.pull)
        assert automated(await stage.pods.document()), "it follows git again"
        assert [product for _t, product in stage.pods.ran][1:] == [change.merge, first, revert.merge]
        reported = [await brain.road.forge.reported(one.merge, HEALTH) for one in (change, revert)]
        assert [one.passed for one in reported if one is not None] == [False, True]
        assert len(journal.all("merged")) == 2
