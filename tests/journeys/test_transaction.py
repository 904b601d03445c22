"""One whole transaction on the real parts: a bad deploy is taken back by itself, and health is proven again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys import _road_stage as road
from tests.servers import prometheus as servers
from tests.servers.aimock.peer import Missing
from tests.servers.github import peer
from tests.servers.github.peer import GitHub

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    try:
        with peer.running(tmp_path_factory.mktemp("github")) as found:
            yield found
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    try:
        with servers.prometheus(tmp_path_factory.mktemp("prometheus"), interval="1s") as found:
            yield found
    except servers.Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return road.product(tmp_path_factory.mktemp("product"))


async def test_a_bad_deploy_is_taken_back_and_health_is_proven(
    hub: GitHub, prometheus: servers.Prometheus, template: Path, tmp_path: Path
) -> None:
    async with road.stage(hub, prometheus, template, tmp_path) as stage, stage.controlled() as brain:
        journal = stage.journal
        stage.ask_for(brain, "user_burst", 2)
        proposed = await journal.wait("proposed")
        asked = await journal.wait("asked")
        await stage.approve(asked["pull"], proposed["head"])
        merged = await journal.wait("merged")
        await stage.runs(merged["merge"])
        verdict = await journal.wait("revert")
        back = await journal.wait("merged", pull=verdict["revert"])
        await stage.runs(back["merge"])
        await journal.wait("healthy", pull=verdict["revert"])
