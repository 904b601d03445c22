"""This process's lease on its ring, and what it knows of the others': renewed in the store that all of them share."""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from bot.adapters.localdeploy.process import deployer
from bot.adapters.localdeploy.ring import ring_here
from bot.app.settings import Settings
from bot.app.stores import database_url
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.ports import Records
from bot.policy.rings import LEASE, RENEW, SWEPT, Lease, Ring, Seen, Turn, lease_of, look, ring_in, row_of, turn, view

log = structlog.get_logger()
TABLE = "discord_rings"
_RINGS: tuple[Ring, ...] = ("stable", "beta")


class Rings:
    """Begun before the connection, closed behind it. While the store is away nobody else is known, and what was known
    lapses."""

    def __init__(
        self, records: Records, read: Callable[[], Ring], revision: str, timer: Callable[[], float], exclusive: float
    ) -> None:
        """`read` tells the ring of this process as it is now; `timer` gives seconds that never run backwards;
        `exclusive`: seconds that a beta process answers servers that opted in only."""
        self._records, self._read, self._revision = records, read, revision
        self._timer, self._exclusive = timer, exclusive
        self._name, self._beat = secrets.token_hex(8), 0
        self.ring: Ring = "stable"
        self._since = timer()
        self._others: dict[str, Seen] = {}
        self._left, self._writing = False, threading.Lock()
        self.leads = asyncio.Event()
        """Set once this process is a stable one: it then speaks of its own accord, and tells Discord the commands."""

    def turn(self, *, opted: bool) -> Turn:
        """When an event is claimed that comes now."""
        now = self._timer()
        return turn(view(self._lease(now), self._others, now, self._exclusive), opted=opted)

    def state(self) -> Mapping[str, Any]:
        """For health and status: the ring, and how many processes of each ring live."""
        now = self._timer()
        live = [seen.lease.ring for seen in self._others.values() if now - seen.at < LEASE] + [self.ring]
        return {"ring": self.ring, **{ring: live.count(ring) for ring in _RINGS}}

    async def round(self) -> None:
        """Say that this process lives, and see who else does. A store that is away is tried again by the next."""
        self._become(await asyncio.to_thread(self._read))
        self._beat += 1
        try:
            found = await asyncio.to_thread(self._exchange, self._lease(self._timer()))
        except MegawattsError as error:
            log.warning("lease not renewed", error=type(error).__name__)
            return
        now = self._timer()
        self._others = look(self._others, found, now)
        await self._sweep([name for name, seen in self._others.items() if now - seen.at > SWEPT])

    async def run(self) -> None:
        """Round after round, until cancelled."""
        while True:
            await asyncio.sleep(RENEW)
            await self.round()

    async def close(self) -> None:
        """Withdraw the lease, so that the others need not wait until it lapses."""
        try:
            await asyncio.to_thread(self._withdraw)
        except MegawattsError as error:
            log.warning("lease not withdrawn", error=type(error).__name__)

    def _exchange(self, own: Lease) -> dict[str, Lease]:
        with self._writing:
            if not self._left:
                self._records.put(TABLE, self._name, row_of(own))
        rows = self._records.scan(TABLE)
        return {name: lease for name, row in rows if name != self._name and (lease := lease_of(row)) is not None}

    def _withdraw(self) -> None:
        with self._writing:  # a renewal under way must not bring it back
            self._left = True
            self._records.delete(TABLE, self._name)

    def _become(self, ring: Ring) -> None:
        if ring != self.ring:
            self.ring, self._since = ring, self._timer()
            log.info("ring", ring=ring)
        if ring == "stable":
            self.leads.set()
        else:
            self.leads.clear()

    def _lease(self, now: float) -> Lease:
        return Lease(self.ring, self._revision, self._beat, now - self._since)

    async def _sweep(self, names: list[str]) -> None:
        for name in names:
            try:
                await asyncio.to_thread(self._records.delete, TABLE, name)
            except MegawattsError:
                return


async def open_rings(settings: Settings, records: Records, revision: str) -> Rings | None:
    """The rings, with the first lease taken; None where DISCORD_RING is not set. Raises Misconfigured."""
    if not settings.discord_ring.strip():
        return None
    read = _reader(settings)
    rings = Rings(records, read, revision, asyncio.get_running_loop().time, settings.discord_beta_minutes * 60)
    await rings.round()
    return rings


def _reader(settings: Settings) -> Callable[[], Ring]:
    """Tells the ring, from the setting or, each time anew, from its file. Raises Misconfigured."""
    said = settings.discord_ring.strip()
    if said == "deployer":
        return _by_the_deployer()
    if not database_url(settings):
        raise Misconfigured(
            "DISCORD_RING is set and there is no database that both versions share: set DATABASE_URL or POSTGRES_HOST, "
            "or unset DISCORD_RING"
        )
    if said in _RINGS:
        return lambda: ring_in(said)
    path = Path(said)
    if not path.is_absolute() or not path.is_file():
        raise Misconfigured(
            "DISCORD_RING should be stable, beta, deployer, or the absolute path of a file that says stable or beta"
        )
    return lambda: _in_file(path)


def _by_the_deployer() -> Callable[[], Ring]:
    """The deployer of one machine starts its bots in one home: they share its records without a database."""
    folder = deployer()
    if folder is None or not folder.is_dir():
        raise Misconfigured("DISCORD_RING is deployer, and `megawatts deployer` did not start this bot: unset it")

    def read() -> Ring:
        try:
            return ring_here(folder, os.getpid())
        except Misconfigured as error:
            log.warning("ring not read", because=str(error))
            return "stable"

    return read


def _in_file(path: Path) -> Ring:
    try:
        return ring_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        log.warning("ring not read", error=type(error).__name__)
        return "stable"
