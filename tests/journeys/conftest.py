"""The servers of the journeys, started once a file, and the places where the same journey is played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import crds
from tests.servers import prometheus as servers
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.github import peer
from tests.servers.github.peer import GitHub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """GitHub's peer."""
    try:
        with peer.running(tmp_path_factory.mktemp("github")) as found:
            yield found
    except Missing as error:
        absent(error)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Prometheus, which scrapes every second."""
    try:
        with servers.prometheus(tmp_path_factory.mktemp("prometheus"), interval="1s") as found:
            yield found
    except servers.Missing as error:
        absent(error)


@pytest.fixture(params=["embedded", "road"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[object]:
    """Where the journey is played: on the embedded parts, and on GitHub, Argo CD and Prometheus."""
    from tests.journeys._place import Place
    from tests.journeys._place_road import RoadPlace

    if request.param == "road" and not crds.DATA.is_dir():
        pytest.skip(f"the schemas of Argo CD are not at {crds.DATA}")
    servers = [request.getfixturevalue(name) for name in ("hub", "prometheus")] if request.param == "road" else []
    made = RoadPlace(tmp_path, *servers) if servers else Place(tmp_path)
    try:
        yield made
    finally:
        made.stop()
