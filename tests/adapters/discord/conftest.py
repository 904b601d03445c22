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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Puts the test itself on simcord's clock; a fixture runs in another context and could not."""
    environments = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, simcord.Env)]
    if not environments:
        return (yield)
    with environments[0].time_context():
        return (yield)


@pytest.fixture
def client() -> discord.Client:
    """A client that knows guilds, members and messages, and does nothing of its own accord."""
    return discord.Client(intents=discord.Intents.all())


@pytest.fixture
def options() -> dict[str, Any]:
    """Options of `simcord.Env`; a test module may define others."""
    return {}


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
