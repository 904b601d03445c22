"""Argo CD's documents as the house reads them, and the changes that it asks for."""

import json
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.adapters.argocd import holding, links
from bot.adapters.argocd.identity import closed, pods, read, value_files
from bot.adapters.argocd.models import Application, Node, Source, SyncWindows, Tree
from bot.core.ids import Sha
from bot.policy.rollouts import EPOCH, Applied, Version

ONE, TWO = Sha("1" * 40), Sha("2" * 40)
AUTOMATED = {"prune": True, "selfHeal": True, "allowEmpty": False}


def document(**status: Any) -> dict[str, Any]:
    source = {"repoURL": "https://x", "path": "charts/app", "targetRevision": "main"}
    return {
        "metadata": {"name": "app", "annotations": {"other": "kept"}},
        "spec": {"project": "p", "source": source, "syncPolicy": {"automated": AUTOMATED, "retry": {"limit": 3}}},
        "status": status,
    }


def application(change: Any = None, **status: Any) -> Application:
    found = document(**status)
    return Application.model_validate(_merged(found, change) if change else found)


def _merged(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        made[key] = _merged(made.get(key), value)
        if value is None:
            del made[key]
    return made


def product(source: Sha, _of: object) -> Version:
    return Version(source, Sha(f"{source[:39]}f"))


class TestRead:
    def test_a_new_application_says_nothing(self) -> None:
        seen = read(application(), (), product)
        assert (seen.target, seen.applied, seen.attempt, seen.desired) == (None, (), None, None)
        assert (seen.sync, seen.health, seen.auto_sync) == ("Unknown", "Unknown", True)

    def test_nulls_say_nothing_either(self) -> None:
        empty = {"history": None, "resources": None, "conditions": None, "sync": None, "operationState": None}
        assert read(application(**empty), (), product) == read(application(), (), product)
        assert Tree.model_validate({"nodes": None}).nodes == ()

    def test_history_target_and_attempt(self) -> None:
        rows = [{"id": 2**53 + 1, "revision": ONE, "deployedAt": "2026-11-22T10:00:00Z"}, {"id": 9, "revision": "v1.2"}]
        state = {
            "phase": "Failed",
            "message": "m",
            "operation": {"initiatedBy": {"username": "ann"}},
            "syncResult": {
                "revision": TWO,
                "resources": [
                    {"kind": "Job", "name": "j", "hookPhase": "Failed", "message": "no"},
                    {"kind": "Service", "name": "s", "status": "Synced", "message": "ok"},
                    {"kind": "Pod", "name": "p", "status": "SyncFailed", "message": "bad\nline"},
                ],
            },
        }
        status = {"history": rows, "sync": {"status": "OutOfSync", "revision": TWO}, "operationState": state}
        seen = read(application(**status), (), product)
        at = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
        assert seen.applied == (Applied(2**53 + 1, product(ONE, ()), at),), "a tag names no commit"
        assert seen.target == product(TWO, ())
        assert seen.attempt is not None
        assert seen.attempt.failures == ("Job j: no", "Pod p: bad line")
        assert not seen.attempt.automated

    def test_an_operation_that_was_only_asked_for_is_under_way(self) -> None:
        found = _merged(
            document(operationState={"phase": "Succeeded"}), {"operation": {"initiatedBy": {"automated": True}}}
        )
        seen = read(Application.model_validate(found), (), product)
        assert seen.attempt is not None
        assert (seen.attempt.runs, seen.attempt.automated) == (True, True)

    def test_several_sources_give_the_first_commit(self) -> None:
        found = document(
            sync={"status": "Synced", "revisions": ["1.2.3", ONE]}, history=[{"id": 1, "revisions": ["1.2.3", ONE]}]
        )
        found["spec"]["sources"] = [found["spec"].pop("source")]
        seen = read(Application.model_validate(found), (), product)
        assert seen.target is not None
        assert (seen.target.source, seen.applied[0].version.source, seen.applied[0].at) == (ONE, ONE, EPOCH)

    def test_what_differs_and_what_went_wrong(self) -> None:
        seen = read(
            application(
                resources=[
                    {"kind": "ConfigMap", "name": "c", "status": "OutOfSync"},
                    {"kind": "Rollout", "group": "argoproj.io", "name": "r", "status": "Synced",
                     "health": {"status": "Degraded", "message": "RolloutAborted: x"}},
                ],
                conditions=[{"type": "ComparisonError", "message": "no repo"}, {"type": "XWarning", "message": "w"}],
            ),
            (),
            product,
        )  # fmt: skip
        assert (seen.differing, seen.troubles, seen.aborted) == (("ConfigMap c",), ("no repo",), "RolloutAborted: x")

    def test_auto_sync_may_be_there_and_off(self) -> None:
        off = {"spec": {"syncPolicy": {"automated": {"enabled": False}}}}
        assert not read(application(off), (), product).auto_sync


def pod(commit: str, health: str, **info: str) -> Node:
    rows = [{"name": name.replace("_", " "), "value": value} for name, value in info.items()]
    labels = {"megawatts.dev/commit": commit}
    return Node.model_validate(
        {
            "kind": "Pod",
            "health": {"status": health, "message": "back-off"},
            "networkingInfo": {"labels": labels},
            "info": rows,
        }
    )


def test_pods_are_counted_by_the_commit_that_they_name() -> None:
    nodes = [
        pod(ONE, "Healthy"),
        pod(ONE, "Progressing"),
        pod(TWO, "Degraded", Status_Reason="CrashLoopBackOff", Restart_Count="12"),
        pod(ONE, "Degraded", Status_Reason="Evicted"),
        pod(ONE, "Healthy", Status_Reason="Terminating"),
        pod("unknown", "Healthy"),
        pod(f"{ONE}x", "Healthy"),
        Node.model_validate({"kind": "ReplicaSet", "networkingInfo": {"labels": {"megawatts.dev/commit": ONE}}}),
        Node.model_validate(
            {"kind": "Pod", "group": "evil.example", "networkingInfo": {"labels": {"megawatts.dev/commit": ONE}}}
        ),
    ]
    found = pods(nodes)
    assert found.keys() == {ONE, TWO}
    assert (found[ONE].ready, found[ONE].total, found[ONE].broken) == (1, 2, "")
    assert (found[TWO].ready, found[TWO].broken, found[TWO].restarts) == (0, "CrashLoopBackOff: back-off", 12)
    assert pods([pod(ONE, "Degraded", Restart_Count="many")])[ONE].restarts == 0


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("charts/app", "../../deploy/production/bot.yaml", "deploy/production/bot.yaml"),
        ("charts/app", "values-x.yaml", "charts/app/values-x.yaml"),
        ("charts/app", "/deploy/x.yaml", "deploy/x.yaml"),
        ("", "x.yaml", "x.yaml"),
        ("", "$values/deploy/x.yaml", "deploy/x.yaml"),
        ("charts/app", "../../../etc/passwd", None),
        ("charts/app", "https://evil.example/x.yaml", None),
        ("charts/app", "$values", None),
        ("charts/app", "../..", None),
    ],
)
def test_values_files_inside_the_repository(path: str, name: str, expected: str | None) -> None:
    source = Source.model_validate({"path": path, "helm": {"valueFiles": [name]}})
    assert list(value_files([source])) == ([PurePosixPath(expected)] if expected else [])


