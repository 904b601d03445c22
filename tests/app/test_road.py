"""Which doors the settings open, and what is said of settings that name half of a road."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.adapters.argocd.deployer import ArgoDeployer
from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.prometheus.source import PrometheusSource
from bot.adapters.scrape.source import ScrapeSource
from bot.app import road as module
from bot.app.home import Home
from bot.app.road import Road, open_road
from bot.app.road_settings import road
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Tree
from bot.sdk.testing import DictRecords

pytestmark = pytest.mark.integration  # they run git

ARGO = {"ARGOCD_SERVER": "https://argo.invalid", "ARGOCD_AUTH_TOKEN": "argo-token"}
PROMETHEUS = {"PROMETHEUS_URL": "https://prometheus.invalid"}
GITHUB = {"GITHUB_REPOSITORY": "acme/bot"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    source = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(source.git, Tree(source.git.run("mktree").line), (), "root", author="someone")
    source.branch("main", root)
    made = Home(tmp_path / "home").create()
    LocalForge.create(made.forge, source.path)
    return made


async def opened(home: Home, environment: Mapping[str, str]) -> Road:
    return await open_road(home, road(environment), DictRecords(), list)


async def test_without_settings_every_door_is_embedded(home: Home) -> None:
    found = await opened(home, {})
    assert isinstance(found.forge, LocalForge)
    assert isinstance(found.deployer, LocalDeployer)
    assert isinstance(found.health, ScrapeSource)
    assert found.events == ()
    assert found.repo.path == home.clone


async def test_prometheus_alone_may_stand_beside_the_embedded_deployer(home: Home) -> None:
    found = await opened(home, PROMETHEUS)
    assert isinstance(found.health, PrometheusSource)
    assert isinstance(found.deployer, LocalDeployer)


async def test_what_members_met_is_asked_where_health_is(home: Home) -> None:
    found = await opened(home, {})
    assert found.counts is not None
    assert await found.counts() == {}, "no bot runs"
    away = await opened(home, {"PROMETHEUS_URL": "http://127.0.0.1:9"})
    assert away.counts is not None
    with pytest.raises(Unavailable, match="Prometheus"):
        await away.counts()


@pytest.mark.parametrize(
    ("environment", "missing"),
    [(ARGO, "PROMETHEUS_URL"), ({**ARGO, **PROMETHEUS}, "GITHUB_REPOSITORY")],
)
async def test_half_a_road_is_refused(home: Home, environment: Mapping[str, str], missing: str) -> None:
    with pytest.raises(Misconfigured, match=missing):
        await opened(home, environment)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (GITHUB, "without a way in"),
        ({**GITHUB, "GITHUB_APP_ID": "1"}, "GITHUB_APP_PRIVATE_KEY is not set"),
        ({**GITHUB, "GITHUB_APP_ID": "one", "GITHUB_TOKEN": "t"}, "GITHUB_APP_ID should be a number"),
        ({"GITHUB_REPOSITORY": "bot", "GITHUB_TOKEN": "ghp-honey"}, "not owner/name"),
        ({**GITHUB, "GITHUB_TOKEN": "ghp-honey", "GITHUB_TRUSTED_APPS": "actions"}, "no App's id"),
    ],
)
async def test_no_way_into_github_is_said_in_one_sentence(
    home: Home, environment: Mapping[str, str], says: str
) -> None:
    with pytest.raises(Misconfigured, match=says) as caught:
        await opened(home, environment)
    assert "honey" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_silent_github_is_silence_and_not_an_empty_forge(home: Home) -> None:
    environment = {
        **GITHUB,
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_GIT_URL": "git://127.0.0.1:9/x",
    }
    with pytest.raises(Unavailable):
        await opened(home, environment)


async def test_restarted_while_github_is_silent_it_opens_over_what_it_has(home: Home) -> None:
    clone = GitRepository.begin(home.clone)
    root = commit_tree(clone.git, Tree(clone.git.run("mktree").line), (), "root", author="someone")
    clone.branch("main", root)
    away = {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_GIT_URL": "git://127.0.0.1:9/x"}
    found = await opened(home, {**GITHUB, **away})
    assert found.repo.resolve("refs/heads/main") == root
    with pytest.raises(Unavailable):
        await found.forge.main()


async def test_all_of_the_real_road(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def github(at: Home, _settings: object, **_more: bool) -> tuple[LocalForge, GitRepository]:
        return LocalForge(at.forge), GitRepository.begin(at.clone)

    monkeypatch.setattr(module, "open_forge", github)
    found = await opened(home, {**ARGO, **PROMETHEUS, **GITHUB})
    assert isinstance(found.deployer, ArgoDeployer)
    assert isinstance(found.health, PrometheusSource)
    assert len(found.events) == 1
    assert (found.promised, found.show) == (found.deployer.promised, found.deployer.show)
    assert found.address(7) == "https://github.com/acme/bot/pull/7"


def test_pages_of_an_enterprise_server_are_where_its_api_is() -> None:
    assert module._pages("https://git.acme.example/api/v3") == "https://git.acme.example"
