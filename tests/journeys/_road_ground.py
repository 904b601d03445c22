"""The ground of the stage: this repository's bot with a charter of its own, and a journal of what was told."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit

from bot.app.bot_wiring import now
from bot.policy.promotion import written
from tests.servers.argocd.controller import VALUES

ROOT = Path(__file__).parents[2]
TUNING = PurePosixPath("bot/chat/tuning.toml")
WARDS = """
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@ada"]

[[wards]]
patterns = ["/bot/chat/tuning.toml"]
tier = "critical"
owners = ["@ada"]
"""
PACE: Mapping[str, Mapping[str, str | int]] = {
    "health": {"warm_up": "5s", "deadline": "300s", "interval": "1s", "reverts_per_day": 20},
    "quotas": {"per_hour": 40, "per_day": 40, "min_between_deploys": "0s"},
}
"""The repository's own charter in seconds instead of minutes. Prometheus looks for new processes every five seconds."""
PATIENCE = 240.0
LISTED = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "bot")


def charter(*, short: bool = False, interval: int = 1) -> str:
    """The repository's own, with the stage's owner, its pace, one stage of the gate, and one file to tune.

    `short`: only what becomes of messages is watched; else all that the repository watches. `interval`: seconds between
    scrapes, and between looks.
    """
    document = tomlkit.parse((ROOT / ".github" / "charter.toml").read_text())
    for name, values in PACE.items():
        document[name].update(values)
    document["health"]["interval"] = f"{interval}s"
    document["maintainers"], document["stages"] = ["ada"], ["scope"]
    document["wards"] = tomlkit.parse(WARDS)["wards"]
    if short:
        document["health"]["rules"] = [document["health"]["rules"][0]]
    return tomlkit.dumps(document)


def product(folder: Path, *, short: bool = False, interval: int = 1) -> Path:
    """A bare repository with this repository's bot, whose first commit is promoted."""
    tree = folder / "tree"
    listed = subprocess.run(LISTED, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    (tree / ".github").mkdir()
    (tree / ".github" / "charter.toml").write_text(charter(short=short, interval=interval))
    (tree / VALUES).parent.mkdir(parents=True)
    (tree / VALUES).write_text((ROOT / VALUES).read_text())
    _git(tree, "init", "-q", "-b", "main")
    _git(tree, "add", "--force", ".")
    _git(tree, "commit", "-q", "-m", "begin")
    first = _git(tree, "rev-parse", "HEAD")
    (tree / VALUES).write_text(written((ROOT / VALUES).read_text(), f"sha256:{first}{'0' * 24}", first))
    _git(tree, "add", "--force", ".")
    _git(tree, "commit", "-q", "-m", "deploy")
    _git(folder, "clone", "-q", "--bare", str(tree), "product.git")
    return folder / "product.git"


def _git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Journal:
    """What the controller told, with the time of each: seconds of the loop's clock."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, event: str, facts: Mapping[str, object]) -> None:
        self.rows.append({**facts, "event": event, "t": asyncio.get_running_loop().time(), "at": now()})
        self._changed.set()

    def all(self, event: str, **facts: object) -> list[dict[str, Any]]:
        return [r for r in self.rows if r["event"] == event and all(r.get(k) == v for k, v in facts.items())]

    async def wait(self, event: str, *, since: float = 0.0, **facts: object) -> dict[str, Any]:
        """The first such row that came at or after `since`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self._changed.clear()
            found = next((row for row in self.all(event, **facts) if row["t"] >= since), None)
            if found is not None:
                return found
            told = [{k: str(v)[:150] for k, v in row.items()} for row in self.rows[-12:]]
            assert time.monotonic() < deadline, f"`{event}` {facts} was not told; last of all: {told}"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 1.0)
