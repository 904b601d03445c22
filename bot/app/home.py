"""Where everything of one installation lives on disk."""

import os
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import Misconfigured

VARIABLE = "MEGAWATTS_HOME"
DEFAULT = ".megawatts"


@dataclass(frozen=True, slots=True)
class Home:
    """One folder for all state; every process of an installation is given the same."""

    path: Path

    @classmethod
    def find(cls, option: Path | None = None) -> "Home":
        """The option, else $MEGAWATTS_HOME, else `.megawatts` in the current folder."""
        named = option or Path(os.environ.get(VARIABLE) or DEFAULT)
        return cls(named.expanduser().absolute())

    def create(self) -> "Home":
        """Make the folders; readable by this user only, since logs and members' words come to lie here."""
        try:
            for folder in (self.path, self.cache, self.deploy):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"the home folder {self.path} cannot be made ({error.strerror})") from error
        return self

    def existing(self) -> "Home":
        """This home, or Misconfigured: an emergency command on the wrong folder must not seem to work."""
        if not self.path.is_dir():
            raise Misconfigured(f"there is no home folder {self.path}: name it with --home or {VARIABLE}")
        return self

    @property
    def forge(self) -> Path:
        """Folder of the embedded forge."""
        return self.path / "forge"

    @property
    def clone(self) -> Path:
        """The controller's own bare clone."""
        return self.path / "controller.git"

    @property
    def audit(self) -> Path:
        return self.path / "audit.jsonl"

    @property
    def witness(self) -> Path:
        """The newest entry of a shared audit log that this home has seen."""
        return self.path / "audit.witness"

    @property
    def records(self) -> Path:
        return self.path / "records.db"

    @property
    def switch(self) -> Path:
        """The emergency stop: there is one while this file exists."""
        return self.path / "stop.json"

    @property
    def cache(self) -> Path:
        """May be deleted at any time."""
        return self.path / "cache"

    @property
    def deploy(self) -> Path:
        """Worktrees and logs of what runs."""
        return self.path / "deploy"
