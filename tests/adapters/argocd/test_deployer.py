"""The deployer over a small Argo CD with a real repository: what it concludes, and above all what it does not do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.argocd.errors import Refused
from bot.adapters.argocd.holding import REASON
from bot.adapters.argocd.links import PULL
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.policy.reconcile import TABLE, RolledBack
from tests.deploy import crds
from tests.servers.argocd.house import APPLICATION, House, built, values

pytestmark = [
    pytest.mark.integration,  # they run git and servers
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]
SOON = timedelta(seconds=20)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as made:
        yield made


async def test_a_merge_runs_when_its_image_does_and_not_before(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    await house.argo.reconcile(APPLICATION)
    found = await house.deployer.rollout(new)
    assert not found.contains
    assert found.facts["source"] == new, "its commit was applied, with the image of before"
    assert "not promoted yet" in found.facts["because"]
    assert found.failed == ""
    house.promote(new)
    await house.argo.reconcile(APPLICATION)
    found = await house.deployer.rollout(new)
    assert (found.running, found.contains, found.ready) == (new, True, True)


async def test_a_merge_of_manifests_alone_runs_once_they_are_applied(house: House) -> None:
    made = house.commit({"deploy/environments/production/bot.yaml": values(house.argo.product(house.argo.head()))[
        "deploy/environments/production/bot.yaml"
    ] + "  shards: {total: 4}\n"})  # fmt: skip
    mixed = house.commit({"deploy/x.yaml": "x\n", "bot/y.py": "y\n"})
    await house.argo.reconcile(APPLICATION)
    assert (await house.deployer.rollout(made)).contains
    assert not (await house.deployer.rollout(mixed)).contains, "it has code as well, which no image contains yet"


async def test_it_asks_to_look_at_git_and_not_at_every_look(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    house.promote(new)
    found = await house.deployer.rollout(new)
    assert found.contains, "Argo CD was asked to look, and synced"
    later = await house.merged("later\n", promote=False)
    for _ in range(3):
        await house.deployer.rollout(later)
    asked = [one for one in house.peer.calls("GET") if one.query.get("refresh") == "normal"]
    assert len(asked) == 1


async def test_a_quiet_look_costs_two_calls(house: House) -> None:
    new = await house.merged("new\n")
    await house.deployer.rollout(new)
    assert [(one.method, one.path.rpartition("/")[2]) for one in house.peer.asked] == [
        ("GET", APPLICATION), ("GET", "resource-tree"),
    ]  # fmt: skip


async def test_waiting_is_woken_by_the_watch(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    waiting = asyncio.create_task(house.deployer.wait(new, SOON))
    await house.peer.watched.wait()
    house.promote(new)
    await house.argo.reconcile(APPLICATION)
    assert (await waiting).contains


async def test_waiting_survives_a_server_that_stumbles_and_ends_when_done(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    waiting = asyncio.create_task(house.deployer.wait(new, SOON))
    await house.peer.watched.wait()
    house.peer.fail("/resource-tree", 503)
    house.promote(new)
    await house.argo.reconcile(APPLICATION)
    assert (await waiting).contains
    before = len(house.peer.calls("GET", "/stream/"))
    assert (await house.deployer.wait(new, SOON)).contains
    assert len(house.peer.calls("GET", "/stream/")) == before, "what is so already is not waited for"


async def test_waiting_ends_at_its_deadline(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    found = await house.deployer.wait(new, timedelta(seconds=0.3))
    assert (found.contains, found.failed) == (False, "")


async def test_a_sync_that_fails_and_pods_that_crash_are_told_apart(house: House) -> None:
    rejected = await house.merged("rejected\n", promote=False)
    house.argo.rejects[rejected] = ("Failed", "spec.replicas: Invalid value")
    house.promote(rejected)
    waited = await house.deployer.wait(rejected, SOON)
    assert waited.failed == "the sync failed: StatefulSet megawatts: spec.replicas: Invalid value"
    crashing = await house.merged("crashing\n", promote=False)
    house.argo.breaks[crashing] = "exit code 1"
    house.promote(crashing)
    await house.argo.reconcile(APPLICATION)
    found = await house.deployer.rollout(crashing)
    assert found.failed == "its pods do not start: CrashLoopBackOff: exit code 1"
    assert (found.ready, found.contains) == (True, False), "what ran before still takes traffic"
    assert (await house.deployer.rollout(found.running or Sha(""))).failed == ""


async def test_a_cluster_that_is_away_blames_nobody(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    house.argo.rejects[new] = ("Failed", "dial tcp 10.0.0.1:443: connect: connection refused")
    house.promote(new)
    await house.argo.reconcile(APPLICATION)
    found = await house.deployer.rollout(new)
    assert (found.failed, found.contains) == ("", False)
    assert "not by this commit's fault" in found.facts["because"]


async def test_a_missing_application_is_told_and_never_acted_on(house: House) -> None:
    gone = house.another(name="nobody")
    found = await gone.rollout(house.argo.head())
    assert (found.running, found.contains, found.ready, found.failed) == (None, False, False, "")
    assert "ARGOCD_APPLICATION" in found.facts["because"]
    for act in (
        gone.hold("x"),
        gone.release(),
        gone.roll_back(house.argo.head(), "x"),
        gone.promote(house.argo.head()),
    ):
        with pytest.raises(Denied, match="no application nobody"):
            await act
    assert {one.method for one in house.peer.asked} == {"GET"}


async def test_out_of_sync_for_another_reason_is_no_fault(house: House) -> None:
    new = await house.merged("new\n")
    drift = {"group": "", "version": "v1", "kind": "ConfigMap", "name": "x", "status": "OutOfSync"}
    status = {"status": "OutOfSync", "revision": house.argo.head()}
    await house.argo.change(sync=status, resources=[drift])
    found = await house.deployer.rollout(new)
    assert (found.contains, found.ready, found.failed) == (True, True, "")
    assert found.facts["differing"] == "ConfigMap x"


async def test_a_closed_window_is_named_and_blames_nobody(house: House) -> None:
    house.argo.window_closed = True
    deny = {"kind": "deny", "schedule": "0 8 * * *", "duration": "1h"}
    house.peer.windows = {"activeWindows": [deny], "assignedWindows": [deny]}
    new = await house.merged("new\n")
    found = await house.deployer.rollout(new)
    assert (found.contains, found.failed) == (False, "")
    assert found.facts["because"] == "a sync window denies syncs now (0 8 * * * for 1h)"


async def test_out_of_sync_and_not_applied_yet(house: House) -> None:
    house.argo.window_closed = True
    found = await house.deployer.rollout(await house.merged("new\n"))
    assert (found.contains, found.failed) == (False, "")
    assert "git asks for it, and it was not applied yet" in found.facts["because"]


class TestRollBack:
    async def test_it_is_refused_while_auto_sync_is_on(self, house: House) -> None:
        first = (await house.deployer.rollout(house.argo.head())).running
        await house.merged("bad\n")
        assert first is not None
        with pytest.raises(Refused, match="hold first"):
            await house.deployer.roll_back(first, "bad")
        assert not house.peer.calls("POST", "rollback"), "Argo CD was not even asked"
        assert house.records.scan(TABLE) == []

    async def test_it_is_refused_where_people_switched_auto_sync_off(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        found = await house.argo.document()
        del found["spec"]["syncPolicy"]["automated"]
        await house.cluster_put(found)
        with pytest.raises(Refused, match="not by our hold"):
            await house.deployer.roll_back(first, "bad")
        assert not house.peer.calls("POST", "rollback")

    async def test_it_is_refused_while_the_forge_answers(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        await house.deployer.hold("incident")

        async def answers() -> bool:
            return True

        with pytest.raises(Refused, match="the forge answers"):
            await house.another(forge_answers=answers).roll_back(first, "bad")
        assert not house.peer.calls("POST", "rollback")

    async def test_held_it_goes_back_and_remembers_what_it_left(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        bad = await house.merged("bad\n")
        await house.deployer.hold("incident")
        await house.deployer.roll_back(first, "errors doubled")
        found = await house.deployer.rollout(bad)
        assert (found.running, found.contains, found.held, found.failed) == (first, False, True, "")
        ((_key, row),) = house.records.scan(TABLE)
        left = RolledBack.read(row)
        assert (left.bad, left.good, left.done, left.reason) == (bad, first, True, "errors doubled")
        (asked,) = house.peer.calls("POST", "rollback")
        assert asked.body["prune"] is True, "as auto-sync did"
        assert type(asked.body["id"]) is int
        await house.deployer.roll_back(first, "again")
        assert len(house.peer.calls("POST", "rollback")) == 1, "it may be repeated"
        assert (await house.another().rollout(bad)).held, "a deployer that was started anew knows it too"

    @pytest.mark.parametrize(("offered", "sent"), [("abort", ["abort"]), ("restart", [])])
    async def test_a_canary_gives_its_traffic_back_at_once(self, house: House, offered: str, sent: list[str]) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        await house.argo.change(resources=[ROLLOUT])
        house.peer.actions = [{"name": offered}]
        house.peer.fail("/actions/v2", 503)
        await house.deployer.hold("incident")
        await house.deployer.roll_back(first, "bad")
        assert [one.body["action"] for one in house.peer.calls("POST", "/actions")] == sent
        assert len(house.peer.calls("POST", "/rollback")) == 1, "whatever became of that"

    async def test_what_is_not_in_the_history_is_refused(self, house: House) -> None:
        await house.deployer.hold("incident")
        with pytest.raises(Refused, match="not in the history"):
            await house.deployer.roll_back(Sha("9" * 40), "bad")

    async def test_a_refusal_leaves_nothing_to_take_back(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        await house.deployer.hold("incident")
        house.peer.windows = {"canSync": False}
        with pytest.raises(Refused, match="sync window"):
            await house.deployer.roll_back(first, "bad")
        assert house.records.scan(TABLE) == [], "else git would take back what still runs"

    async def test_an_answer_that_is_lost_leaves_a_note_that_it_was_asked(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        bad = await house.merged("bad\n")
        await house.deployer.hold("incident")
        house.peer.fail("/rollback", 504)
        with pytest.raises(Unavailable):
            await house.deployer.roll_back(first, "bad")
        ((_key, row),) = house.records.scan(TABLE)
        assert (row["bad"], row["done"]) == (bad, False)

    async def test_the_automatic_sync_under_way_is_stopped_first(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        house.argo.slow = True
        await house.merged("worse\n")
        await house.deployer.hold("incident")
        with pytest.raises(Unavailable, match="being stopped"):
            await house.deployer.roll_back(first, "bad")
        assert len(house.peer.calls("DELETE", "/operation")) == 1
        house.argo.slow = False
        await house.deployer.roll_back(first, "bad")
        assert (await house.deployer.rollout(first)).running == first

    async def test_a_person_s_operation_is_left_alone(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        await house.merged("bad\n")
        await house.deployer.hold("incident")
        house.argo.slow = True
        await house.client.sync()
        with pytest.raises(Refused, match="another operation"):
            await house.deployer.roll_back(first, "bad")
        assert not house.peer.calls("DELETE")


class TestHold:
    async def test_it_works_while_the_forge_is_away(self, house: House) -> None:
        first = house.argo.product(house.argo.head())
        bad = await house.merged("bad\n")
        house.argo.forge_away = True
        with pytest.raises(Refused, match="repository not accessible"):
            await house.client.patch({"spec": {"syncPolicy": {"automated": None}}})
        await house.deployer.hold("the forge is away")
        await house.deployer.roll_back(first, "errors doubled")
        assert (await house.deployer.rollout(bad)).running == first
        house.argo.forge_away = False
        await house.deployer.release()
        assert (await house.deployer.rollout(bad)).running == bad

    async def test_nothing_else_of_the_application_is_touched(self, house: House) -> None:
        found = await house.argo.document()
        found["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
        await house.cluster_put(found)
        before = await house.argo.document()
        await house.deployer.hold("incident")
        await house.deployer.release()
        after = await house.argo.document()
        for one in (before, after):
            del one["metadata"]["resourceVersion"]
        assert after == before

    async def test_a_hold_that_is_undone_at_once_is_no_hold(self, house: House) -> None:
        house.argo.restores = True
        with pytest.raises(Denied, match="ignore differences at /spec/syncPolicy/automated"):
            await house.deployer.hold("incident")

    async def test_it_needs_a_permission_that_is_named(self, house: House) -> None:
        with pytest.raises(Denied, match="`applications, update` on `megawatts/megawatts-bot`"):
            await house.another("reader").hold("incident")
        assert REASON not in (await house.argo.document())["metadata"]["annotations"]

    async def test_release_gives_back_what_was(self, house: House) -> None:
        before = (await house.argo.document())["spec"]
        await house.deployer.hold("incident")
        assert "automated" not in (await house.argo.document())["spec"]["syncPolicy"]
        await house.another().release()
        assert (await house.argo.document())["spec"] == before


async def test_a_wrong_token_is_named_with_its_fix(house: House) -> None:
    with pytest.raises(Misconfigured, match="ARGOCD_AUTH_TOKEN") as caught:
        await house.another("not-the-token").rollout(house.argo.head())
    assert "not-the-token" not in str(caught.value)


ROLLOUT = {
    "group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout", "namespace": "megawatts", "name": "bot",
    "status": "Synced", "health": {"status": "Suspended", "message": "CanaryPauseStep"},
}  # fmt: skip


class TestPromote:
    async def test_a_paused_rollout_of_that_commit_goes_on(self, house: House) -> None:
        new = await house.merged("new\n")
        await house.argo.change(resources=[ROLLOUT])
        house.peer.actions = [{"name": "resume"}, {"name": "promote-full"}, {"name": "abort"}]
        await house.deployer.promote(new)
        (asked,) = house.peer.calls("POST", "/actions")
        assert (asked.body["action"], asked.body["resourceName"], asked.path[-3:]) == ("promote-full", "bot", "/v2")

    async def test_an_older_server_is_asked_in_the_older_way(self, house: House) -> None:
        new = await house.merged("new\n")
        await house.argo.change(resources=[ROLLOUT])
        house.peer.v2, house.peer.actions = False, [{"name": "resume"}, {"name": "promote-full", "disabled": True}]
        await house.deployer.promote(new)
        assert house.peer.calls("POST", "/actions")[-1].body == "resume"

    async def test_nothing_else_is_waved_through(self, house: House) -> None:
        new = await house.merged("new\n")
        await house.deployer.promote(new)  # no Rollout there
        await house.argo.change(resources=[ROLLOUT])
        house.peer.actions = [{"name": "restart"}, {"name": "promote-full", "disabled": True}]
        await house.deployer.promote(new)
        house.peer.actions = [{"name": "promote-full"}]
        await house.deployer.promote(Sha("9" * 40))
        later = await house.merged("later\n", promote=False)
        await house.deployer.promote(later)
        assert not house.peer.calls("POST")


async def test_people_see_on_the_application_what_it_runs(house: House) -> None:
    await house.deployer.show({PULL: "https://forge.example/pull/7"})
    await house.deployer.show({PULL: "https://forge.example/pull/7"})
    found = await house.argo.document()
    assert {"name": PULL, "value": "https://forge.example/pull/7"} in found["spec"]["info"]
    assert len(found["spec"]["info"]) == 3, "those of the file stay"
    assert found["metadata"]["annotations"]["megawatts.dev/pull-request"] == "https://forge.example/pull/7"
    assert len(house.peer.calls("PATCH")) == 1


async def test_what_git_promises_is_read_at_the_base_branch(house: House) -> None:
    new = await house.merged("new\n", promote=False)
    old = house.argo.product(house.argo.head())
    assert await house.deployer.promised(house.argo.head()) == old
    house.promote(new)
    assert await house.deployer.promised(house.argo.head()) == new
    assert await house.deployer.promised(Sha("9" * 40)) is None
    house.commit({"deploy/environments/production/bot.yaml": "bot:\n  image:\n    commit: unknown\n"})
    assert await house.deployer.promised(house.argo.head()) is None
