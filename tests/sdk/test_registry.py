import asyncio
import threading
from types import ModuleType

import pytest

import bot.extensions
from bot.core.errors import Misconfigured, Unavailable
from bot.sdk import Caller, Host, House, Registry, Result, discover, tool


@tool("Say it back.", "!echo hi")
def echo(host: Host, text: str) -> Result:
    return Result(f"{host.caller.name}: {text}")


@tool("Say no.", "!no")
async def refuse(host: Host) -> Result:
    return Result("no", ok=False)


@tool("Hang.", "!hang", timeout=0.01)
async def hang(host: Host) -> Result:
    await asyncio.Event().wait()
    return Result("never")


@tool("Break.", "!break")
def broken(host: Host) -> Result:
    raise Unavailable("the moon", "token=sk-secret-0123456789abcdef")


@tool("Peek.", "!peek", needs=("own",))
def peek(host: Host, table: str) -> Result:
    host.shelf(table).put("key", {"by": host.caller.user})
    return Result("kept")


@tool("Where.", "!where")
def where(host: Host) -> Result:
    return Result(threading.current_thread().name)


@pytest.fixture
def registry(house: House) -> Registry:
    return Registry((echo, refuse, hang, broken, peek, where), house)


async def test_a_tool_is_called_with_its_caller(registry: Registry, caller: Caller) -> None:
    called = await registry.call("echo", {"text": "hi"}, caller)
    assert (called.fate, called.result.text) == ("ok", "Ann: hi")


async def test_a_refusal_is_no_failure(registry: Registry, caller: Caller) -> None:
    called = await registry.call("refuse", {}, caller)
    assert (called.fate, called.error) == ("refused", "")


async def test_a_hanging_tool_is_ended(registry: Registry, caller: Caller) -> None:
    called = await registry.call("hang", {}, caller)
    assert called.fate == "timeout"
    assert "0.01 seconds" in called.result.text


async def test_a_store_that_is_away_is_named_and_not_where_it_is(house: House, caller: Caller) -> None:
    def body(host: Host) -> Result:
        raise Unavailable("database", "connection to db.secret:5432 refused")

    called = await Registry((tool("Reads.", "!reads", name="reads")(body),), house).call("reads", {}, caller)
    assert called.fate == "error"
    assert "I cannot reach my storage" in called.result.text
    assert "secret" not in called.result.text


async def test_a_broken_tool_tells_nothing_of_the_inside(registry: Registry, caller: Caller) -> None:
    called = await registry.call("broken", {}, caller)
    assert (called.fate, called.error) == ("error", "Unavailable")
    assert "secret" not in called.result.text
    assert "moon" not in called.result.text


async def test_wrong_arguments_come_with_an_example(registry: Registry, caller: Caller) -> None:
    called = await registry.call("echo", {}, caller)
    assert called.fate == "bad_arguments"
    assert called.result.text == "That did not work: text is missing. Try: !echo hi"


async def test_an_unknown_tool(registry: Registry, caller: Caller) -> None:
    assert (await registry.call("sudo", {}, caller)).fate == "unknown"


async def test_a_tool_opens_only_the_shelves_it_declared(registry: Registry, caller: Caller, house: House) -> None:
    assert (await registry.call("peek", {"table": "own"}, caller)).fate == "ok"
    assert (await registry.call("peek", {"table": "ballots"}, caller)).error == "Denied"
    assert house.records.scan("ballots") == []
    assert house.records.scan("own") != []


async def test_a_plain_function_does_not_hold_up_the_others(registry: Registry, caller: Caller) -> None:
    called = await registry.call("where", {}, caller)
    assert called.result.text != threading.main_thread().name


def test_two_tools_of_one_name_are_refused(house: House) -> None:
    with pytest.raises(Misconfigured, match="two tools are called 'echo'"):
        Registry((echo, echo), house)


def test_a_timeout_must_be_above_zero() -> None:
    with pytest.raises(Misconfigured, match="timeout is 0"):
        tool("x", "x", timeout=0)


def test_the_built_in_families_are_found_by_themselves() -> None:
    names = {one.spec.name for one in discover(bot.extensions)}
    assert {"roll_dice", "set_reminder", "summarise", "suggest_improvement", "vote", "show_help"} <= names
    assert all(one.spec.summary.endswith(".") and one.spec.say for one in discover(bot.extensions))


def test_an_empty_package_has_no_tools() -> None:
    package = ModuleType("empty")
    package.__path__ = []
    assert discover(package) == ()
