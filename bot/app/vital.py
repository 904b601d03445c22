"""How the bot process is: for members, for probes, for people."""

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.adapters.web.metrics import cpu_seconds, resident_bytes
from bot.app.bot_wiring import product_version
from bot.core.errors import MegawattsError

if TYPE_CHECKING:
    from bot.app.bot_house import BotHouse


class Vital:
    """Reads the state of the process; the house and Discord come after it was made."""

    def __init__(self, revision: str, started: float) -> None:
        """`started` on the clock of `time.monotonic`."""
        self._revision, self._started = revision, started
        self.house: BotHouse | None = None
        self.discord: Callable[[], Mapping[str, Any]] | None = None
        """How the connection to Discord is; None where there is none."""
        self.reload: Callable[[], Mapping[str, Any]] | None = None
        """What is to be read anew, and why it is not; None where nobody asks for that."""

    def runs(self, revision: str) -> None:
        """From now on the data of that commit answers."""
        self._revision = revision

    def status(self) -> Mapping[str, str]:
        """What a member may know."""
        minutes = int(time.monotonic() - self._started) // 60
        uptime = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
        told = {"version": product_version(), "revision": self._revision[:7], "up": uptime}
        if self.discord is not None and (problem := self.discord().get("problem")):
            told["discord"] = str(problem)
        return told

    def ready(self) -> bool:
        """Whether new messages are welcome."""
        return self.house is not None and self._records()["status"] == "pass"

    def health(self) -> Mapping[str, Any]:
        """Everything. `status` is `ok`, `stopped` (by people, the bot still answers) or `degraded`."""
        checks = [self._records(), self._switch()]
        stopped = checks[1]["because"] == _ENGAGED
        failed = any(check["status"] != "pass" for check in checks)
        found: dict[str, Any] = {
            "status": "degraded" if failed else "stopped" if stopped else "ok",
            "revision": self._revision,
            "version": product_version(),
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "memory_bytes": int(resident_bytes()),
            "cpu_seconds": round(cpu_seconds(), 2),
            "pid": os.getpid(),
            "checks": checks,
        }
        beside = {"discord": self.discord, "reload": self.reload}
        return found | {name: dict(state()) for name, state in beside.items() if state is not None}

    def _records(self) -> dict[str, str]:
        house = self.house
        return _check("records", lambda: house and house.records.get("health", "probe"))

    def _switch(self) -> dict[str, str]:
        house = self.house
        return _check("emergency_stop", lambda: house and house.switch.state())


_ENGAGED = "engaged by people"


def _check(name: str, probe: Callable[[], object]) -> dict[str, str]:
    try:
        found = probe()
    except MegawattsError as error:
        return {"name": name, "status": "fail", "because": type(error).__name__}
    engaged = name == "emergency_stop" and found is not None
    return {"name": name, "status": "pass", "because": _ENGAGED if engaged else "answers"}
