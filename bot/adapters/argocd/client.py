"""Argo CD's API, as far as one application needs it: one method a call."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from bot.adapters.argocd import models
from bot.adapters.argocd.errors import DOOR, Call, Missing
from bot.adapters.argocd.transport import Transport
from bot.core.errors import Misconfigured, Unavailable

Refresh = Literal["normal", "hard"]
_M = TypeVar("_M", bound=BaseModel)
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[-_A-Za-z0-9.]{0,251}[A-Za-z0-9])?")
API = "/api/v1/applications"
CAN = "/api/v1/account/can-i/applications"


@dataclass(frozen=True, slots=True)
class Target:
    """Which application. Without a project Argo CD does not say whether it is missing or only not to be seen."""

    name: str
    namespace: str = ""
    """Where the Application object lives, if not in Argo CD's own namespace."""
    project: str = ""

    def __post_init__(self) -> None:
        for value, setting, grammar in (
            (self.name, "ARGOCD_APPLICATION", _NAME),
            (self.namespace or "x", "ARGOCD_NAMESPACE", _NAME),
            (self.project or "x", "ARGOCD_PROJECT", _PROJECT),
        ):
            if not grammar.fullmatch(value):
                raise Misconfigured(f"{setting} is no name of a Kubernetes object: {value[:60]!r}")


