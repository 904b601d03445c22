"""A Discord in this process (simcord), with every request held against Discord's own description of its API.

`env` is a running simcord environment around the fixture `client`; a test module that needs another client defines a
fixture of that name.
"""

import warnings
from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

with warnings.catch_warnings():
    # discord.py imports `audioop` for voice, which newer interpreters no longer have of their own.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    import simcord

from tests.adapters.discord import schema
from tests.adapters.discord.house import House, Scene


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Puts the test itself on simcord's clock; a fixture runs in another context and could not."""
    environments = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, simcord.Env)]
    if not environments:
        return (yield)
    with environments[0].time_context():
        return (yield)


@pytest.fixture
def house() -> House:
    """The adapter with a pipeline that says what the test tells it to; a test module may define another."""
    return House()


@pytest.fixture
def client(house: House) -> discord.Client:
    """The client that is connected; a test module may define another."""
    return house.gateway.client


@pytest.fixture
def options(client: discord.Client) -> dict[str, Any]:
    """Options of `simcord.Env`; a test module may define others."""
    return {"shard_count": 1} if isinstance(client, discord.AutoShardedClient) and not client.shard_count else {}


@pytest.fixture
def scene(env: simcord.Env, house: House) -> Scene:
    """A guild with a channel and a member."""
    return Scene(env, house)


@pytest.fixture
async def env(client: discord.Client, options: dict[str, Any]) -> AsyncIterator[simcord.Env]:
    """Discord. At its end, swallowed errors and requests that Discord would refuse fail the test."""
    environment = simcord.Env(client, **options)
    await environment.start()
    try:
        yield environment
    finally:
        await environment.shutdown()
    if environment.check_errors:
        environment._raise_errors_since(environment._errors_acknowledged)
    if schema.FILE.exists():
        assert schema.problems(environment.http_requests) == []
