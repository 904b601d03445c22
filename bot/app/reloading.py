"""Reading new data without a new process: the deployer asks by a file and a signal, and `/health` answers."""

import asyncio
import os
import signal
from collections.abc import Mapping
from typing import Any

import structlog

from bot.adapters.localdeploy.process import deployer
from bot.app.bot_living import Living
from bot.app.data_files import wanted
from bot.core.errors import MegawattsError

log = structlog.get_logger()


class Reloading:
    """Heeds the deployer that started this process, and nobody else; a failure leaves everything as it was."""

    def __init__(self, living: Living) -> None:
        self._living = living
        self._asked, self._failed = "", ""
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether there is a deployer to listen to. Without one the signal ends the process, as it always did."""
        if deployer() is None:
            return False
        loop.add_signal_handler(signal.SIGHUP, self._begin)
        return True

    def state(self) -> Mapping[str, Any]:
        """What was asked for last, and why it was not done; empty: it was, or is being done."""
        return {"revision": self._asked, "failed": self._failed}

    async def reload(self) -> None:
        """Read what the deployer asks for: all of it is checked and opened first, then members are answered by it."""
        self._asked, self._failed = "", ""
        folder = deployer()
        if folder is None:
            return
        try:
            revision, data = await asyncio.to_thread(wanted, folder, os.getpid())
            self._asked = revision
            await self._living.move(revision, data)
        except (MegawattsError, OSError, ValueError) as error:
            self._failed = f"the data of {self._asked[:12] or 'what was asked for'} is not taken: {error}"
            log.warning("not reloaded", revision=self._asked, because=self._failed)
        else:
            log.info("reloaded", revision=revision)

    def _begin(self) -> None:
        task = asyncio.get_running_loop().create_task(self.reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
