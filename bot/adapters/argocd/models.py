"""The parts of Argo CD's API that are used, typed. Fields that Argo CD adds later are ignored.

Source: Argo CD's own swagger (`ApplicationService`); names as there, in Python's spelling.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        """An empty list is a null where Go leaves it out nowhere."""
        return {key: value for key, value in found.items() if value is not None} if isinstance(found, dict) else found


class Meta(_Model):
    """`resource_version` grows with each change; watches are resumed by it."""

    name: str
    namespace: str = ""
    resource_version: str = ""
    annotations: Mapping[str, str] = Field(default_factory=dict)


class Helm(_Model):
    value_files: tuple[str, ...] = ()


class Source(_Model):
    """Where manifests come from. `path` is the folder of the chart in the repository."""

    repo_url: str = Field(default="", alias="repoURL")
    path: str = ""
    target_revision: str = ""
    helm: Helm = Helm()


class Automated(BaseModel):
    """Auto-sync. `enabled` is absent on servers before 3.1, where the mere presence of the block means on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: bool | None = None
    prune: bool | None = None

    @property
    def on(self) -> bool:
        return self.enabled is not False


class SyncPolicy(_Model):
    automated: Automated | None = None


class Info(_Model):
    name: str = ""
    value: str = ""


class Spec(_Model):
    project: str = ""
    source: Source | None = None
    sources: tuple[Source, ...] = ()
    sync_policy: SyncPolicy = SyncPolicy()
    info: tuple[Info, ...] = ()

    @property
    def auto_sync(self) -> bool:
        automated = self.sync_policy.automated
        return automated is not None and automated.on


class SyncStatus(_Model):
    """`status`: Synced, OutOfSync or Unknown. `revision`: the commit that the comparison was made with."""

    status: str = ""
    revision: str = ""
    revisions: tuple[str, ...] = ()


class Health(_Model):
    """Healthy, Progressing, Degraded, Suspended, Missing or Unknown."""

    status: str = ""
    message: str = ""


class Initiator(_Model):
    username: str = ""
    automated: bool = False


class ResourceResult(_Model):
    """`status`: Synced, SyncFailed, Pruned or PruneSkipped; `hook_phase`: as the operation's phase."""

    kind: str = ""
    name: str = ""
    status: str = ""
    hook_phase: str = ""
    message: str = ""


class SyncResult(_Model):
    revision: str = ""
    revisions: tuple[str, ...] = ()
    resources: tuple[ResourceResult, ...] = ()


class Operation(_Model):
    initiated_by: Initiator = Initiator()


class OperationState(_Model):
    """The last operation. `phase`: Running, Terminating, Succeeded, Failed (a resource) or Error (Argo CD itself)."""

    phase: str = ""
    message: str = ""
    finished_at: datetime | None = None
    operation: Operation = Operation()
    sync_result: SyncResult | None = None

    @property
    def runs(self) -> bool:
        return self.phase in {"Running", "Terminating"}


class Deployment(_Model):
    """One row of the history, oldest first; the last one is what was applied last. `id` is an int64."""

    id: int
    revision: str = ""
    revisions: tuple[str, ...] = ()
    deployed_at: datetime | None = None
    source: Source | None = None
    sources: tuple[Source, ...] = ()


class Resource(_Model):
    group: str = ""
    version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    health: Health = Health()


class Condition(_Model):
    type: str = ""
    message: str = ""


class Status(_Model):
    sync: SyncStatus = SyncStatus()
    health: Health = Health()
    operation_state: OperationState | None = None
    history: tuple[Deployment, ...] = ()
    resources: tuple[Resource, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Application(_Model):
    metadata: Meta
    spec: Spec = Spec()
    status: Status = Status()
    operation: Operation | None = None
    """An operation that was asked for and has not begun yet."""


class ApplicationList(_Model):
    items: tuple[Application, ...] = ()


class WatchEvent(_Model):
    """`type`: ADDED, MODIFIED or DELETED."""

    type: str
    application: Application


class Window(_Model):
    kind: str = ""
    schedule: str = ""
    duration: str = ""
    manual_sync: bool = False


class SyncWindows(_Model):
    """`can_sync`: whether a sync asked for by hand would be allowed now; Argo CD leaves a false out."""

    active_windows: tuple[Window, ...] = ()
    assigned_windows: tuple[Window, ...] = ()
    can_sync: bool = False


class Answer(_Model):
    """Of `AccountService.CanI`: yes or no."""

    value: str = ""


class Networking(_Model):
    labels: Mapping[str, str] = Field(default_factory=dict)


class Node(_Model):
    """A live object. Of pods, Argo CD shows the labels."""

    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    health: Health = Health()
    networking_info: Networking = Networking()
    info: tuple[Info, ...] = ()
    created_at: datetime | None = None


class Tree(_Model):
    nodes: tuple[Node, ...] = ()


class Action(_Model):
    name: str = ""
    disabled: bool = False


class Actions(_Model):
    actions: tuple[Action, ...] = ()


def dumped(automated: Automated | None) -> dict[str, Any] | None:
    """The auto-sync block as it was written, unknown fields included."""
    return automated.model_dump(mode="json", exclude_unset=True) if automated is not None else None
