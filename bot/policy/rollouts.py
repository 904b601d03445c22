"""What a GitOps deployer's own words mean for one commit: does what runs contain it, is it ready, could it not start.

Two commits name a deployment. The *source* is the commit whose manifests were applied; the *product* is the one that
the image was built from. They differ where a promotion commit writes an image's digest to `deploy/`: then ancestry of
the source alone would say that a merge runs while the image is still an older one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile, takewhile

from bot.core.health import Rollout
from bot.core.ids import Sha

EPOCH = datetime.fromtimestamp(0, UTC)
LABEL = "megawatts.dev/commit"
"""On every pod: the product commit, 40 hex digits."""
RESTARTS = 3
"""A pod that crashes is the commit's own fault at once where pods of another commit are well; else after so many."""
UNKNOWN = Sha("")
_SAID = re.compile(r"""^\s*["']?(?:commit|megawatts\.dev/commit)["']?\s*:\s*["']?([^"'\s,#]*)""", re.MULTILINE)
_OUTSIDE = re.compile(
    r"connection (?:refused|reset)|tim(?:ed? ?)out|deadline exceeded|tls handshake|no route|no such host|\bEOF\b|"
    r"too many requests|unable to handle the request|unavailable|failed calling webhook|exceeded quota|etcd|"
    r"image ?pull|err ?image|pull(?:ing)? (?:access|image)|forbidden|unauthorized|denied|not permitted|insufficient|"
    r"evicted|unschedulable|another operation|sync window",
    re.IGNORECASE,
)
"""Reasons that no commit can be blamed for: the cluster, a registry, a permission, a quota."""


@dataclass(frozen=True, slots=True)
class Version:
    """What was, or is to be, deployed: the commit of the manifests, and the commit of the image that they name, or of
    the data that they bring beside it."""

    source: Sha
    product: Sha
    code: Sha = UNKNOWN
    """The commit of the image, where the product's data goes to pods of another's image."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A row of the deployer's history. `id` is the deployer's own number for it."""

    id: int
    version: Version
    at: datetime


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of one product commit."""

    ready: int = 0
    total: int = 0
    broken: str = ""
    """Why some of them do not run, in the cluster's words; empty: they do, or are only starting."""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last operation. `phase` as Argo CD's: Running, Terminating, Succeeded, Failed (an object), Error (itself)."""

    phase: str
    version: Version | None = None
    message: str = ""
    failures: tuple[str, ...] = ()
    """What the cluster said of each object or hook that failed."""
    automated: bool = True
    at: datetime | None = None

    @property
    def runs(self) -> bool:
        return self.phase in {"Running", "Terminating"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at an application."""

    application: str
    target: Version | None = None
    """What git asks for now, as far as the deployer has looked."""
    applied: tuple[Applied, ...] = ()
    """Oldest first."""
    sync: str = "Unknown"
    health: str = "Unknown"
    health_message: str = ""
    attempt: Attempt | None = None
    auto_sync: bool = True
    hold: str = ""
    """Why we switched auto-sync off; empty: we did not."""
    pods: Mapping[Sha, Pods] = field(default_factory=dict)
    """By product commit; empty where pods do not name theirs."""
    refused: Mapping[Sha, int] = field(default_factory=dict)
    """By product commit: how many pods found that its data does not hold."""
    aborted: str = ""
    """What Argo Rollouts says of an update that it gave up."""
    troubles: tuple[str, ...] = ()
    """Error conditions and closed windows, in the deployer's words."""
    differing: tuple[str, ...] = ()
    """Objects that are not as git says."""

    @property
    def held(self) -> bool:
        """Whether our hold is in force: someone who switches auto-sync on again ends it."""
        return bool(self.hold) and not self.auto_sync

    @property
    def desired(self) -> Version | None:
        """What was applied last. A sync that had nothing to change leaves no row in the history."""
        if self.sync == "Synced" and self.target is not None:
            return self.target
        return self.applied[-1].version if self.applied else None


