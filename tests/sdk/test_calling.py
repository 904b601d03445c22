"""The registry's order: who asks, where, how often, how long."""

import asyncio
from dataclasses import replace
from typing import Annotated

import pytest

from bot.core.errors import Unavailable
from bot.sdk import ChannelView, Complete, Host, MemberView, Plan, Result, Touch, tool
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, GUILD, MAIN, MODERATOR, SECRET

tries: list[int] = []


@tool("Here only.", "!here", name="here", needs=("guilds",), guild_only=True, per_minute=2)
async def here(host: Host) -> Result:
    return Result((await host.sight.server()).name)


@tool("Flaky.", "!flaky", name="flaky", retries=2)
async def flaky(host: Host) -> Result:
    tries.append(1)
    if len(tries) < 3:
        raise Unavailable("the moon", "away", retry_after=0.001)
    return Result("there")


@tool("Gone.", "!gone", name="gone", retries=1)
async def gone(host: Host) -> Result:
    tries.append(1)
    raise Unavailable("the moon", retry_after=0.001)


@tool("Read.", "!read #main", name="read", needs=("guilds",), permissions=("manage_messages",))
async def read(host: Host, channel_id: ChannelView) -> Result:
    return Result(channel_id.name)


@tool("Hang.", "!hang", name="hang", needs=("guilds",), guild_only=True, mutates=True, timeout=0.01)
async def hang(host: Host) -> Plan:
    await asyncio.Event().wait()
    raise AssertionError


@tool("Undeclared.", "!u", name="undeclared", needs=("guilds",), guild_only=True)
async def undeclared(host: Host):  # type: ignore[no-untyped-def]
    return Plan("Do.", Touch(), lambda _: Result("done"))


def _colours(host: Host, typed: str) -> list[str]:
    return [f"{typed}{n}" for n in range(40)]


@tool("Pick.", "!pick", name="pick", needs=("guilds",), guild_only=True)
async def pick(host: Host, colour: Annotated[str, "which", Complete(_colours)], who: MemberView) -> Result:
    return Result(colour)


class Limiter:
    def __init__(self) -> None:
        self.keys: list[str] = []

    async def take(self, key: str, *, burst: int, per_minute: float, cost: int = 1) -> float:
        self.keys.append(key)
        return 0.0 if self.keys.count(key) <= burst else 30.0


@pytest.fixture
def desk() -> Desk:
    tries.clear()
    return Desk(tools=(here, flaky, gone, read, hang, undeclared, pick))


async def test_on_a_server_only(desk: Desk) -> None:
    caller = desk.caller(guild="")
    assert (
        await desk.registry.call("here", {}, caller)
    ).result.text == "That works on a Discord server only; ask me there."
    assert (await desk.ask("here")).result.text == "The Hall"


@pytest.mark.parametrize("name", ["guild_id", "guildId", "guildID"])
async def test_the_own_server_may_be_named_and_no_other(desk: Desk, name: str) -> None:
    assert (await desk.ask("here", **{name: GUILD})).fate == "ok"
    refused = await desk.ask("here", **{name: "100000000000000002"})
    assert refused.fate == "bad_arguments"
    assert "another server" in refused.result.text


async def test_who_is_no_member_has_nothing(desk: Desk) -> None:
    called = await desk.ask("here", user="299999999999999999")
    assert (called.fate, called.result.text) == ("denied", "You are not a member of this server.")


async def test_each_member_has_their_own_limit_by_tool(desk: Desk) -> None:
    limiter = Limiter()
    desk.doors = {"limiter": limiter}
    assert [(await desk.ask("here")).fate for _ in range(3)] == ["ok", "ok", "limited"]
    assert (await desk.ask("here", user=ANN)).fate == "ok"
    limited = await desk.ask("here")
    assert limited.retry_after == 30
    assert "30 seconds" in limited.result.text
    assert set(limiter.keys) == {f"tool:here:{GUILD}:{MODERATOR}", f"tool:here:{GUILD}:{ANN}"}
    tries.extend([1, 1])
    assert (await desk.ask("flaky")).fate == "ok", "a tool without a limit of its own asks for none"
    assert len(set(limiter.keys)) == 2


async def test_reading_is_tried_again(desk: Desk) -> None:
    assert (await desk.ask("flaky")).result.text == "there"
    assert len(tries) == 3


async def test_and_not_for_ever(desk: Desk) -> None:
    called = await desk.ask("gone")
    assert (called.fate, called.error) == ("error", "Unavailable")
    assert len(tries) == 2


async def test_permissions_count_in_the_channel_concerned(desk: Desk) -> None:
    assert (await desk.ask("read", channel_id="main")).fate == "ok"
    desk.guild.there[MAIN, MODERATOR] = frozenset({"view_channel"})
    denied = await desk.ask("read", channel_id="main")
    assert denied.result.text == "You need the permission Manage Messages in #main for that."
    desk.guild.there[SECRET, ANN] = frozenset({"view_channel", "manage_messages"})
    assert (await desk.ask("read", user=ANN, channel_id="secret")).fate == "ok", "as an overwrite allows it there"
    assert (await desk.ask("read", user=ANN, channel_id="main")).fate == "denied"


async def test_a_late_deed_may_have_happened(desk: Desk) -> None:
    called = await desk.ask("hang")
    assert called.fate == "timeout"
    assert "Look whether it happened" in called.result.text


async def test_a_plan_that_was_not_declared_is_not_carried_out(desk: Desk) -> None:
    assert (await desk.ask("undeclared")).error == "TypeError"


async def test_values_are_offered_while_typing(desk: Desk) -> None:
    registry, caller = desk.registry, desk.caller()
    assert len(await registry.complete("pick", "colour", "r", caller)) == 25
    assert await registry.complete("pick", "who", "a", caller) == ("Ann",)
    assert await registry.complete("pick", "nothing", "a", caller) == ()
    assert await registry.complete("nothing", "who", "a", caller) == ()
    assert await registry.complete("pick", "who", "a", desk.caller(guild="")) == ()


@tool("Say how I am.", "!status", name="state", command="status")
def state(host: Host) -> Result:
    return Result("well")


@pytest.mark.parametrize("by_model", [False, True])
async def test_in_a_guild_whose_admins_stopped_the_bot_tools_refuse_and_say_why(by_model: bool) -> None:
    desk = Desk(tools=(here, state))
    desk.book.settings = replace(desk.book.settings, paused="errors since noon")
    called = await desk.ask("here", by_model=by_model)
    assert called.fate == "denied"
    assert "stopped me on this server: errors since noon" in called.result.text
    assert desk.guild.verbs == []
    assert (await desk.ask("state")).result.text == "well"
    desk.book.settings = replace(desk.book.settings, paused="")
    assert (await desk.ask("here")).fate == "ok"
