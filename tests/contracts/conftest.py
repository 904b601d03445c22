"""Servers of this run, for the suites over both sides of a door."""

import pytest

from tests.contracts import servers
from tests.servers.absent import absent


@pytest.fixture
def postgres() -> servers.Postgres:
    try:
        return servers.postgres()
    except servers.NoServerError as error:
        absent(error)


@pytest.fixture
def redis_server() -> servers.Redis:
    try:
        return servers.redis_server()
    except servers.NoServerError as error:
        absent(error)