class ArgoClient:
    """Every method may raise Unavailable, Denied (Missing, NotPermitted, Refused) or Misconfigured.

    Source: `ApplicationService` in Argo CD's swagger.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        self.transport = transport
        self.target = target

    async def applications(self) -> Sequence[models.Application]:
        """Those that the token may see, of the target's project if there is one."""
        params = {"projects": self.target.project} if self.target.project else {}
        call = Call("list applications", "applications, get", "", self.target.project)
        found = await self.transport.call("GET", API, call, params=params | _if("appNamespace", self.target.namespace))
        return _read(models.ApplicationList, found).items

    async def get(self, refresh: Refresh | None = None) -> models.Application:
        """The application. With a refresh Argo CD first looks at git, and with a hard one renders anew as well."""
        call = self._call("read", "applications, get")
        asked = {**self._where("projects"), **_if("refresh", refresh or "")}
        return _read(models.Application, await self.transport.call("GET", self._path(), call, params=asked))

    async def sync(self, revision: str = "", *, prune: bool = False, why: str = "") -> models.Application:
        """Start a sync; to another revision than the one that is followed only while auto-sync is off."""
        body = {**_if("revision", revision), "prune": prune}
        if why:
            body["infos"] = [{"name": "Reason", "value": why}]
        return await self._post("sync", "applications, sync", "sync", body)

    async def rollback(self, history_id: int, *, prune: bool = False, dry_run: bool = False) -> models.Application:
        """Start a sync to what a row of the history applied. Refused while auto-sync is on."""
        body = {"id": history_id, "prune": prune, "dryRun": dry_run}
        return await self._post("roll back", "applications, sync", "rollback", body)

    async def terminate(self) -> None:
        """Stop the operation that runs. Refused if there is none."""
        call = self._call("stop the operation of", "applications, sync")
        await self.transport.call("DELETE", self._path("operation"), call, params=self._where())

    async def windows(self) -> models.SyncWindows:
        """The sync windows that apply now."""
        call = self._call("read the sync windows of", "applications, get")
        found = await self.transport.call("GET", self._path("syncwindows"), call, params=self._where())
        return _read(models.SyncWindows, found)

    async def may(self, action: str, on: str) -> bool:
        """Whether the token may do this with applications: `create`, `get`, `update`, `delete`, `sync`, `override`.

        `on`: `project/name`, or `project/namespace/name` outside of Argo CD's own namespace.
        """
        call = Call("say what the token may do", "none")
        found = await self.transport.call("GET", f"{CAN}/{action}/{on}", call)
        return _read(models.Answer, found).value == "yes"

    async def tree(self) -> Sequence[models.Node]:
        """The live objects."""
        call = self._call("read the objects of", "applications, get")
        found = await self.transport.call("GET", self._path("resource-tree"), call, params=self._where())
        return _read(models.Tree, found).nodes

    async def edit(self, change: Mapping[str, Any]) -> models.Application:
        """Change it by a JSON merge patch (RFC 7396) that is applied here, without Argo CD asking git about it.

        Argo CD checks a patch by looking at the repository, and refuses it while the forge is away: just when a hold
        is needed. Only a whole application may be sent without that check.
        """
        call = self._call("change", "applications, update")
        found = await self.transport.call("GET", self._path(), call, params=self._where("projects"))
        _read(models.Application, found)
        made = merged({"metadata": found["metadata"], "spec": found["spec"]}, change)
        params = {"validate": "false", **_if("project", self.target.project)}
        return _read(models.Application, await self.transport.call("PUT", self._path(), call, params=params, body=made))

    async def patch(self, change: Mapping[str, Any]) -> models.Application:
        """Change the application by a JSON merge patch (RFC 7396); a null takes a field away. Argo CD checks it."""
        body = {**self._body(), "patch": json.dumps(change), "patchType": "merge"}
        call = self._call("change", "applications, update")
        return _read(models.Application, await self.transport.call("PATCH", self._path(), call, body=body))

    async def actions(self, resource: models.Resource) -> Sequence[models.Action]:
        """What may be done with one object now."""
        call = self._call(f"read the actions on {resource.kind} {resource.name} of", "applications, get")
        params = {**self._where(), **_object(resource)}
        found = await self.transport.call("GET", self._path("resource/actions"), call, params=params)
        return _read(models.Actions, found).actions

    async def act(self, resource: models.Resource, action: str) -> None:
        """Do it. Servers before 3.1 know only the older call, which is named in the specification as deprecated."""
        needed = f"applications, action/{resource.group}/{resource.kind}/{action}"
        call = self._call(f"{action} {resource.kind} {resource.name} of", needed)
        body = {**self._body(), **_object(resource), "action": action}
        try:
            await self.transport.call("POST", self._path("resource/actions/v2"), call, body=body)
        except Missing:
            params = {**self._where(), **_object(resource)}
            await self.transport.call("POST", self._path("resource/actions"), call, params=params, body=action)

    async def _post(self, what: str, permission: str, path: str, body: Mapping[str, Any]) -> models.Application:
        call = self._call(what, permission)
        return _read(
            models.Application, await self.transport.call("POST", self._path(path), call, body={**self._body(), **body})
        )

    def _call(self, what: str, permission: str) -> Call:
        return Call(f"{what} {self.target.name}", permission, self.target.name, self.target.project)

    def _path(self, below: str = "") -> str:
        return f"{API}/{self.target.name}" + (f"/{below}" if below else "")

    def _where(self, project: str = "project") -> dict[str, str]:
        return {**_if("appNamespace", self.target.namespace), **_if(project, self.target.project)}

    def _body(self) -> dict[str, str]:
        return {"name": self.target.name, **self._where()}


def merged(document: Any, change: Any) -> Any:
    """The document after a JSON merge patch (RFC 7396, section 2)."""
    if not isinstance(change, Mapping):
        return change
    made = dict(document) if isinstance(document, Mapping) else {}
    for key, value in change.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def _if(key: str, value: str) -> dict[str, str]:
    return {key: value} if value else {}


def _object(resource: models.Resource) -> dict[str, str]:
    return {
        "namespace": resource.namespace,
        "resourceName": resource.name,
        "version": resource.version,
        "group": resource.group,
        "kind": resource.kind,
    }


def _read(model: type[_M], found: object) -> _M:
    """The answer, typed. One that does not fit is no answer."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Unavailable(DOOR, f"its answer is no {model.__name__}: {where} {first['msg']}") from None
