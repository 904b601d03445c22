"""The controller's half of a small Argo CD: compares with git, syncs, and says what became of it in the status."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from bot.adapters.git.repository import GitRepository
from bot.core.ids import Sha
from bot.policy.rollouts import UNKNOWN
from tests.servers.argocd.cluster import Cluster, Document

VALUES = PurePosixPath("deploy/environments/production/bot.yaml")
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def automated(document: Document) -> bool:
    block = document["spec"].get("syncPolicy", {}).get("automated")
    return block is not None and block.get("enabled") is not False


@dataclass
class Controller:
    """One application's. What goes wrong with which product commit is told by the tests."""

    cluster: Cluster
    repo: GitRepository
    name: str
    rejects: dict[Sha, tuple[str, str]] = field(default_factory=dict)
    """Products whose sync ends so: phase, and what the cluster says of an object."""
    breaks: dict[Sha, str] = field(default_factory=dict)
    """Products whose pods crash, and with what."""
    slow: bool = False
    """Syncs begin and do not end."""
    window_closed: bool = False
    forge_away: bool = False
    restores: bool = False
    """Whether something outside switches auto-sync on again: an app of apps with self-healing."""
    warm: bool = True
    """Whether pods of the version before stay."""
    pods: dict[Sha, bool] = field(default_factory=dict)
    """Product commit -> whether its pods are ready."""
    applied: Sha = UNKNOWN
    """The commit whose manifests were applied last."""
    _named: dict[Sha, tuple[Sha, Sha]] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def head(self) -> Sha:
        return Sha((self.repo.path / "refs" / "heads" / "main").read_text().strip())

    def product(self, revision: Sha) -> Sha:
        """The commit that pods run by these manifests: of their image, or of the data beside it."""
        return self._names(revision)[1]

    def code(self, revision: Sha) -> Sha:
        """The commit of the image."""
        return self._names(revision)[0]

    def _names(self, revision: Sha) -> tuple[Sha, Sha]:
        if revision not in self._named:
            text = self.repo.read(revision, VALUES)
            found = yaml.safe_load(text)["bot"] if text else {"image": {"commit": revision}}
            code, data = found["image"]["commit"], found.get("data", {})
            self._named[revision] = Sha(code), Sha((data.get("enabled") and data["revision"]) or code)
        return self._named[revision]

    async def document(self) -> Document:
        found = await self.cluster.get(self.name)
        assert found is not None
        return found

    async def change(self, **status: Any) -> Document:
        """Set parts of the status."""
        found = await self.document()
        found["status"] = {**found["status"], **status}
        return await self.cluster.put(found)

    async def edited(self, document: Document) -> Document:
        """A new spec or new annotations: stored, then reconciled."""
        if self.restores:
            document["spec"]["syncPolicy"]["automated"] = {"prune": True}
        await self.cluster.put(document)
        return await self.reconcile(self.name)

    async def reconcile(self, name: str) -> Document:
        """Compare with git, and sync where that is automatic."""
        found = await self.cluster.get(name)
        assert found is not None
        target, history = self.head(), found["status"].get("history", [])
        applied = history[-1]["revision"] if history else None
        same = applied is not None and self.product(target) == self.product(applied)
        before = found["status"].get("sync", {})
        found["status"]["sync"] = {"status": "Synced" if same else "OutOfSync", "revision": target}
        found["status"].setdefault("health", {"status": "Missing"})
        tried = found["status"].get("operationState", {}).get("syncResult", {}).get("revision")
        if not same and automated(found) and tried != target and not self.window_closed:
            return await self.sync(found, target, automatic=True)
        return await self.cluster.put(found) if before != found["status"]["sync"] else found

    async def sync(self, found: Document, revision: Sha, *, automatic: bool) -> Document:
        """Begin a sync, and end it unless they are slow."""
        made = copy.deepcopy(found)
        now = self.clock().strftime(STAMP)
        who = {"automated": True} if automatic else {"username": "megawatts"}
        made["status"]["operationState"] = {
            "operation": {"sync": {"revision": revision}, "initiatedBy": who},
            "phase": "Running",
            "startedAt": now,
            "syncResult": {"revision": revision, "source": made["spec"]["source"], "resources": []},
        }
        made = await self.cluster.put(made)
        if self.slow:
            return made
        phase, said = self.rejects.get(self.product(revision), ("Succeeded", "successfully synced"))
        return await self.end(made, phase, said)

    async def end(self, found: Document, phase: str, said: str) -> Document:
        """The end of the operation that runs."""
        made = copy.deepcopy(found)
        state, status = made["status"]["operationState"], made["status"]
        revision = state["syncResult"]["revision"]
        now = self.clock().strftime(STAMP)
        state.update(phase=phase, finishedAt=now, message=said)
        if phase == "Failed" and "terminated" not in said:
            state["message"] = "one or more objects failed to apply"
            state["syncResult"]["resources"] = [
                {"group": "apps", "version": "v1", "kind": "StatefulSet", "name": "megawatts", "namespace": "megawatts",
                 "status": "SyncFailed", "message": said}
            ]  # fmt: skip
        if phase == "Succeeded":
            rows = status.setdefault("history", [])
            number = rows[-1]["id"] + 1 if rows else 0
            rows.append(
                {"id": number, "revision": revision, "deployedAt": now, "deployStartedAt": state["startedAt"],
                 "source": made["spec"]["source"], "initiatedBy": state["operation"]["initiatedBy"]}
            )  # fmt: skip
            target = self.head()
            same = self.product(target) == self.product(revision)
            status["sync"] = {"status": "Synced" if same else "OutOfSync", "revision": target}
            self.applied = revision
            self._run(self.product(revision), status)
        return await self.cluster.put(made)

    def _run(self, product: Sha, status: Document) -> None:
        good, product = product not in self.breaks, self.code(self.applied)
        before = [sha for sha, ready in self.pods.items() if ready and sha != product]
        kept = before[-1:] if self.warm else []
        self.pods = {**dict.fromkeys(kept, True), product: good}
        status["health"] = {"status": "Healthy" if good else "Degraded"}

    def nodes(self) -> list[Document]:
        """The live objects, as Argo CD shows them."""
        return [
            _pod(sha, number, ready, self.breaks.get(sha, "")) for sha, ready in self.pods.items() for number in (0, 1)
        ]


def _pod(sha: Sha, number: int, ready: bool, broken: str) -> Document:
    health: Document = {"status": "Healthy"} if ready else {"status": "Degraded", "message": broken}
    info = (
        []
        if ready
        else [{"name": "Status Reason", "value": "CrashLoopBackOff"}, {"name": "Restart Count", "value": "4"}]
    )
    return {
        "version": "v1", "kind": "Pod", "namespace": "megawatts", "name": f"megawatts-{sha[:7]}-{number}",
        "uid": f"{sha[:12]}-{number}", "health": health, "info": info,
        "networkingInfo": {"labels": {"megawatts.dev/commit": sha, "app.kubernetes.io/name": "megawatts"}},
        "createdAt": "2026-11-22T00:00:00Z",
    }  # fmt: skip
