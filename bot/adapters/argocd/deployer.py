"""The deployer's face over one Argo CD application: reads what runs, holds, goes back when git cannot be asked."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from bot.adapters.argocd import holding, identity, links, values
from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.errors import Missing, Refused
from bot.adapters.argocd.models import Application, Source
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.argocd.watch import Watch
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.health import Rollout
from bot.core.ids import Sha
from bot.core.ports import Clock, Records, Repository
from bot.policy.data_rollouts import Said, beside, told
from bot.policy.reconcile import TABLE, RolledBack, may_roll_back, row_to
from bot.policy.rollouts import UNKNOWN, Seen, Version, absent, conclude

CONFIGURATION = ("deploy/", "charts/")
"""Where the manifests are: a merge that touches nothing else runs as soon as its manifests are applied."""
REFRESH = timedelta(seconds=15)
"""Least time between two requests to look at git: Argo CD by itself looks every three minutes."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the deployer reads and writes beside Argo CD."""

    repo: Repository
    """The controller's clone; it has every commit that may run."""
    records: Records
    clock: Clock
    forge_answers: Callable[[], Awaitable[bool]] | None = None
    """Whether the forge is in reach: then a rollback is refused. None: the caller has asked already."""
    configuration: Sequence[str] = CONFIGURATION
    said: Callable[[], Awaitable[Said]] | None = None
    """What the processes say of the data that they read; None: nobody can be asked, and no new data is taken for read.
    """


@dataclass(slots=True)
class _Memory:
    """What need not be asked twice: commits never change."""

    products: dict[tuple[Sha, tuple[PurePosixPath, ...]], Version] = field(default_factory=dict)
    ancestry: dict[tuple[Sha, Sha], bool] = field(default_factory=dict)
    configuration: dict[Sha, bool] = field(default_factory=dict)
    refreshed: datetime | None = None
    window: str = ""
    """The closed sync window, as of then."""


