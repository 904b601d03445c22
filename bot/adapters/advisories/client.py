"""OSV's API and the index's JSON of a release, as data that a policy can judge.

Sources: google.github.io/osv.dev/post-v1-querybatch, google.github.io/osv.dev/get-v1-vulns, Warehouse, "JSON API".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from bot.adapters.advisories.score import base_score
from bot.adapters.advisories.transport import Service
from bot.core.errors import Unavailable
from bot.policy.dependency_audit import ECOSYSTEM, NAMED, Advisory, Package, Release, advisory, release

BATCH = 500
"""Releases asked about at once; OSV takes a thousand."""
PAGES = 20
MOST = 300
"""Advisories looked at for one change; a change with more is looked at by people."""
AT_ONCE = 6
A = TypeVar("A")
T = TypeVar("T")


class Auditor:
    """`improve.doors.Auditor` over the two services."""

    def __init__(self, osv: Service, index: Service) -> None:
        self._osv, self._index = osv, index

    async def advisories(self, packages: Sequence[Package]) -> Mapping[Package, Sequence[Advisory]]:
        """What is known against each of these. Raises Unavailable or Misconfigured: then nothing is known of any."""
        named: dict[Package, list[str]] = {package: [] for package in packages}
        for start in range(0, len(packages), BATCH):
            await self._named(packages[start : start + BATCH], named)
        wanted = sorted({one for ids in named.values() for one in ids})
        if len(wanted) > MOST:
            raise Unavailable(self._osv.name, f"it names {len(wanted)} advisories, more than {MOST}: look by hand")
        records = dict(zip(wanted, await _all(self._record, wanted), strict=True))
        return {package: self._read(package, [records[one] for one in ids]) for package, ids in named.items()}

    async def releases(self, packages: Sequence[Package]) -> Mapping[Package, Release | None]:
        """What the index says of each; None where it has no such release. Raises Unavailable or Misconfigured."""
        return dict(zip(packages, await _all(self._release, packages), strict=True))

    async def _named(self, packages: Sequence[Package], named: dict[Package, list[str]]) -> None:
        """Ids by release, page after page."""
        waiting = [(package, "") for package in packages]
        for _page in range(PAGES):
            if not waiting:
                return
            body = {"queries": [_query(package, token) for package, token in waiting]}
            results = _list(await self._osv.ask("/v1/querybatch", body), "results", self._osv.name)
            if len(results) != len(waiting):
                raise Unavailable(self._osv.name, "it answered another number of questions than it was asked")
            following = []
            for (package, _), result in zip(waiting, results, strict=True):
                if not isinstance(result, dict):
                    raise Unavailable(self._osv.name, "an answer to one of the questions is missing")
                rows = _list(result, "vulns", self._osv.name) if "vulns" in result else []
                named[package] += [_id(row, self._osv.name) for row in rows]
                if result.get("next_page_token"):
                    following.append((package, str(result["next_page_token"])))
            waiting = following
        if waiting:
            raise Unavailable(self._osv.name, f"its answer has more than {PAGES} pages")

    async def _record(self, named: str) -> Any:
        found = await self._osv.ask(f"/v1/vulns/{quote(named, safe='')}")
        if not isinstance(found, dict) or found.get("id") != named:
            raise Unavailable(self._osv.name, f"it has no record of {named}, which it named itself")
        return found

    def _read(self, package: Package, records: Sequence[Mapping[str, Any]]) -> Sequence[Advisory]:
        try:
            found = [advisory(record, package, base_score) for record in records]
        except ValueError as error:
            raise Unavailable(self._osv.name, str(error)) from None
        return tuple(one for one in found if one is not None)

    async def _release(self, package: Package) -> Release | None:
        found = await self._index.ask(f"/{quote(package.name, safe='')}/{quote(package.version, safe='')}/json")
        if found is None:
            return None
        try:
            return release(found if isinstance(found, dict) else {}, package)
        except ValueError as error:
            raise Unavailable(self._index.name, str(error)) from None


def _query(package: Package, token: str) -> dict[str, Any]:
    query = {"package": {"ecosystem": ECOSYSTEM, "name": package.name}, "version": package.version}
    return query | ({"page_token": token} if token else {})


def _list(found: Any, name: str, door: str) -> list[Any]:
    rows = found.get(name) if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise Unavailable(door, f"its answer has no {name}")
    return rows


def _id(row: Any, door: str) -> str:
    named = row.get("id") if isinstance(row, dict) else None
    if not isinstance(named, str) or not NAMED.fullmatch(named):
        raise Unavailable(door, "its answer names an advisory without an id")
    return named


async def _all(ask: Callable[[A], Awaitable[T]], about: Sequence[A]) -> list[T]:
    """A few at once; the first that fails ends the others."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(what: A) -> T:
        async with room:
            return await ask(what)

    tasks = [asyncio.ensure_future(one(what)) for what in about]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
