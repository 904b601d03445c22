"""The peer that speaks the providers' protocols, once a run."""

from collections.abc import Iterator

import pytest

from tests.servers.absent import absent
from tests.servers.aimock import peer as aimock


@pytest.fixture(scope="session")
def _server() -> Iterator[aimock.Peer]:
    try:
        program = aimock.installed()
    except aimock.Missing as error:
        absent(error)
    with aimock.running(program) as found:
        yield found


@pytest.fixture
def peer(_server: aimock.Peer) -> aimock.Peer:
    """As if it had just begun."""
    _server.reset()
    return _server