DENY, ALLOW = ({"kind": kind, "schedule": "0 8 * * *", "duration": "1h"} for kind in ("deny", "allow"))


@pytest.mark.parametrize(
    ("active", "assigned", "says"),
    [
        ([], [], ""),
        ([DENY], [DENY], "denies syncs now"),
        ([DENY, ALLOW], [DENY, ALLOW], "denies syncs now"),
        ([], [DENY], ""),
        ([], [ALLOW], "allowed only in"),
        ([ALLOW], [ALLOW], ""),
        (None, None, ""),
    ],
)
def test_which_window_holds_auto_sync(active: Any, assigned: Any, says: str) -> None:
    found = closed(SyncWindows.model_validate({"activeWindows": active, "assignedWindows": assigned}))
    assert says in found
    assert bool(says) == bool(found)


class TestHolding:
    def test_it_remembers_what_was(self) -> None:
        change = holding.holding(application(), "bad\nhealth")
        assert change is not None
        assert change["spec"] == {"syncPolicy": {"automated": None}}
        held = application(change)
        assert not held.spec.auto_sync
        assert holding.reason_of(held) == "bad health"
        assert held.metadata.annotations["other"] == "kept"
        assert holding.holding(held, "again") is None, "the first reason and what was before stay"
        back = holding.releasing(held)
        assert back is not None
        released = Application.model_validate(_merged(_merged(document(), change), back))
        assert released == application()
        assert holding.releasing(released) is None

    def test_what_people_had_switched_off_stays_off(self) -> None:
        off = {"spec": {"syncPolicy": {"automated": None}}}
        change = holding.holding(application(off), "why")
        assert change is not None
        assert "spec" not in change
        held = Application.model_validate(_merged(_merged(document(), off), change))
        back = holding.releasing(held)
        assert back is not None
        assert "spec" not in back

    def test_what_was_off_by_its_own_field_comes_back_as_it_was(self) -> None:
        off = {"spec": {"syncPolicy": {"automated": {"enabled": False, "new": 1}}}}
        change = holding.holding(application(off), "why")
        assert change is not None
        assert "spec" not in change
        assert json.loads(change["metadata"]["annotations"][holding.BEFORE])["new"] == 1, "unknown fields too"

    def test_a_hold_that_someone_ended_is_made_anew(self) -> None:
        notes = {"metadata": {"annotations": {holding.REASON: "old", holding.BEFORE: '{"prune": false}'}}}
        change = holding.holding(application(notes), "new")
        assert change is not None
        assert json.loads(change["metadata"]["annotations"][holding.BEFORE]) == AUTOMATED
        back = holding.releasing(application(notes))
        assert back is not None
        assert "spec" not in back, "auto-sync is on: it is left as someone set it"

    @pytest.mark.parametrize("said", ["{", "[]", '{"prune": "perhaps"}', "null"])
    def test_what_cannot_be_read_is_not_given_back(self, said: str) -> None:
        notes = {
            "metadata": {"annotations": {holding.REASON: "x", holding.BEFORE: said}},
            "spec": {"syncPolicy": {"automated": None}},
        }
        back = holding.releasing(application(notes))
        assert back is not None
        assert "spec" not in back, "it stays off, and a person decides"


