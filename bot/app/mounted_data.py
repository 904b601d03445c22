"""Data that is mounted beside the code (docs/reload.md): looked at every few seconds, checked, laid out, read anew."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from bot.app.bot_living import Living
from bot.app.data_files import checked
from bot.core.errors import Misconfigured, Unavailable
from bot.policy.data_bundle import DOCUMENT, LONGEST, Bundle, DataRefused, mounted
from bot.policy.hot_path import FOLDER, FOLDERS

log = structlog.get_logger()
EVERY = 1.0
"""Seconds between two looks: one `stat` each."""
AGAIN = 30.0
"""Seconds until data that could not be read for want of something else is tried again."""
Told = Callable[[str, str], None]
"""(commit, because): data that is not read; both empty: nothing is refused."""
_Mark = tuple[int, int, int]


class Mounted:
    """Reads what the folder has for this process's own code; whatever does not hold leaves everything as it was.

    A kubelet changes the folder by moving one link, so the file is of one version however long it is read
    (kubernetes.io/docs/concepts/configuration/configmap, "Mounted ConfigMaps are updated automatically").
    """

    def __init__(self, living: Living, folder: Path, own: str, refused: Told) -> None:
        self._living, self._file, self._own, self._refused = living, folder / DOCUMENT, own, refused
        self._asked, self._failed = "", ""
        self._mark: _Mark | None = None
        self._laid: Path | None = None
        self._again = 0.0

    def state(self) -> Mapping[str, Any]:
        """What was there last, and why it is not read; empty: it is."""
        return {"revision": self._asked, "failed": self._failed}

    async def start(self) -> None:
        """Open the first house: on the mounted data, or else on the data of the own code.

        Raises as `Living.move` does for the own data: the data at fault is told only once the own has opened.
        """
        self._mark = self._marked()
        found = await self._look() if self._mark is not None else None
        if found is not None:
            await self._read(found)
        if self._living.tenant is None:
            await self._living.move(self._own)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look()

    async def close(self) -> None:
        """Take away what was laid out. Nothing reads it any more."""
        laid, self._laid = self._laid, None
        await asyncio.to_thread(_gone, laid)

    async def look(self) -> None:
        """Read what is there, if it changed, or if it is time to try again."""
        mark, now = self._marked(), asyncio.get_running_loop().time()
        if mark is None or (mark == self._mark and not (self._again and now >= self._again)):
            return
        self._mark, self._again = mark, 0.0
        found = await self._look()
        if found is not None and self._runs() != found.revision:
            await self._read(found)
        elif found is None and not self._failed and self._runs() != self._own:
            await self._back()

    def _runs(self) -> str:
        return self._living.tenant.revision if self._living.tenant is not None else ""

    def _marked(self) -> _Mark | None:
        """What changes when the file does; None while there is none: then it stays as it is."""
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    async def _look(self) -> Bundle | None:
        """The data that is there for this code. None: there is none, or (`_failed` says why) it is not to be read."""
        self._asked, self._failed = "", ""
        self._refused("", "")
        try:
            found = mounted(await asyncio.to_thread(_bytes, self._file), self._own)
        except DataRefused as error:
            self._tell("", error.because, f"the mounted data is not read: {error}")
            return None
        self._asked = found.revision if found is not None else ""
        return found

    async def _read(self, found: Bundle) -> None:
        tree: Path | None = None
        try:
            tree = await asyncio.to_thread(_laid_out, found)
            await self._living.move(found.revision, checked(tree))
        except (Unavailable, OSError) as error:
            self._again = asyncio.get_running_loop().time() + AGAIN
            self._not_read(found, "unavailable", error)
        except (Misconfigured, ValueError) as error:
            self._not_read(found, "data", error)
        else:
            log.info("reloaded", revision=found.revision)
            tree, self._laid = self._laid, tree
        await asyncio.to_thread(_gone, tree)

    async def _back(self) -> None:
        """Read the data of the own code again: that is what was promoted."""
        try:
            await self._living.move(self._own)
        except (Misconfigured, Unavailable, OSError, ValueError) as error:
            self._again = asyncio.get_running_loop().time() + AGAIN
            self._tell(self._own, "unavailable", f"the image's own data is not read: {error}")
            return
        log.info("reloaded", revision=self._own)
        await self.close()

    def _not_read(self, found: Bundle, because: str, error: Exception) -> None:
        self._tell(found.revision, because, f"the data of {found.revision[:12]} is not taken: {error}")

    def _tell(self, commit: str, because: str, failed: str) -> None:
        self._asked, self._failed = commit, failed
        self._refused(commit, because)
        log.warning("not reloaded", revision=commit, because=failed)


def _bytes(file: Path) -> bytes:
    """The document; one byte more than it may have is enough to refuse it."""
    try:
        with file.open("rb") as stream:
            return stream.read(2 * LONGEST + 1)
    except OSError as error:
        raise DataRefused("format", f"{file.name} cannot be read ({error.strerror})") from error


def _laid_out(found: Bundle) -> Path:
    """The files as they lie in a deployed tree, in a new folder of this process's own: plain files, no link."""
    tree = Path(tempfile.mkdtemp(prefix="megawatts-data-"))
    try:
        root = tree / FOLDER
        for name in FOLDERS:
            (root / name).mkdir(parents=True)
        for path, text in found.files.items():
            with os.fdopen(os.open(root / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text.encode("utf-8"))
    except BaseException:
        _gone(tree)
        raise
    return tree


def _gone(tree: Path | None) -> None:
    if tree is not None:
        shutil.rmtree(tree, ignore_errors=True)
