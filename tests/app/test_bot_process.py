"""The bot as a process of its own."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parent.parent.parent
SHA = "d" * 40


@dataclass
class Process:
    process: asyncio.subprocess.Process
    ready: dict[str, Any]
    session: aiohttp.ClientSession

    async def chat(self, text: str, user: str = "ann") -> dict[str, Any]:
        body = {"user": user, "channel": "hall", "text": text}
        async with self.session.post(f"http://127.0.0.1:{self.ready['port']}/chat", json=body) as answer:
            return dict(await answer.json())

    async def get(self, path: str) -> Any:
        async with self.session.get(f"http://127.0.0.1:{self.ready['port']}{path}") as answer:
            return await answer.json()

    async def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(self.process.communicate(), 20)
        return self.process.returncode or 0, err.decode()


@asynccontextmanager
async def boot(home: Path, *words: str, root: Path = ROOT, **more: str) -> AsyncIterator[Process]:
    argv = [sys.executable, "-B", "-m", "bot", "bot", "--home", str(home), "--revision", SHA, *words]
    env = {"PATH": os.environ["PATH"], **more}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=root, env=env, stdout=pipe, stderr=pipe)
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line, (await process.stderr.read()).decode()
        async with aiohttp.ClientSession() as session:
            yield Process(process, json.loads(line), session)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.integration
async def test_it_boots_answers_and_ends_well(tmp_path: Path) -> None:
    async with boot(tmp_path / "home") as bot:
        assert bot.ready == {"ready": True, "port": bot.ready["port"], "revision": SHA, "pid": bot.process.pid}
        assert (await bot.chat("!roll 2d6"))["tool"] == "roll_dice"
        assert (await bot.get("/readyz"))["status"] == "ready"
        assert (await bot.get("/health"))["revision"] == SHA
        code, err = await bot.end()
        assert code == 0
        assert [json.loads(line)["event"] for line in err.splitlines()] == ["ready", "draining", "stopped"]


@pytest.mark.integration
async def test_what_was_said_and_asked_survives_a_restart(tmp_path: Path) -> None:
    async with boot(tmp_path / "home") as bot:
        for text in ("The party is on Friday.", "The hall key is with Dora.", "Bring cake on Friday."):
            await bot.chat(text)
        await bot.chat("remind me in 10 minutes to stretch")
        await bot.end()
    async with boot(tmp_path / "home") as bot:
        assert "Friday" in (await bot.chat("!summary"))["text"]
        assert "stretch" in (await bot.chat("!reminders"))["text"]


@pytest.mark.integration
async def test_two_processes_share_one_home(tmp_path: Path) -> None:
    async with boot(tmp_path / "home") as blue, boot(tmp_path / "home") as green:
        await asyncio.gather(
            *(bot.chat(f"remind me in 1{i} minutes to do {i}") for i in range(5) for bot in (blue, green))
        )
        text = (await green.chat("!reminders"))["text"]
        assert text.count("UTC") == 10
        assert (await blue.get("/health"))["status"] == "ok"


@pytest.mark.integration
async def test_it_runs_from_a_tree_that_it_cannot_write(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "bot", tree / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [tree, *tree.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        async with boot(tmp_path / "home", root=tree) as bot:
            assert (await bot.chat("hello"))["answered"]
        assert not list(tree.rglob("*.pyc"))
    finally:
        for path in [tree, *tree.rglob("*")]:
            path.chmod(0o755)


@pytest.mark.integration
async def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    async with boot(tmp_path / "home") as bot:
        argv = [sys.executable, "-m", "bot", "bot", "--home", str(tmp_path / "other"), "--port", str(bot.ready["port"])]
        pipe = asyncio.subprocess.PIPE
        second = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=pipe, stderr=pipe)
        out, err = await asyncio.wait_for(second.communicate(), 30)
        assert second.returncode == 3
        assert out == b""
        assert b"choose another with --port" in err
        assert b"Traceback" not in err


@pytest.mark.integration
async def test_a_token_that_discord_cannot_be_asked_about_leaves_the_endpoint_as_it_is(tmp_path: Path) -> None:
    told = {"DISCORD_BOT_TOKEN": "not-a-token", "DISCORD_API_BASE": "http://127.0.0.1:1/api"}
    async with boot(tmp_path / "home", **told) as bot:
        assert (await bot.chat("hello"))["answered"]
        found = await bot.get("/health")
        assert "discord" in found
        assert "not-a-token" not in json.dumps(found)
        code, err = await bot.end()
        assert code == 0
        assert "not-a-token" not in err


@pytest.mark.integration
async def test_settings_that_do_not_hold_are_told_before_anything_is_begun(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bot", "bot", "--home", str(tmp_path / "home")]
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": "mysql://root:s3cret-word@db/x"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=env, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (3, b"")
    assert b"DATABASE_URL" in err
    assert b"s3cret-word" not in err
    assert b"Traceback" not in err
