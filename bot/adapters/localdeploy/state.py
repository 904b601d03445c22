"""What the deployer writes for others to read, and what others ask of it: small files, replaced atomically."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.files import replace
from bot.core.errors import Misconfigured
from bot.core.ids import Sha


@dataclass(frozen=True, slots=True)
class Instance:
    """One running bot process. `since` is the POSIX time at which what it runs took traffic."""

    sha: Sha
    pid: int
    port: int
    since: float
    code: Sha | None = None
    """The commit that it was started from, where only data was read anew since; None: `sha`."""

    @property
    def started(self) -> Sha:
        """The commit whose code it runs."""
        return self.code or self.sha


@dataclass(frozen=True, slots=True)
class State:
    """What runs on this machine."""

    current: Instance | None = None
    previous: Instance | None = None
    port: int = 0
    """The stable address that members speak to."""
    split: bool = False
    """Whether members are shared between current and previous while the new one is watched."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Commits that could not be started, with the reason."""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What others ask of the deployer."""

    hold: str = ""
    """Why nothing new is deployed; empty: deploy."""
    promote: str = ""
    """The commit that may take all traffic."""
    roll_back: str = ""
    """The commit to run whatever the base branch says."""
    reason: str = ""


_ANEW = "delete it, the deployer makes it anew"


def _load(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path.name} cannot be read ({error}); {_ANEW}") from error
    if not isinstance(found, dict):
        raise Misconfigured(f"{path.name} is not a JSON object; {_ANEW}")
    return found


def _instance(row: Mapping[str, Any] | None) -> Instance | None:
    if not row:
        return None
    code = Sha(str(row["code"])) if row.get("code") else None
    return Instance(Sha(str(row["sha"])), int(row["pid"]), int(row["port"]), float(row["since"]), code)


class Board:
    """The folder with `state.json` (written by the deployer) and `wishes.json` (written by others)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state = folder / "state.json"
        self._wishes = folder / "wishes.json"

    def state(self) -> State:
        """What runs. A missing file is an empty state; a broken one raises Misconfigured."""
        row = _load(self._state)
        try:
            return State(
                current=_instance(row.get("current")),
                previous=_instance(row.get("previous")),
                port=int(row.get("port", 0)),
                split=bool(row.get("split", False)),
                failed={str(sha): str(why) for sha, why in dict(row.get("failed", {})).items()},
                restarts=int(row.get("restarts", 0)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Misconfigured(f"{self._state.name} does not say what runs ({error!r}); {_ANEW}") from error

    def publish(self, state: State) -> None:
        replace(self._state, json.dumps({**asdict(state), "failed": dict(state.failed)}).encode())

    def wishes(self) -> Wishes:
        row = _load(self._wishes)
        return Wishes(**{name: str(row.get(name, "")) for name in ("hold", "promote", "roll_back", "reason")})

    def ask(self, wishes: Wishes) -> None:
        replace(self._wishes, json.dumps(asdict(wishes)).encode())
