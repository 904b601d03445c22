"""No sandbox at all: only for a person who said so."""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.adapters.sandbox.process import Launch, supervise
from bot.core.sandbox import Finished, Limits

log = logging.getLogger(__name__)


class Unconfined:
    """Runs programs with all rights of the caller. Time and output are bound; nothing else is held."""

    name = "unconfined"

    def __init__(self, reasons: Sequence[str] = ()) -> None:
        self.notes = ("untrusted code runs with all of your own rights: files, network, processes", *reasons)
        log.warning("no sandbox: %s", "; ".join(self.notes))

    async def run(
        self,
        argv: Sequence[str],
        *,
        root: Path,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        """Run argv in `root` with a small environment; `writable` and `readable` mean nothing here."""
        del writable, readable
        log.warning("no sandbox around %s", argv[0])
        basic = {"PATH": "/usr/bin:/bin", "HOME": tempfile.gettempdir(), "LANG": "C.UTF-8"}
        launch = Launch(argv, basic | dict(env or {}), root, stdin)
        return await supervise(launch, limits or Limits())
