"""What `megawatts doctor` asks Argo CD: the application, what the token may do with it, auto-sync, sync windows.

Nothing is changed there. Each row that is not well ends with what mends it; no answer holds a secret.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.app.argo_reach import reach
from bot.app.road_settings import RoadSettings, road
from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

if TYPE_CHECKING:
    from bot.adapters.argocd.client import ArgoClient
    from bot.adapters.argocd.models import Application, Source, SyncWindows

NEEDED = ("sync", "update")
"""What the loop does with the application: rolls it back, holds it. That it may `get` is seen by doing it."""
BEYOND = ("create", "delete", "override")
"""What it never does, and a stolen token would."""
WITHIN = 60.0
"""Seconds for all questions."""
_ROLE = "docs/argocd.md has the role"


def examine(given: RoadSettings | None = None) -> list[Verdict]:
    """Every check of the application that runs the bot; one row that says so where no Argo CD is set."""
    try:
        found = road() if given is None else given
    except Misconfigured:
        return []  # told by the row `github`
    if not found.argocd_server:
        return [Verdict("argocd", Status.PASS, "not used: ARGOCD_SERVER is not set (docs/argocd.md)")]
    return asyncio.run(_within(found))


async def _within(given: RoadSettings) -> list[Verdict]:
    try:
        async with asyncio.timeout(WITHIN):
            return await _asked(given)
    except TimeoutError:
        return [Verdict("argocd", Status.FAIL, f"did not answer everything within {WITHIN:g} s: look at its load")]


async def _asked(given: RoadSettings) -> list[Verdict]:
    """The application first: without it nothing else can be said."""
    try:
        client = _client(given)
        application = await client.get()
    except Unavailable as error:
        fix = "check ARGOCD_SERVER and the way there (in a cluster: networkPolicy.controllerEgress)"
        return [Verdict("argocd", Status.FAIL, f"{error}; {fix}")]
    except MegawattsError as error:
        return [Verdict("argocd", Status.FAIL, str(error))]
    return [
        followed("argocd", application, given),
        await _permissions("argocd permissions", client, application, given.argocd_namespace),
        auto_sync("argocd auto-sync", application),
        await _windows("argocd windows", client),
    ]


def _client(given: RoadSettings) -> "ArgoClient":
    from bot.adapters.argocd.client import ArgoClient  # noqa: PLC0415  (only where there is one)
    from bot.adapters.argocd.transport import Transport  # noqa: PLC0415

    server, target = reach(given)
    return ArgoClient(Transport(server), target)


def followed(name: str, application: "Application", given: RoadSettings) -> Verdict:
    """The application deploys the repository that the loop merges into, from its base branch."""
    here = application.metadata.name
    sources = sources_of(application)
    there = [one for one in sources if _repository(one.repo_url) == given.github_repository.casefold()]
    if not given.github_repository or not given.prometheus_url:
        lacking = "GITHUB_REPOSITORY" if not given.github_repository else "PROMETHEUS_URL"
        return Verdict(name, Status.FAIL, f"ARGOCD_SERVER is set and {lacking} is not: the loop does not start so")
    if not there:
        said = ", ".join(one_line(one.repo_url, 100) for one in sources) or "nothing"
        fix = "name its application in ARGOCD_APPLICATION, or correct the application's source"
        return Verdict(name, Status.FAIL, f"{here} deploys {said}, not {given.github_repository}: {fix}")
    branch, base = there[0].target_revision or "HEAD", given.github_base_branch
    if base and branch not in {"HEAD", base}:
        fix = "let targetRevision of its source name the branch, or merges never run"
        return Verdict(name, Status.FAIL, f"{here} follows {one_line(branch, 80)}, not {base}: {fix}")
    state = f"{application.status.sync.status or 'not compared yet'}, {application.status.health.status or 'unknown'}"
    return Verdict(name, Status.PASS, f"{here} follows {one_line(branch, 80)} of {given.github_repository}: {state}")


def sources_of(application: "Application") -> Sequence["Source"]:
    """Where its manifests come from."""
    spec = application.spec
    return (spec.source,) if spec.source is not None else spec.sources


def _repository(url: str) -> str:
    """`owner/name` of a repository's address, over https or ssh, in small letters."""
    words = url.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
    return "/".join(words[-2:]).casefold()


async def _permissions(name: str, client: "ArgoClient", application: "Application", namespace: str) -> Verdict:
    where = f"{namespace}/" if namespace else ""
    on = f"{application.spec.project or 'default'}/{where}{application.metadata.name}"
    try:
        may = {action: await client.may(action, on) for action in (*NEEDED, *BEYOND)}
    except MegawattsError as error:
        return Verdict(name, Status.INCONCLUSIVE, f"it was not said what the token may do: {error}")
    return permitted(name, on, may)


def permitted(name: str, on: str, may: dict[str, bool]) -> Verdict:
    """The token may do what the loop does, and nothing that it never does."""
    lacking, beyond = (
        [one for one in those if may[one] is wrong] for those, wrong in ((NEEDED, False), (BEYOND, True))
    )
    if lacking:
        because = f"the token lacks `applications, {'` and `applications, '.join(lacking)}` on {on}: {_ROLE}"
        return Verdict(name, Status.FAIL, because)
    if beyond:
        because = f"the token may {', '.join(beyond)} {on}, which nothing here needs: take that away, {_ROLE}"
        return Verdict(name, Status.FAIL, because)
    return Verdict(name, Status.PASS, f"the token may get, {' and '.join(NEEDED)} {on}, and no more than that")


def auto_sync(name: str, application: "Application") -> Verdict:
    """Merging is the way to deploy only while Argo CD syncs by itself."""
    from bot.adapters.argocd.holding import reason_of  # noqa: PLC0415

    if application.spec.auto_sync:
        return Verdict(name, Status.PASS, "on: what is merged runs by itself")
    held = reason_of(application)
    if held:
        fix = "the controller gives it back once git has caught up; switching it on by hand ends the hold"
        return Verdict(name, Status.FAIL, f"held by the loop ({one_line(held, 200)}): {fix}")
    fix = "set spec.syncPolicy.automated, or sync by hand after each merge and each revert"
    return Verdict(name, Status.FAIL, f"off, so that nothing that is merged runs by itself: {fix}")


async def _windows(name: str, client: "ArgoClient") -> Verdict:
    try:
        return windows(name, await client.windows())
    except MegawattsError as error:
        return Verdict(name, Status.INCONCLUSIVE, f"the sync windows could not be read: {error}")


def windows(name: str, found: "SyncWindows") -> Verdict:
    """No window keeps a revert from running now."""
    from bot.adapters.argocd.identity import closed  # noqa: PLC0415

    shut = closed(found)
    fix = "take the application out of the project's syncWindows, and freeze merges in the charter: reverts pass that"
    if shut:
        return Verdict(name, Status.FAIL, f"{shut}, and a revert waits as long: {fix}")
    if not found.can_sync:
        return Verdict(
            name, Status.FAIL, f"a rollback would be refused now, by a sync window without manualSync: {fix}"
        )
    if found.assigned_windows:
        count = len(found.assigned_windows)
        return Verdict(name, Status.PASS, f"{count} apply and let syncs through now; while one is shut, reverts wait")
    return Verdict(name, Status.PASS, "none applies: a revert runs at any hour")
