"""Large libraries are loaded beside the event loop."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from bot.agent.loading import beside, load


async def test_a_module_is_loaded_in_another_thread_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import threading\nWHERE = threading.get_ident()\n"
    (tmp_path / "weighty_for_a_test.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    await asyncio.gather(*(load("weighty_for_a_test") for _ in range(3)))
    module = sys.modules["weighty_for_a_test"]
    assert threading.get_ident() != module.WHERE
    sys.modules.pop("weighty_for_a_test")
    await load("weighty_for_a_test")
    assert "weighty_for_a_test" not in sys.modules, "what was loaded once is not looked at again"


async def test_what_is_missing_is_told() -> None:
    with pytest.raises(ModuleNotFoundError):
        await load("no_such_module_at_all")


async def test_one_at_a_time_and_the_loop_goes_on() -> None:
    inside, most, go = 0, 0, threading.Event()

    def work() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        go.wait(10)
        inside -= 1

    both = asyncio.gather(beside(work), beside(work))
    await asyncio.sleep(0)
    go.set()
    await both
    assert most == 1
