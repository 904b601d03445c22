"""The demo's stage: a home folder, a forge made from this repository, the processes, the members."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.state import Board
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.records import SqliteRecords
from bot.app.analysis_template import text as analysis
from bot.app.bot_wiring import now
from bot.app.demo.members import Members
from bot.app.demo.model import Mark, Observed
from bot.app.demo.processes import Journal, Process
from bot.app.deploy_files import ANALYSIS
from bot.app.home import Home
from bot.app.wiring import OWN_PYTHON
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.policy import charter as charters

PACE: Mapping[str, Mapping[str, str | int]] = {
    "health": {"warm_up": "2s", "deadline": "300s", "interval": "1s"},
    "quotas": {"per_hour": 40, "per_day": 40, "min_between_deploys": "0s"},
    "quorum": {"open_for": "6s", "late_swing": "0s"},
}
"""What the demo's people change in the charter before they start: the same rules, in seconds instead of minutes."""
VOTERS = ("ada", "grace", "linus", "margaret", "alan")


@dataclass(slots=True)
class Scene:
    """Everything that a step of the play needs."""

    home: Home
    forge: LocalForge
    repo: GitRepository
    records: SqliteRecords
    journal: Journal
    observed: Observed
    deployer: Process
    controller: Process
    members: Members
    started: float = field(default_factory=time.monotonic)

    def t(self, moment: float | None = None) -> float:
        """Seconds since the demo began."""
        return (time.monotonic() if moment is None else moment) - self.started

    def mark(self, kind: str, label: str, moment: float | None = None) -> None:
        self.observed.marks.append(Mark(self.t(moment), kind, label))

    def ask_for(self, author: str, **more: str) -> None:
        """A person asks the engine for one idea of that author."""
        self.records.put("requests", f"{time.time():.6f}", {"author": author, **more})


def paced(text: str) -> str:
    """The charter with the demo's pace; comments and all else stay. Raises Misconfigured if it does not parse."""
    import tomlkit  # noqa: PLC0415  (only the demo edits a charter)

    document = tomlkit.parse(text)
    for name, values in PACE.items():
        document.setdefault(name, tomlkit.table()).update(values)
    changed = tomlkit.dumps(document)
    charters.parse(changed)
    return changed


@asynccontextmanager
async def scene(folder: Path, source: Path) -> AsyncIterator[Scene]:
    """Make the forge from `source`, start deployer, members and controller; end them all on the way out."""
    home = Home.find(folder).create()
    forge = await asyncio.to_thread(LocalForge.create, home.forge, source)
    repo = GitRepository(home.forge / "repo.git")
    await asyncio.to_thread(_pace, repo)
    records = SqliteRecords(home.records)
    _introduce(records)
    journal, observed = Journal(), Observed()
    logs = home.path / "logs"
    argv = ["--home", str(home.path)]
    deployer = Process("deployer", ["deployer", *argv, "--end-bots"], logs / "deployer.log", journal, OWN_PYTHON)
    controller = Process(
        "controller", ["controller", *argv, "--on-request"], logs / "controller.log", journal, OWN_PYTHON
    )
    members = Members()
    stage = Scene(home, forge, repo, records, journal, observed, deployer, controller, members)
    try:
        await deployer.start()
        first = await journal.wait("switched", within=120)
        stage.mark("deploy", f"start {first['sha'][:7]}", first["t"])
        members.begin(f"http://127.0.0.1:{Board(home.deploy).state().port}", stage.started)
        await controller.start()
        yield stage
    finally:
        await members.end()
        observed.seconds[:] = members.seconds()
        await controller.stop()
        await deployer.stop()
        records.close()


def _pace(repo: GitRepository) -> None:
    """A person's commit on the base branch: the demo's pace, and what is made from it."""
    main = repo.resolve("refs/heads/main")
    path = PurePosixPath(charters.PATH)
    text = repo.read(main, path)
    if text is None:
        raise Misconfigured(
            f"{charters.PATH} is missing in this repository: the demo runs on a clone of Megawatts itself"
        )
    changed = paced_files(text.decode())
    if changed[path] != text:
        sha = repo.commit(Patch(main, changed), "chore: decide in seconds, for a demonstration", author="A maintainer")
        repo.branch("main", sha, expecting=main)


def paced_files(text: str) -> dict[PurePosixPath, bytes]:
    """The charter with the demo's pace, and what is made from a charter."""
    changed = paced(text)
    made = analysis(charters.parse(changed).health)
    return {PurePosixPath(charters.PATH): changed.encode(), PurePosixPath(ANALYSIS): made.encode()}


def _introduce(records: SqliteRecords) -> None:
    """Members who have been here for a year: a vote counts only from those who did not come for it."""
    long_ago = (now() - timedelta(days=400)).isoformat()
    for name in VOTERS:
        row = {"id": name, "name": name.title(), "first_seen": long_ago, "roles": [], "account_created": long_ago}
        records.put("members", name, row)