def commit_in(text: str) -> Sha | None:
    """The product commit that a values file names, as `commit: <40 hex digits>`.

    None if it says nothing of a commit; UNKNOWN if it does, but names none, or several: then nobody knows what runs.
    """
    said = {match[1] for match in _SAID.finditer(text)}
    if not said:
        return None
    only = said.pop()
    return Sha(only) if not said and re.fullmatch(r"[0-9a-f]{40}", only) else UNKNOWN


def absent(application: str, wanted: Sha, because: str) -> Rollout:
    """There is no such application. That is no fault of the commit: nothing is blamed, and at the deadline a person
    is called."""
    facts = {"application": application, "because": because}
    return Rollout(wanted, None, contains=False, ready=False, at=EPOCH, facts=facts)


def conclude(seen: Seen, wanted: Sha, carriers: frozenset[Version]) -> Rollout:
    """What one look says of a commit. `carriers` are the versions known to contain it.

    `failed` is said only where the commit itself kept its own version from starting. Whatever could have another
    reason (drift, a window, a hold, the cluster, a registry) leaves it empty: then the deadline calls a person.
    """
    running = running_version(seen)
    broken = _pod_fault(seen, carriers) or _analysis_fault(seen, carriers) or _data_fault(seen, carriers)
    if broken and running == seen.desired:
        running = None  # nothing else is ready either
    contains = running is not None and running in carriers
    failed = "" if contains else _sync_fault(seen, carriers) or broken
    ready = running is not None and _ready(seen, running)
    because = "" if contains and ready else failed or _waits(seen, carriers)
    return Rollout(
        wanted=wanted,
        running=running.product if running else None,
        contains=contains,
        ready=ready,
        at=_since(seen, running, carriers),
        previous=_previous(seen, running),
        failed=failed,
        held=seen.held,
        facts=_facts(seen, running, because),
    )


def running_version(seen: Seen) -> Version | None:
    """The newest version with pods that are ready; what was applied last where pods do not name their commit, or none
    is ready just now."""
    with_pods = [v for v in _newest_first(seen) if _ready_pods(seen, v)]
    return with_pods[0] if with_pods else seen.desired


def _newest_first(seen: Seen) -> list[Version]:
    """Every version that may have pods: what was applied, newest first, then commits that no history knows."""
    found = [row.version for row in reversed(seen.applied)]
    found = [seen.desired, *found] if seen.desired is not None else found
    known = {version.product for version in found}
    return [*found, *(Version(sha, sha) for sha in sorted(seen.pods) if sha not in known)]


def _ready_pods(seen: Seen, version: Version | None) -> int:
    return seen.pods[version.product].ready if version is not None and version.product in seen.pods else 0


def _ready(seen: Seen, running: Version) -> bool:
    """Takes traffic with every pod that it has so far: half a rollout is not judged. What else the application holds
    may be unwell without it. Where pods do not name their commit, a paused canary (Suspended) counts."""
    pods = seen.pods.get(running.product)
    if seen.pods:
        return pods is not None and 0 < pods.total == pods.ready
    return seen.health in {"Healthy", "Suspended"}


def _previous(seen: Seen, running: Version | None) -> Sha | None:
    """Another commit that still has ready pods: the control group."""
    others = (v.product for v in _newest_first(seen) if running is None or v.product != running.product)
    return next((product for product in others if seen.pods.get(product, Pods()).ready), None)


def _since(seen: Seen, running: Version | None, carriers: frozenset[Version]) -> datetime:
    """When the running product was first applied, of the unbroken run of rows that ends with the newest; and for a
    commit that only its manifests carry, when the first of those rows was."""
    if running is None:
        return EPOCH
    rows = dropwhile(lambda row: row.version.product != running.product, reversed(seen.applied))
    run = list(takewhile(lambda row: row.version.product == running.product, rows))
    carrying = list(takewhile(lambda row: row.version in carriers, run)) if running in carriers else run
    if run:
        return (carrying or run[:1])[-1].at
    return (seen.attempt.at if seen.attempt is not None else None) or EPOCH


