"""Asks a bot that runs already to read the data of another commit, instead of starting a new one."""

import asyncio
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp

from bot.adapters import files
from bot.adapters.localdeploy.process import answers, marked
from bot.adapters.localdeploy.state import Instance
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.verdict import Status, Verdict
from bot.policy.hot_path import data_only

REQUESTS = "reload"
"""Folder in which each bot finds what it is asked, in a file named after its process (see `bot.app.data_files`)."""


def may_reload(repo: Repository, bot: Instance, sha: Sha) -> Verdict:
    """Whether that commit differs by data alone from the code that the bot runs. What cannot be compared may not."""

    def size(path: PurePosixPath) -> int:
        return len(repo.read(sha, path) or b"")

    try:
        return data_only(repo.changes(bot.started, sha), size)
    except MegawattsError as error:
        return Verdict("hot path", Status.INCONCLUSIVE, str(error))


async def reload(folder: Path, bot: Instance, sha: Sha, within: float) -> Instance:
    """Have the bot read the data of that commit from its tree, and wait until it answers by it.

    Denied if it will not take it or does not know how: it goes on as it was. Unavailable if it does not say in time.
    """
    if bot.pid not in marked(folder):
        raise Denied("the warm bot is gone")
    if await _said(bot) is None:
        raise Denied("the warm bot cannot read data anew")
    request = folder / REQUESTS / f"{bot.pid}.json"
    files.replace(request, json.dumps({"revision": sha}).encode())
    try:
        os.kill(bot.pid, signal.SIGHUP)
        return await _waited(bot, sha, within)
    finally:
        request.unlink(missing_ok=True)


async def _waited(bot: Instance, sha: Sha, within: float) -> Instance:
    fresh = replace(bot, sha=sha, since=time.time(), code=bot.started)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        said = await _said(bot)
        if said is not None and said.get("revision") == sha and said.get("failed"):
            raise Denied(str(said["failed"])[:600])
        if await answers(fresh):
            return fresh
        await asyncio.sleep(0.05)
    raise Unavailable("the warm bot", "it did not read the data in time")


async def _said(bot: Instance) -> dict[str, Any] | None:
    """What the bot says of reading data anew; None if it does not answer or knows nothing of it."""
    try:
        timeout = aiohttp.ClientTimeout(total=3.0)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://127.0.0.1:{bot.port}/health") as answer,
        ):
            said = (await answer.json()).get("reload")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError):
        return None
    return said if isinstance(said, dict) else None
