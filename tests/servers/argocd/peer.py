"""A small Argo CD: its API over the Applications of a Kubernetes API, with the refusals of the real server.

Written after `server/application/application.go` of Argo CD and its swagger: what it accepts, what it refuses in which
words, and what a sync leaves in the status. It renders nothing: the values file at a commit says which image runs.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.servers.argocd.cluster import Cluster, Document, merged
from tests.servers.argocd.controller import Controller, automated

TOKENS = {
    "all-rights": {"get", "sync", "update", "action"},
    "reader": {"get"},
    "too-much": {"get", "sync", "update", "action", "delete", "create", "override"},
}
ACTIONS = {"get", "create", "update", "delete", "sync", "override", "action"}
"""What Argo CD's RBAC knows; it refuses to say whether one may do anything else."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):  # noqa: N818  (gRPC's word for it)
    """An answer with a gRPC code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any = None


@dataclass
class Peer:
    """A running server. `faults` answer once, first to last, for the paths that hold their key."""

    controller: Controller
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    faults: list[tuple[str, Handler]] = field(default_factory=list)
    windows: Document = field(default_factory=lambda: {"canSync": True})
    actions: list[Document] = field(default_factory=list)
    v2: bool = True
    """Whether it knows the newer call for actions."""
    watched: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody watches."""
    cut_after: int = 0
    """Break the next stream within the event after so many."""

    @property
    def cluster(self) -> Cluster:
        return self.controller.cluster

    def calls(self, method: str, path: str = "") -> list[Asked]:
        return [one for one in self.asked if one.method == method and path in one.path]

    def fail(self, path: str, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request for such a path with an error."""

        async def handler(_request: web.Request) -> web.Response:
            text = body if isinstance(body, str) else json.dumps(body or {"code": 2, "message": "as told"})
            return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

        self.faults.append((path, handler))

    def routes(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        one = "/api/v1/applications/{name}"
        app.add_routes(
            [
                web.get("/api/v1/applications", self._list),
                web.get("/api/v1/stream/applications", self._stream),
                web.get(one, self._get),
                web.patch(one, self._patch),
                web.put(one, self._put),
                web.post(f"{one}/sync", self._sync),
                web.post(f"{one}/rollback", self._rollback),
                web.delete(f"{one}/operation", self._terminate),
                web.get(f"{one}/syncwindows", self._windows),
                web.get(f"{one}/resource-tree", self._tree),
                web.get("/api/v1/account/can-i/applications/{action}/{on:.+}", self._can),
                web.get(f"{one}/resource/actions", self._actions),
                web.post(f"{one}/resource/actions", self._act),
                web.post(f"{one}/resource/actions/v2", self._act_v2),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = _json(await request.text()) if request.can_read_body else None
        self.asked.append(Asked(request.method, request.path, dict(request.query), body))
        for index, (path, fault) in enumerate(self.faults):
            if path in request.path:
                del self.faults[index]
                return await fault(request)
        try:
            _known(request)
            if request.method != "GET" and request.content_type != "application/json":
                return web.Response(status=415, text="Invalid content type")
            return await handler(request)
        except Refusal as no:
            row = {"error": str(no), "code": no.code, "message": str(no)}
            return web.json_response(row, status=no.status)

    async def _application(self, request: web.Request, action: str) -> Document:
        """The application that is asked for, if the token may. Who names no project is not told that it is missing."""
        # A PUT names the project beside the body.
        in_body = request.method == "PATCH" or request.path.endswith(("/sync", "/rollback", "/actions/v2"))
        sent = await request.json() if in_body else request.query
        project = sent.get("project") or sent.get("projects")
        found = await self.cluster.get(request.match_info["name"])
        if found is None or (project and found["spec"]["project"] != project):
            name = request.match_info["name"]
            raise Refusal(404, 5, f'applications.argoproj.io "{name}" not found') if project else _unseen()
        token = request.headers["authorization"].removeprefix("Bearer ")
        if action not in TOKENS[token]:
            where = f"{found['spec']['project']}/{found['metadata']['name']}"
            raise Refusal(403, 7, f"permission denied: applications, {action}, {where}, sub: {token}, iat: 2026-11-22")
        return found

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {"metadata": {"resourceVersion": "1"}, "items": [_bare(d) for d in await self.cluster.items()]}
        )

    async def _get(self, request: web.Request) -> web.Response:
        found = await self._application(request, "get")
        if request.query.get("refresh"):
            found = await self.controller.reconcile(found["metadata"]["name"])
        return web.json_response(_bare(found))

    async def _patch(self, request: web.Request) -> web.Response:
        found = await self._application(request, "update")
        sent = await request.json()
        assert sent["patchType"] == "merge"
        self._valid()
        made = merged(found, json.loads(sent["patch"]))
        return web.json_response(_bare(await self.controller.edited(made)))

    async def _put(self, request: web.Request) -> web.Response:
        """Replaces the spec, and of the metadata what Argo CD takes; the status is not the client's."""
        found, sent = await self._application(request, "update"), await request.json()
        if request.query.get("validate") != "false":
            self._valid()
        for key in ("labels", "annotations", "finalizers"):
            found["metadata"].pop(key, None)
            if key in sent["metadata"]:
                found["metadata"][key] = sent["metadata"][key]
        found["spec"] = sent["spec"]
        return web.json_response(_bare(await self.controller.edited(found)))

    def _valid(self) -> None:
        """Argo CD looks at the repository before it takes a spec."""
        if self.controller.forge_away:
            name = self.controller.name
            raise Refusal(
                400, 3, f"application spec for {name} is invalid: InvalidSpecError: repository not accessible"
            )

    async def _sync(self, request: web.Request) -> web.Response:
        found, sent = await self._application(request, "sync"), await request.json()
        self._free(found)
        target = found["spec"]["source"]["targetRevision"]
        if automated(found) and sent.get("revision") not in {None, "", target}:
            raise Refusal(400, 9, f"Cannot sync to {sent['revision']}: auto-sync currently set to {target}")
        revision = sent.get("revision") or self.controller.head()
        return web.json_response(_bare(await self.controller.sync(found, revision, automatic=False)))

    async def _rollback(self, request: web.Request) -> web.Response:
        found, sent = await self._application(request, "sync"), await request.json()
        if automated(found):
            raise Refusal(400, 9, "rollback cannot be initiated when auto-sync is enabled")
        self._free(found)
        row = next((r for r in found["status"]["history"] if r["id"] == sent["id"]), None)
        if row is None:
            raise Refusal(
                400, 3, f"application {found['metadata']['name']} does not have deployment with id {sent['id']}"
            )
        return web.json_response(_bare(await self.controller.sync(found, row["revision"], automatic=False)))

    def _free(self, found: Document) -> None:
        if not self.windows.get("canSync"):
            raise Refusal(403, 7, "cannot sync: blocked by sync window")
        if found["status"].get("operationState", {}).get("phase") == "Running":
            raise Refusal(400, 9, "another operation is already in progress")

    async def _terminate(self, request: web.Request) -> web.Response:
        found = await self._application(request, "sync")
        if found["status"].get("operationState", {}).get("phase") != "Running":
            raise Refusal(400, 3, "Unable to terminate operation. No operation is in progress")
        await self.controller.end(found, "Failed", "Operation terminated")
        return web.json_response({})

    async def _windows(self, request: web.Request) -> web.Response:
        await self._application(request, "get")
        return web.json_response(self.windows)

    async def _can(self, request: web.Request) -> web.Response:
        action, on = request.match_info["action"], request.match_info["on"]
        if action not in ACTIONS:
            raise Refusal(400, 3, "action does not match any of the supported actions")
        token = request.headers["authorization"].removeprefix("Bearer ")
        own = [f"{d['spec']['project']}/{d['metadata']['name']}" for d in await self.cluster.items()]
        well = action in TOKENS[token] and (on == "*" or on in own)
        return web.json_response({"value": "yes" if well else "no"})

    async def _tree(self, request: web.Request) -> web.Response:
        await self._application(request, "get")
        return web.json_response({"nodes": self.controller.nodes()})

    async def _actions(self, request: web.Request) -> web.Response:
        await self._application(request, "get")
        return web.json_response({"actions": self.actions})

    async def _act_v2(self, request: web.Request) -> web.Response:
        if not self.v2:
            raise Refusal(404, 5, "Not Found")
        await self._application(request, "action")
        return web.json_response({})

    async def _act(self, request: web.Request) -> web.Response:
        await self._application(request, "action")
        return web.json_response({})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion") or 0)
        answer = web.StreamResponse(headers={"content-type": "application/json"})
        await answer.prepare(request)
        self.watched.set()
        sent, cut = 0, self.cut_after
        self.cut_after = 0
        async for event in self.cluster.watch():
            found = event["object"]
            if int(found["metadata"]["resourceVersion"]) <= since:
                continue
            line = json.dumps({"result": {"type": event["type"], "application": _bare(found)}}).encode() + b"\n"
            if cut and sent == cut:
                await answer.write(line[: len(line) // 2])
                return answer
            await answer.write(line)
            sent += 1
        return answer


def _json(text: str) -> Any:
    """The body; the proxy that checks it passes a string on without its quotes."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _known(request: web.Request) -> None:
    if request.headers.get("authorization", "").removeprefix("Bearer ") not in TOKENS:
        raise Refusal(401, 16, "invalid session: token signature is invalid")


def _unseen() -> Refusal:
    return Refusal(403, 7, "permission denied")


def _bare(document: Document) -> Document:
    """As the API shows it: without its kind."""
    return {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}


@asynccontextmanager
async def running(controller: Controller) -> AsyncIterator[Peer]:
    """A server on a port of its own."""
    peer = Peer(controller)
    async with TestServer(peer.routes()) as server:
        peer.url = str(server.make_url("")).rstrip("/")
        yield peer
