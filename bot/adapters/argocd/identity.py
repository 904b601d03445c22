"""Argo CD's documents in the house's words: which commits they name, and what they say of them."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from bot.adapters.argocd import holding
from bot.adapters.argocd.models import Application, Deployment, Node, OperationState, Source, SyncWindows
from bot.core.ids import Sha
from bot.core.text import one_line
from bot.policy.rollouts import EPOCH, LABEL, Applied, Attempt, Pods, Seen, Version

_SHA = re.compile(r"[0-9a-f]{40}")
_WORST = 40
"""Objects looked at when an application differs from git."""

_GONE = frozenset({"Completed", "Evicted", "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "Terminating"})
"""What a pod says that is no longer one of those that should run."""

Product = Callable[[Sha, Sequence[Source]], Version]
"""(source commit, where the manifests come from) -> what it deploys."""


def value_files(sources: Sequence[Source]) -> Iterator[PurePosixPath]:
    """Values files inside the repository, in the order in which Helm reads them: a later one wins.

    `$ref/path` is a file of another source's repository, from its root (Argo CD's multiple sources).
    """
    for source in sources:
        for name in source.helm.value_files:
            if "://" in name:
                continue
            inside = name.partition("/")[2] if name.startswith("$") else posixpath.join(source.path, name)
            path = posixpath.normpath(inside.lstrip("/") if name.startswith("/") else inside)
            if path not in {"", "."} and not path.startswith(("../", "/")) and path != "..":
                yield PurePosixPath(path)


def read(application: Application, nodes: Sequence[Node], product: Product) -> Seen:
    """One look. What people wrote in it (messages) is cut and cleaned; nothing of it decides but its known words."""
    status = application.status
    spec = application.spec
    sources = (spec.source,) if spec.source is not None else spec.sources

    def version(revision: str, revisions: Sequence[str], of: Sequence[Source]) -> Version | None:
        found = revision or next((r for r in revisions if _SHA.fullmatch(r)), "")
        return product(Sha(found), of) if _SHA.fullmatch(found) else None

    def applied(row: Deployment) -> Applied | None:
        of = (row.source,) if row.source is not None else row.sources
        found = version(row.revision, row.revisions, of or sources)
        return Applied(row.id, found, _aware(row.deployed_at)) if found is not None else None

    state = status.operation_state
    tried = state.sync_result if state is not None else None
    return Seen(
        application=application.metadata.name,
        target=version(status.sync.revision, status.sync.revisions, sources),
        applied=tuple(row for row in map(applied, status.history) if row is not None),
        sync=status.sync.status or "Unknown",
        health=status.health.status or "Unknown",
        health_message=one_line(status.health.message, 200),
        attempt=_attempt(state, version(tried.revision, tried.revisions, sources) if tried else None, application),
        auto_sync=spec.auto_sync,
        hold=holding.reason_of(application),
        pods=pods(nodes),
        aborted=_aborted(application),
        troubles=tuple(one_line(c.message, 300) for c in status.conditions if c.type.endswith("Error")),
        differing=tuple(f"{r.kind} {r.name}" for r in status.resources if r.status == "OutOfSync")[:_WORST],
    )


def closed(windows: SyncWindows) -> str:
    """Which sync window keeps auto-sync from acting now; empty if none does.

    An active `deny` wins; else, where `allow` windows exist, one has to be active. Source: Argo CD's sync windows.
    """
    active, assigned = windows.active_windows, windows.assigned_windows
    deny = next((w for w in active if w.kind == "deny"), None)
    if deny is not None:
        return f"a sync window denies syncs now ({deny.schedule} for {deny.duration})"
    allow = next((w for w in assigned if w.kind == "allow"), None)
    if allow is not None and all(w.kind != "allow" for w in active):
        return f"syncs are allowed only in a sync window that is not open now ({allow.schedule} for {allow.duration})"
    return ""


def _attempt(state: OperationState | None, version: Version | None, application: Application) -> Attempt | None:
    if application.operation is not None:
        return Attempt("Running", automated=application.operation.initiated_by.automated)
    if state is None:
        return None
    results = state.sync_result.resources if state.sync_result is not None else ()
    failed = [r for r in results if r.status == "SyncFailed" or r.hook_phase in {"Failed", "Error"}]
    return Attempt(
        phase=state.phase,
        version=version,
        message=one_line(state.message, 300),
        failures=tuple(one_line(f"{r.kind} {r.name}: {r.message}", 300) for r in failed),
        automated=state.operation.initiated_by.automated,
        at=_aware(state.finished_at) if state.finished_at is not None else None,
    )


def _aborted(application: Application) -> str:
    for resource in application.status.resources:
        if resource.group == "argoproj.io" and resource.kind == "Rollout" and resource.health.status == "Degraded":
            return one_line(resource.health.message, 300)
    return ""


def pods(nodes: Sequence[Node]) -> Mapping[Sha, Pods]:
    """The live pods by the commit that their label names."""
    found: dict[Sha, Pods] = {}
    for node in nodes:
        commit = node.networking_info.labels.get(LABEL, "")
        if node.kind != "Pod" or node.group or not _SHA.fullmatch(commit) or _told(node, "Status Reason") in _GONE:
            continue
        before = found.get(Sha(commit), Pods())
        broken = _broken(node) if node.health.status == "Degraded" else ""
        found[Sha(commit)] = Pods(
            ready=before.ready + (node.health.status == "Healthy"),
            total=before.total + 1,
            broken=before.broken or broken,
            restarts=max(before.restarts, _restarts(node)),
        )
    return found


def _broken(node: Node) -> str:
    return one_line(": ".join(filter(None, (_told(node, "Status Reason"), node.health.message))), 200) or "degraded"


def _restarts(node: Node) -> int:
    text = _told(node, "Restart Count")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _told(node: Node, name: str) -> str:
    return next((info.value for info in node.info if info.name == name), "")


def _aware(at: datetime | None) -> datetime:
    if at is None:
        return EPOCH
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
