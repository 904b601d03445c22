"""A real bot process reads data anew: what was said stays, and what does not hold is not taken."""

import asyncio
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.localdeploy.process import MARK
from bot.app.bot_wiring import DATA
from tests.app.test_bot_process import SHA, Process, boot

pytestmark = pytest.mark.integration  # they start bots
NEXT = "e" * 40
DISCORD: dict[str, Any] = {"DISCORD_BOT_TOKEN": "not-a-token", "DISCORD_API_BASE": "http://127.0.0.1:1/api"}


def laid_out(folder: Path, sha: str = NEXT) -> Path:
    """The data of a commit, as the deployer lays it out; thanks are answered in its own way."""
    chat = folder / "trees" / sha / "bot" / "chat"
    for name in ("intents", "prompts", "texts"):
        shutil.copytree(DATA / name, chat / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in ("tuning.toml", "flags.toml"):
        shutil.copy(DATA / name, chat)
    (chat / "intents" / "thanks.toml").write_text(
        '[patterns]\nen = ["^thanks$"]\n[replies.ok]\nen = ["With pleasure."]\n'
    )
    return chat


def started_from(folder: Path) -> dict[str, Any]:
    return {MARK: str(folder)}


async def asked(bot: Process, folder: Path, until: Callable[[Any], bool], sha: str = NEXT) -> Any:
    """Ask as the deployer does, and read `/health` until it says what is waited for."""
    request = folder / "reload" / f"{bot.process.pid}.json"
    request.parent.mkdir(exist_ok=True)
    request.write_text(json.dumps({"revision": sha}))
    bot.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(60):
        while not until(said := await bot.get("/health")):  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.05)
    return said


async def test_new_data_answers_and_nothing_that_was_said_is_lost(tmp_path: Path) -> None:
    laid_out(tmp_path)
    async with boot(tmp_path / "home", **DISCORD, **started_from(tmp_path)) as bot:
        for text in ("The party is on Friday.", "The hall key is with Dora.", "Bring cake on Friday."):
            await bot.chat(text)
        assert (await bot.chat("thanks"))["text"] != "With pleasure."
        said = await asked(bot, tmp_path, lambda told: told["revision"] == NEXT)
        assert (said["status"], said["reload"]) == ("ok", {"revision": NEXT, "failed": ""})
        assert said["pid"] == bot.process.pid
        assert "discord" in said
        answer = await bot.chat("thanks")
        assert (answer["text"], answer["revision"]) == ("With pleasure.", NEXT)
        assert "Friday" in (await bot.chat("!summary"))["text"]
        code, err = await bot.end()
        assert code == 0
        events = [json.loads(line)["event"] for line in err.splitlines()]
        assert [one for one in events if one in {"ready", "reloaded", "stopped"}] == ["ready", "reloaded", "stopped"]
        assert "not-a-token" not in err


async def test_data_that_does_not_hold_is_not_taken_by_half(tmp_path: Path) -> None:
    chat = laid_out(tmp_path)
    (chat / "tuning.toml").write_text((chat / "tuning.toml").read_text().replace("value = ", "value = -", 1))
    elsewhere = laid_out(tmp_path, "f" * 40)
    (elsewhere / "intents" / "joke.toml").unlink()
    (elsewhere / "intents" / "joke.toml").symlink_to(DATA / "intents" / "joke.toml")
    async with boot(tmp_path / "home", **started_from(tmp_path)) as bot:
        before = (await bot.chat("!help"))["text"]
        for sha, why in ((NEXT, "tuning.toml"), ("f" * 40, "joke.toml is not a plain file")):
            said = await asked(bot, tmp_path, lambda told: bool(told["reload"]["failed"]), sha)
            assert why in said["reload"]["failed"]
            assert (said["revision"], said["status"]) == (SHA, "ok")
        assert (await bot.chat("thanks"))["text"] != "With pleasure."
        assert (await bot.chat("!help"))["text"] == before
        code, _err = await bot.end()
        assert code == 0