class ArgoDeployer:
    """`core.ports.Deployer` over one application.

    Source: Argo CD's API. Raises Unavailable, Denied or Misconfigured; a missing application is told by `rollout`,
    and refused by all that would act on it.
    """

    def __init__(self, client: ArgoClient, ground: Ground) -> None:
        self._client = client
        self._ground = ground
        self._memory = _Memory()

    @classmethod
    def at(cls, server: Server, target: Target, ground: Ground) -> "ArgoDeployer":
        """Over one application of one server."""
        return cls(ArgoClient(Transport(server), target), ground)

    async def rollout(self, sha: Sha) -> Rollout:
        """What runs, seen from this commit. Asks Argo CD to look at git where it has not seen the commit yet."""
        try:
            application = await self._client.get()
            found = await self._conclude(application, sha)
            if found.contains or found.failed or not self._due():
                return found
            return await self._conclude(await self._refreshed(application), sha)
        except Missing as error:
            return absent(self._client.target.name, sha, str(error))

    async def wait(self, sha: Sha, within: timedelta) -> Rollout:
        """The rollout once it runs or failed, or as it is at the deadline. Woken by the watch, not by a clock."""
        found = await self.rollout(sha)
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()), aclosing(self.events()) as changes:
                while not (found.failed or (found.contains and found.ready)):
                    await anext(changes)
                    with suppress(Unavailable):
                        found = await self.rollout(sha)
        return found

    async def events(self) -> AsyncGenerator[str]:
        """A word for every change of the application, for who would else ask again and again. Carries no state."""
        async with aclosing(Watch(self._client).events()) as changes:
            async for event in changes:
                yield event.type

    async def promote(self, sha: Sha) -> None:
        """Let a paused Argo Rollout of this commit go on to its end. Nothing to do where there is none."""
        application = await self._client.get()
        seen = await self._seen(application)
        if seen.desired is None or not await self._contains(sha, seen.desired.product):
            return  # another commit is being rolled out: that one is not ours to wave through
        await self._act(application, "promote-full", "resume", when=("Suspended",))

    async def _act(self, application: Application, *actions: str, when: Sequence[str]) -> None:
        """Do the first of these that is offered, with every Argo Rollout whose health is one of `when`."""
        for resource in application.status.resources:
            kind = (resource.group, resource.kind)
            if kind == ("argoproj.io", "Rollout") and resource.health.status in when:
                offered = {action.name for action in await self._client.actions(resource) if not action.disabled}
                action = next((name for name in actions if name in offered), None)
                if action is not None:
                    await self._client.act(resource, action)

    async def hold(self, reason: str) -> None:
        """Switch auto-sync off and remember how it was. Raises Denied if something switches it on again."""
        change = holding.holding(await self._client.get(), reason)
        if change is None:
            return
        held = await self._client.edit(change)
        if held.spec.auto_sync or not holding.reason_of(held):
            raise Denied(
                f"auto-sync of {held.metadata.name} is on again right after the hold: what manages the Application "
                "(an app of apps) has to ignore differences at /spec/syncPolicy/automated"
            )

    async def release(self) -> None:
        """Give auto-sync back as it was; nothing happens if we do not hold it."""
        change = holding.releasing(await self._client.get())
        if change is not None:
            await self._client.edit(change)

    async def roll_back(self, to: Sha, reason: str) -> None:
        """Run what the history has for this commit, whatever git says. Only while held, and the forge is out of reach.

        What was left is on record before Argo CD is asked, so that git can take it back later, whatever happens now.
        """
        application = await self._client.get()
        seen = await self._seen(application)
        if seen.desired is not None and seen.desired.product == to and seen.held:
            return
        if seen.attempt is not None and seen.attempt.runs and seen.attempt.automated and seen.held:
            # It began before the hold, and would go on with what is to be left.
            await self._client.terminate()
            raise Unavailable("Argo CD", "the sync under way is being stopped; roll back again", retry_after=1.0)
        answers = self._ground.forge_answers is not None and await self._ground.forge_answers()
        allowed = may_roll_back(seen, to, forge_answers=answers)
        row = row_to(seen, to)
        if not allowed.passed or row is None:
            raise Refused(f"no rollback to {to[:12]}: {allowed.because}")
        left = RolledBack(seen.desired.product if seen.desired else UNKNOWN, to, reason, self._ground.clock())
        await self._rolled_back(left, row.id, application)

    async def _rolled_back(self, left: RolledBack, history_id: int, application: Application) -> None:
        records, key = self._ground.records, f"{self._client.target.name}/{left.bad}"
        await asyncio.to_thread(records.put, TABLE, key, left.row())
        with suppress(MegawattsError):
            # Gives traffic back to the pods of before at once and without git; the rollback makes it last.
            await self._act(application, "abort", when=("Suspended", "Progressing"))
        before = holding.before_of(application) or {}
        try:
            await self._client.rollback(history_id, prune=bool(before.get("prune")))
        except Denied:
            await asyncio.to_thread(records.delete, TABLE, key)
            raise
        await asyncio.to_thread(records.put, TABLE, key, {**left.row(), "done": True})

    async def show(self, lines: Mapping[str, str]) -> None:
        """Show on the application's page what it runs: names with texts or addresses. May be repeated."""
        change = links.showing(await self._client.get(), lines)
        if change is not None:
            await self._client.patch(change)

    async def promised(self, main: Sha) -> Sha | None:
        """The product commit that git asks for at this commit of the base branch; None if it names none."""
        application = await self._client.get()
        found = await asyncio.to_thread(self._product, main, _sources(application))
        return found.product or None

    async def _refreshed(self, before: Application) -> Application:
        self._memory.refreshed = self._ground.clock()
        try:
            self._memory.window = identity.closed(await self._client.windows())
            return await self._client.get("normal")
        except Unavailable:
            return before  # it is slow to look at git; what it knew is still an answer

    def _due(self) -> bool:
        last = self._memory.refreshed
        return last is None or self._ground.clock() - last >= REFRESH

    async def _seen(self, application: Application) -> Seen:
        nodes = await self._client.tree()
        seen = await asyncio.to_thread(identity.read, application, nodes, self._product)
        seen = told(seen, await self._said()) if beside(seen) else seen
        window = self._memory.window if seen.sync == "OutOfSync" else ""
        return replace(seen, troubles=(window, *seen.troubles)) if window else seen

    async def _said(self) -> Said | None:
        if self._ground.said is None:
            return None
        try:
            return await self._ground.said()
        except MegawattsError:
            return None  # what nobody says is not so: it is waited for, and at the deadline a person is called

    async def _conclude(self, application: Application, sha: Sha) -> Rollout:
        seen = await self._seen(application)
        versions = {row.version for row in seen.applied}
        versions |= {v for v in (seen.target, seen.attempt.version if seen.attempt else None) if v is not None}
        versions |= {Version(product, product) for product in seen.pods}
        carriers = await asyncio.to_thread(self._carriers, sha, versions)
        return conclude(seen, sha, carriers)

    def _carriers(self, sha: Sha, versions: Iterable[Version]) -> frozenset[Version]:
        """Those that contain the commit: in their image, or in their manifests where it changes nothing else."""
        by_source = self._only_configuration(sha)
        return frozenset(v for v in versions if self._holds(sha, v.source if by_source else v.product))

    async def _contains(self, sha: Sha, product: Sha) -> bool:
        return await asyncio.to_thread(self._holds, sha, product)

    def _holds(self, sha: Sha, by: Sha) -> bool:
        known = self._memory.ancestry.get((sha, by))
        if known is not None or by == UNKNOWN:
            return bool(known)
        try:
            found = self._ground.repo.is_ancestor(sha, by)
        except MegawattsError:
            return False  # a commit that this clone does not know yet cannot be said to be contained
        self._memory.ancestry[sha, by] = found
        return found

    def _only_configuration(self, sha: Sha) -> bool:
        known, repo = self._memory.configuration.get(sha), self._ground.repo
        if known is not None:
            return known
        try:
            changed = repo.changes(repo.resolve(f"{sha}^1"), sha)
        except MegawattsError:
            return False
        paths = {str(path) for change in changed for path in change.paths}
        found = bool(paths) and all(path.startswith(tuple(self._ground.configuration)) for path in paths)
        self._memory.configuration[sha] = found
        return found

    def _product(self, source: Sha, sources: Sequence[Source]) -> Version:
        """What the values files name at a source commit; the source itself where they name none."""
        files = tuple(identity.value_files(sources))
        known = self._memory.products.get((source, files))
        if known is not None:
            return known
        try:
            found = values.named(self._ground.repo, source, files)
        except MegawattsError:
            return Version(source, UNKNOWN)  # the clone does not have that commit yet
        self._memory.products[source, files] = found
        return found


def _sources(application: Application) -> Sequence[Source]:
    spec = application.spec
    return (spec.source,) if spec.source is not None else spec.sources
