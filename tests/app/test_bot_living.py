"""Moving from one house to the next: all of the next is open first, or nothing has changed."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.localdeploy.process import MARK
from bot.app import bot_living
from bot.app.bot_living import Living
from bot.app.reloading import Reloading
from bot.app.settings import load
from bot.core.errors import Misconfigured, Unavailable

pytestmark = pytest.mark.integration  # they import the bot's whole house
SHA = "a" * 40


class Street:
    """Houses that note when they open and close; the test says which will not open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        self.broken, self.closing_fails, self.closed = "", "", asyncio.Event()
        monkeypatch.setattr(bot_living, "Keeping", lambda *_given: SimpleNamespace(run=asyncio.Event().wait))
        monkeypatch.setattr(bot_living, "scrubber", lambda _records: None)
        self.living = Living(load({}), self.opened, lambda tenant: self.log.append(f"moved {tenant.revision}"))

    @asynccontextmanager
    async def opened(self, revision: str, data: Path | None) -> AsyncIterator[Any]:
        if revision == self.broken:
            raise Misconfigured("joke.toml is not TOML")
        self.log.append(f"open {revision} {data}")
        flush = lambda: self.log.append(f"flush {revision}")  # noqa: E731
        service = SimpleNamespace(in_flight=0)
        memory = SimpleNamespace(flush=flush)
        yield SimpleNamespace(assembled=SimpleNamespace(service=service, memory=memory), records=None, book=None)
        self.log.append(f"close {revision}")
        self.closed.set()
        if revision == self.closing_fails:
            raise Unavailable("records")


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch) -> Street:
    return Street(monkeypatch)


async def test_the_next_is_open_and_has_members_before_the_last_closes(street: Street) -> None:
    await street.living.move("one")
    await street.living.move("two", Path("data"))
    assert street.log == ["open one None", "moved one", "open two data", "moved two", "flush one", "close one"]
    await street.living.leave()
    await street.living.leave()
    assert street.log[6:] == ["flush two", "close two"]


async def test_one_that_does_not_open_changes_nothing(street: Street) -> None:
    await street.living.move("one")
    street.broken = "two"
    with pytest.raises(Misconfigured):
        await street.living.move("two")
    assert street.living.tenant is not None
    assert street.living.tenant.revision == "one"
    assert street.log == ["open one None", "moved one"]
    await street.living.leave()


async def test_a_token_that_is_refused_meanwhile_is_no_fault_of_what_is_read(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.app import on_discord

    async def refused(*_given: Any) -> Any:
        raise Misconfigured("Discord refuses DISCORD_BOT_TOKEN")

    monkeypatch.setattr(on_discord.OnDiscord, "start", refused)
    settings = load({"DISCORD_BOT_TOKEN": "a.token.of-this-test"})
    monkeypatch.setattr(street.living, "settings", settings)
    with pytest.raises(Misconfigured):
        await street.living.move("one")
    assert street.living.tenant is None, "at the start it is a setting that is wrong"
    monkeypatch.setattr(street.living, "settings", load({}))
    await street.living.move("one")
    monkeypatch.setattr(street.living, "settings", settings)
    with pytest.raises(Unavailable, match="DISCORD_BOT_TOKEN"):
        await street.living.move("two")
    assert street.living.tenant is not None
    assert street.living.tenant.revision == "one"
    await street.living.leave()


async def test_a_last_one_that_does_not_close_well_takes_nothing_back(street: Street) -> None:
    await street.living.move("one")
    street.closing_fails = "one"
    await street.living.move("two")
    assert street.living.tenant is not None
    assert street.living.tenant.revision == "two"
    await street.living.leave()


async def test_who_is_leaving_moves_nowhere(street: Street) -> None:
    await street.living.move("one")
    await street.living.quiet()
    with pytest.raises(Unavailable, match="is ending"):
        await street.living.move("two")
    await street.living.leave()
    assert "open two None" not in street.log


def laid_out(folder: Path) -> None:
    chat = folder / "trees" / SHA / "bot" / "chat"
    for name in ("intents", "prompts", "texts"):
        (chat / name).mkdir(parents=True)
    for name in ("tuning.toml", "flags.toml"):
        (chat / name).write_text("")
    (folder / "reload").mkdir()
    (folder / "reload" / f"{os.getpid()}.json").write_text(json.dumps({"revision": SHA}))


async def test_the_deployers_signal_is_heeded(street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out(tmp_path)
    monkeypatch.setenv(MARK, str(tmp_path))
    await street.living.move("one")
    reloading, loop = Reloading(street.living), asyncio.get_running_loop()
    assert reloading.listen(loop)
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(30):
            await street.closed.wait()
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
    assert street.log[2:4] == [f"open {SHA} {tmp_path}/trees/{SHA}/bot/chat", f"moved {SHA}"]
    assert reloading.state() == {"revision": SHA, "failed": ""}
    await street.living.leave()


async def test_what_cannot_be_taken_is_told_and_changes_nothing(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(tmp_path)
    monkeypatch.setenv(MARK, str(tmp_path))
    await street.living.move("one")
    street.broken = SHA
    reloading = Reloading(street.living)
    await reloading.reload()
    assert reloading.state()["revision"] == SHA
    assert reloading.state()["failed"] == f"the data of {SHA[:12]} is not taken: joke.toml is not TOML"
    (tmp_path / "reload" / f"{os.getpid()}.json").unlink()
    await reloading.reload()
    assert "asks for nothing that can be read" in reloading.state()["failed"]
    assert reloading.state()["revision"] == "", "an answer is never to another question"
    assert street.log == ["open one None", "moved one"]
    await street.living.leave()


async def test_without_a_deployer_nobody_is_listened_to(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)
    before = signal.getsignal(signal.SIGHUP)
    assert not Reloading(street.living).listen(asyncio.get_running_loop())
    assert signal.getsignal(signal.SIGHUP) is before