class TestLinks:
    def test_others_lines_stay(self) -> None:
        theirs = {"spec": {"info": [{"name": "Wiki", "value": "https://w"}, {"name": links.PULL, "value": "old"}]}}
        lines = {links.PULL: "https://forge/pull/7", links.VERDICT: "well\nin v1.2"}
        change = links.showing(application(theirs), lines)
        assert change is not None
        rows = {row["name"]: row["value"] for row in change["spec"]["info"]}
        assert rows == {"Wiki": "https://w", links.PULL: "https://forge/pull/7", links.VERDICT: "well in v1.2"}
        notes = change["metadata"]["annotations"]
        assert notes == {"megawatts.dev/pull-request": "https://forge/pull/7", "megawatts.dev/verdict": "well in v1.2"}
        shown = Application.model_validate(_merged(_merged(document(), theirs), change))
        assert links.showing(shown, lines) is None
        gone = links.showing(shown, {links.VERDICT: ""})
        assert gone is not None
        assert gone["metadata"]["annotations"] == {"megawatts.dev/verdict": None}
        assert links.VERDICT not in {row["name"] for row in gone["spec"]["info"]}

    def test_nothing_to_show_changes_nothing(self) -> None:
        assert links.showing(application(), {}) is None
        assert links.showing(application(), {links.REVERT: ""}) is None