def _sync_fault(seen: Seen, carriers: frozenset[Version]) -> str:
    """Why what carries the commit could not be applied, by its own fault; empty if no such fault is known."""
    attempt = seen.attempt
    if attempt is None or attempt.phase != "Failed" or attempt.version not in carriers:
        return ""
    if attempt.version != seen.target:
        return ""  # git asks for another by now
    reasons = attempt.failures or (attempt.message,)
    if not any(reasons) or any(_OUTSIDE.search(reason) for reason in (*reasons, attempt.message)):
        return ""
    return f"the sync failed: {'; '.join(reasons[:3])}"


def _pod_fault(seen: Seen, carriers: frozenset[Version]) -> str:
    """Why its pods do not come up."""
    desired = seen.desired
    if desired is None or desired not in carriers or seen.health != "Degraded":
        return ""
    pods = seen.pods.get(desired.product)
    if pods is None or pods.ready or not pods.broken or _OUTSIDE.search(pods.broken):
        return ""
    others = [seen.pods[sha] for sha in seen.pods if sha != desired.product]
    if any(other.broken for other in others):
        return ""  # what hits the revision before it too is not this one's doing
    controlled = any(other.ready for other in others)
    return f"its pods do not start: {pods.broken}" if controlled or pods.restarts >= RESTARTS else ""


def _analysis_fault(seen: Seen, carriers: frozenset[Version]) -> str:
    """Argo Rollouts' own analysis found it bad. One that could not measure blames nobody."""
    if seen.desired not in carriers or "assessed Failed" not in seen.aborted:
        return ""
    return f"Argo Rollouts gave it up: {seen.aborted}"


def _data_fault(seen: Seen, carriers: frozenset[Version]) -> str:
    """Pods say that the data does not hold."""
    desired = seen.desired
    count = seen.refused.get(desired.product, 0) if desired is not None and desired in carriers else 0
    return f"{count} pods find that its data does not hold, and go on with what they had" if count else ""


def _waits(seen: Seen, carriers: frozenset[Version]) -> str:
    """For people: why the commit does not run, or is not ready."""
    if seen.held:
        return f"held: {seen.hold}"
    if not seen.auto_sync and seen.desired not in carriers:
        return "auto-sync is off, and not by us: a person has to sync, or switch it on"
    if seen.attempt is not None and seen.attempt.runs:
        return "a sync is under way"
    if seen.troubles:
        return seen.troubles[0]
    if seen.attempt is not None and seen.attempt.phase in {"Failed", "Error"}:
        reasons = seen.attempt.failures or (seen.attempt.message,)
        return f"the sync failed, and not by this commit's fault as far as can be told: {reasons[0]}"
    return _lagging(seen, carriers)


def _lagging(seen: Seen, carriers: frozenset[Version]) -> str:
    if seen.target is None:
        return "nothing was compared with git yet"
    if seen.target not in carriers:
        return f"git asks for the image of {seen.target.product[:12]}, which does not contain it: not promoted yet"
    if seen.desired not in carriers:
        return "out of sync: git asks for it, and it was not applied yet"
    if seen.differing and seen.sync == "OutOfSync":
        return f"out of sync for another reason: {', '.join(seen.differing[:3])} differ from git"
    if seen.desired.code and (pods := seen.pods.get(seen.desired.product)):
        return f"progressing: {pods.ready} of {pods.total} pods have read its data"
    return f"applied, and its health is {seen.health}" + (f": {seen.health_message}" if seen.health_message else "")


def _facts(seen: Seen, running: Version | None, because: str) -> dict[str, str]:
    facts = {
        "application": seen.application,
        "sync": seen.sync,
        "health": seen.health,
        "auto_sync": "on" if seen.auto_sync else "off",
        "source": running.source if running else "",
        "image": running.code if running else "",
        "operation": seen.attempt.phase if seen.attempt else "",
        "because": because,
        "differing": ", ".join(seen.differing[:5]),
    }
    return {key: value for key, value in facts.items() if value}
