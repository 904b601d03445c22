"""The doors of the road: the embedded ones, or GitHub, Argo CD and Prometheus where the settings name them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.state import Board, Instance
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.scrape.source import ScrapeSource, outcomes
from bot.adapters.scrape.trials import trials
from bot.app.argo_reach import reach
from bot.app.bot_wiring import now
from bot.app.home import Home
from bot.app.road_settings import RoadSettings
from bot.app.setup.access import Access, AppAccess, access
from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from bot.core.health import MetricRule
from bot.core.ids import PullNumber, Sha
from bot.core.ports import Deployer, Forge, HealthSource, Records
from bot.improve.experiments import Trials

if TYPE_CHECKING:
    from bot.adapters.argocd.deployer import ArgoDeployer
    from bot.adapters.github.app_auth import Auth
    from bot.adapters.github.hook_server import HookServer
    from bot.adapters.prometheus.client import Server as Metrics

Events = Callable[[Callable[[], None]], Coroutine[None, None, None]]
"""Calls what it is given each time something changed outside, until it is cancelled."""
Counts = Callable[[], Awaitable[Mapping[str, float]]]
AGAIN = 30.0
"""Seconds until a stream of events that ended with an error is asked for again; the loop looks by itself meanwhile."""


HEARD, UNHEARD = 60.0, 20.0
"""Seconds between two looks at GitHub while nothing is watched: with webhooks, which may be lost, and without."""


@dataclass(frozen=True, slots=True)
class Road:
    """Where the loop's proposals live, where they run, and how that is seen."""

    forge: Forge
    repo: GitRepository
    deployer: Deployer
    health: HealthSource
    events: tuple[Events, ...] = ()
    counts: Counts | None = None
    """Messages by outcome, as members met them since the processes started that run now."""
    trials: Trials | None = None
    """What experiments came to in the processes that run now."""
    calm: float = 0.0
    """Seconds between two looks at least while no health is watched."""
    promised: Callable[[Sha], Awaitable[Sha | None]] | None = None
    """The commit whose image git asks to deploy, at a commit of the base branch; None: that commit itself."""
    show: Callable[[Mapping[str, str]], Awaitable[None]] | None = None
    """Shows people lines where they look at what runs."""
    address: Callable[[PullNumber], str] = "#{}".format
    """How a pull request is named there."""


async def open_road(
    home: Home,
    settings: RoadSettings,
    records: Records,
    rules: Callable[[], Sequence[MetricRule]],
    *,
    all_merges: bool = False,
) -> Road:
    """Open what the settings name. Raises Misconfigured for what they name wrongly, Unavailable for what is silent."""
    _whole(settings)
    forge, repo = await open_forge(home, settings, all_merges=all_merges)
    health, counts, tried = _health(home, settings, rules), _counts(home, settings), _trials(home, settings)
    calm = 0.0 if not settings.github_repository else HEARD if settings.github_webhook_secret else UNHEARD
    if not settings.argocd_server:
        return Road(forge, repo, LocalDeployer(home.deploy, repo), health, counts=counts, calm=calm, trials=tried)
    deployer, events = _argo(settings, repo, records, forge)
    page = f"{_pages(settings.github_api_url)}/{settings.github_repository}/pull/{{}}".format
    return Road(forge, repo, deployer, health, (events,), counts, tried, calm, deployer.promised, deployer.show, page)


def _pages(api: str) -> str:
    """Where people read what an API serves: an enterprise server has both under one name."""
    host = urlsplit(api).netloc
    return "https://github.com" if host == "api.github.com" else f"https://{host}"


def _whole(settings: RoadSettings) -> None:
    """A half of the road is no road: what runs in a cluster is not on the page of a bot on this machine."""
    if settings.argocd_server and not settings.prometheus_url:
        raise Misconfigured("ARGOCD_SERVER is set and PROMETHEUS_URL is not: name the Prometheus that sees what runs")
    if settings.argocd_server and not settings.github_repository:
        raise Misconfigured("ARGOCD_SERVER is set and GITHUB_REPOSITORY is not: name the repository that it deploys")


async def open_forge(home: Home, settings: RoadSettings, *, all_merges: bool = False) -> tuple[Forge, GitRepository]:
    """The forge, and the controller's own clone of it. `all_merges`: people's count from the beginning."""
    if not settings.github_repository:
        local = LocalForge(home.forge)
        return local, await asyncio.to_thread(GitRepository.mirror, home.forge / "repo.git", home.clone)
    repo = await asyncio.to_thread(GitRepository.begin, home.clone)
    forge = await asyncio.to_thread(_github, settings, repo, all_merges)
    try:
        await forge.fetch(repo)
    except Unavailable:
        # Without the forge what runs is still watched, as far as an earlier process has seen it (docs/argocd.md).
        if not await asyncio.to_thread(_filled, repo):
            raise
    return forge, repo


def _filled(repo: GitRepository) -> bool:
    return bool(repo.git.run("for-each-ref", "--count=1").out)


