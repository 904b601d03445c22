"""What every part of the forge shares: the repository, the database, the lock, the clock and who acts."""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.files import locked
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.ledger import Ledger, event
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import PullNumber, Sha
from bot.core.ports import Clock

ENGINE = "megawatts[bot]"
"""The login of the engine. What is opened under another is a person's, whatever it claims."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One forge folder, seen by one actor."""

    folder: Path
    repo: GitRepository
    ledger: Ledger
    actor: str
    clock: Clock

    @classmethod
    def at(cls, folder: Path, actor: str, clock: Clock) -> "Desk":
        """The forge in this folder. Misconfigured if there is none, or it is damaged."""
        ledger = Ledger(folder / "forge.db")
        ledger.check()
        return cls(folder, GitRepository(folder / "repo.git"), ledger, actor, clock)

    @property
    def base_ref(self) -> str:
        """Full name of the base branch."""
        return f"refs/heads/{self.ledger.meta('base_branch', 'main')}"

    def main(self) -> Sha:
        """Where the base branch is."""
        sha = self.repo.ref(self.base_ref)
        if sha is None:
            raise Misconfigured(f"{self.repo.path} has lost {self.base_ref}: point it at the last good commit")
        return sha

    def locked(self) -> AbstractContextManager[None]:
        """Alone among all processes: for what changes git and the database together."""
        return locked(self.folder / "lock")

    def now(self) -> str:
        return self.clock().astimezone(UTC).isoformat()

    def pull(self, number: int) -> dict[str, Any]:
        """The row of a pull request. Denied if there is none of that number."""
        rows = self.ledger.rows("SELECT * FROM pulls WHERE number = ?", number)
        if not rows:
            raise Denied(f"there is no pull request #{number}")
        return rows[0]

    def head(self, row: dict[str, Any]) -> Sha:
        """The head: the branch while it is open, what it was at the end after that."""
        live = self.repo.ref(f"refs/heads/{row['branch']}") if row["state"] == "open" else None
        return live or Sha(str(row["head"]))

    def log(self, db: sqlite3.Connection, what: str, pull: int | None, detail: str = "") -> None:
        """Add to the history, as this actor, now."""
        event(db, self.now(), self.actor, what, pull=pull, detail=detail)

    def keep(self, number: int, sha: Sha) -> None:
        """Hold a head for good, whatever becomes of its branch."""
        ref = f"refs/pull/{number}/head"
        self.repo.move(ref, sha, expecting=self.repo.ref(ref))


def number(value: int) -> PullNumber:
    return PullNumber(int(value))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
