"""Applications as a Kubernetes API keeps them: kmock's, with growing versions and Argo CD's schema made strict."""

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from kmock import KubernetesEmulator, Server

from tests.deploy import crds

PATH = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
Document = dict[str, Any]


class Cluster:
    """Every write is checked against the schema of the Application resource, and gets a new `resourceVersion`."""

    def __init__(self) -> None:
        self._emulator = KubernetesEmulator()
        self._server = Server(self._emulator)
        self._version = 100

    async def __aenter__(self) -> "Cluster":
        await self._emulator.__aenter__()
        await self._server.__aenter__()
        self._emulator.resources["argoproj.io/v1alpha1/applications"] = {
            "kind": "Application",
            "singular": "application",
            "namespaced": True,
            "verbs": ["get", "list", "watch", "create", "patch"],
        }
        return self

    async def __aexit__(self, *why: object) -> None:
        await self._server.__aexit__(None, None, None)
        await self._emulator.__aexit__(None, None, None)

    @property
    def client(self) -> aiohttp.ClientSession:
        return self._server.client

    async def create(self, document: Document) -> None:
        """A new object, from somebody's file."""
        made = self._stamped(document)
        async with self.client.post(PATH, json=made) as answer:
            assert answer.status < 300, await answer.text()

    async def get(self, name: str) -> Document | None:
        async with self.client.get(f"{PATH}/{name}") as answer:
            found = await answer.json()
            return None if answer.status == 404 else dict(found)

    async def items(self) -> list[Document]:
        async with self.client.get(PATH) as answer:
            return list((await answer.json())["items"])

    async def put(self, document: Document) -> Document:
        """Replace the object of that name."""
        name = document["metadata"]["name"]
        before = await self.get(name)
        assert before is not None
        made = self._stamped(document)
        headers = {"content-type": "application/merge-patch+json"}
        change = json.dumps(difference(before, made))
        async with self.client.patch(f"{PATH}/{name}", data=change, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
        return made

    async def delete(self, name: str) -> None:
        async with self.client.delete(f"{PATH}/{name}") as answer:
            assert answer.status < 300, await answer.text()

    async def watch(self) -> AsyncIterator[Document]:
        """What is there, then every change, as the Kubernetes API streams it."""
        async with self.client.get(PATH, params={"watch": "true"}) as answer:
            async for line in answer.content:
                yield json.loads(line)

    def _stamped(self, document: Document) -> Document:
        made = copy.deepcopy(document)
        self._version += 1
        made["metadata"]["resourceVersion"] = str(self._version)
        wrong = crds.problems(made)
        assert not wrong, wrong
        return made


def difference(old: Any, new: Any) -> Any:
    """The JSON merge patch (RFC 7396) that makes `new` of `old`."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    gone: Document = dict.fromkeys(old.keys() - new.keys())
    changed = {key: difference(old.get(key), value) for key, value in new.items() if old.get(key) != value}
    return {**gone, **changed}


def merged(document: Any, patch: Any) -> Any:
    """The document after a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made