def _github(settings: RoadSettings, repo: GitRepository, all_merges: bool) -> Forge:
    from bot.adapters.github.desk import Rules  # noqa: PLC0415  (PyGithub only where GitHub is asked)
    from bot.adapters.github.forge import GitHubForge  # noqa: PLC0415  (PyGithub only where GitHub is asked)

    reach = access(given=settings)
    return GitHubForge(
        settings.github_repository,
        _signed(reach, reach.engine) if reach.engine else _personal(reach),
        repo,
        reverts=_signed(reach, reach.reverts) if reach.reverts else None,
        api_url=settings.github_api_url,
        git_url=settings.github_git_url,
        rules=Rules(
            base_branch=settings.github_base_branch,
            required=frozenset(_words(settings.github_required_checks)),
            trusted_apps=frozenset(map(_number, _words(settings.github_trusted_apps))),
            auto_merge=settings.github_auto_merge,
            all_merges=all_merges,
        ),
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _number(word: str) -> int:
    if not word.isdecimal():
        raise Misconfigured(f"GITHUB_TRUSTED_APPS: {word[:40]!r} is no App's id; give numbers with commas")
    return int(word)


def _signed(reach: Access, app: AppAccess) -> "Auth":
    """An App as it is installed on the repository."""
    key = app.key()
    return (
        key
        if key.installation_id
        else replace(key, installation_id=reach.signed(app).installed(reach.repository).number)
    )


def _personal(reach: Access) -> "Auth":
    from bot.adapters.github.app_auth import PersonalToken  # noqa: PLC0415

    if not reach.token:
        raise Misconfigured("GITHUB_REPOSITORY is set without a way in: set GITHUB_APP_ID and its key, or GITHUB_TOKEN")
    return PersonalToken(reach.token.reveal())


def _health(home: Home, settings: RoadSettings, rules: Callable[[], Sequence[MetricRule]]) -> HealthSource:
    if not settings.prometheus_url:
        board = Board(home.deploy)
        return ScrapeSource(lambda sha: address(board, sha), now, rules)
    from bot.adapters.prometheus.queries import labels_of  # noqa: PLC0415  (only where there is one)
    from bot.adapters.prometheus.source import PrometheusSource  # noqa: PLC0415

    return PrometheusSource(open_metrics(settings), rules, now, where=labels_of(settings.prometheus_labels))


def _counts(home: Home, settings: RoadSettings) -> Counts:
    """From where health is read too: Prometheus, or the pages of the bots that the embedded deployer runs."""
    if not settings.prometheus_url:
        board = Board(home.deploy)
        return lambda: outcomes([f"http://127.0.0.1:{one.port}" for one in _kept(board)])
    from bot.adapters.prometheus import outcomes as met  # noqa: PLC0415  (only where there is one)
    from bot.adapters.prometheus.queries import labels_of  # noqa: PLC0415

    return partial(met.outcomes, open_metrics(settings), labels_of(settings.prometheus_labels))


def _trials(home: Home, settings: RoadSettings) -> Trials:
    """From where health is read too, as `_counts`."""
    if not settings.prometheus_url:
        board = Board(home.deploy)
        return lambda: trials([f"http://127.0.0.1:{one.port}" for one in _kept(board)])
    from bot.adapters.prometheus import trials as met  # noqa: PLC0415  (only where there is one)
    from bot.adapters.prometheus.queries import labels_of  # noqa: PLC0415

    return partial(met.trials, open_metrics(settings), labels_of(settings.prometheus_labels))


def open_metrics(settings: RoadSettings) -> "Metrics":
    """The Prometheus that the settings name."""
    from bot.adapters.prometheus.client import Server  # noqa: PLC0415  (only where there is one)

    return Server(settings.prometheus_url, settings.prometheus_token.reveal(), _file(settings.prometheus_ca_file))


def _argo(settings: RoadSettings, repo: GitRepository, records: Records, forge: Forge) -> "tuple[ArgoDeployer, Events]":
    from bot.adapters.argocd.deployer import ArgoDeployer, Ground  # noqa: PLC0415  (only where there is one)
    from bot.adapters.prometheus import running  # noqa: PLC0415  (only where there is one)
    from bot.adapters.prometheus.queries import labels_of  # noqa: PLC0415

    server, target = reach(settings)

    async def answers() -> bool:
        try:
            await forge.main()
        except Unavailable:
            return False
        return True

    said = partial(running.said, open_metrics(settings), labels_of(settings.prometheus_labels))
    deployer = ArgoDeployer.at(server, target, Ground(repo, records, now, answers, said=said))

    async def watched(wake: Callable[[], None]) -> None:
        while True:
            try:
                async for _change in deployer.events():
                    wake()
            except MegawattsError:
                # The loop asks the same server each round and tells what is wrong; here it would be told twice.
                await asyncio.sleep(AGAIN)

    return deployer, watched


def hooks_of(settings: RoadSettings, records: Records, wake: Callable[[], None]) -> "HookServer | None":
    """What hears GitHub's webhooks on the controller's port; None where none are to be heard."""
    secret = settings.github_webhook_secret.reveal()
    if not secret:
        return None
    if not settings.github_repository or not settings.controller_port:
        raise Misconfigured("GITHUB_WEBHOOK_SECRET is set: set GITHUB_REPOSITORY and CONTROLLER_PORT too, or unset it")
    from bot.adapters.github.hook_server import HookServer  # noqa: PLC0415  (only where GitHub is the forge)

    words = [one.strip() for one in secret.split(",")]
    return HookServer(words, settings.github_repository, wake, records=records, clock=now)


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def address(board: Board, sha: Sha) -> str | None:
    """Where the embedded deployer runs a commit; None if it does not."""
    found = next((one for one in _kept(board) if one.sha == sha), None)
    return f"http://127.0.0.1:{found.port}" if found else None


def _kept(board: Board) -> list[Instance]:
    """What it runs: the current revision, and the one before while that is kept warm."""
    state = board.state()
    return [one for one in (state.current, state.previous) if one is not None]
