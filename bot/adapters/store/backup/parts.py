"""What a backup can hold, by kind: how each is copied, looked at again and put back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import Literal

from bot.adapters.store.backup import bundle, lines, postgres, sqlite
from bot.core.errors import Misconfigured

Kind = Literal["sqlite", "git", "log", "file", "postgres"]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to copy. `name` is its path in the home folder, and in the backup; `address` is a database's."""

    name: str
    kind: Kind
    path: Path = Path()
    address: str = field(default="", repr=False)

    def there(self) -> bool:
        """Whether there is anything to copy yet."""
        return bool(self.address) or self.path.exists()

    def copy(self, target: Path) -> Mapping[str, str]:
        """Copy and verify; returns what the copy was found to hold."""
        if self.kind == "postgres":
            return postgres.copy(self.address, target)
        return _COPIES[self.kind](self.path, target)


_COPIES: Mapping[Kind, Callable[[Path, Path], Mapping[str, str]]] = {
    "sqlite": sqlite.copy,
    "git": bundle.copy,
    "log": lines.copy_log,
    "file": lines.copy_file,
}
_CHECKS: Mapping[str, Callable[[Path, Mapping[str, str]], None]] = {
    "sqlite": sqlite.check,
    "git": bundle.check,
    "postgres": postgres.check,
}


def check(kind: str, copied: Path, wanted: Mapping[str, str]) -> None:
    """Open the copy again. Denied if it does not hold what it held. Files have nothing beside their digest."""
    look = _CHECKS.get(kind)
    if look is not None:
        look(copied, wanted)


def restore(kind: str, copied: Path, into: Path, wanted: Mapping[str, str], address: str) -> None:
    """Put one part where it was: into a place where nothing is yet, or an empty database."""
    if kind == "postgres":
        if not address:
            raise Misconfigured("the backup holds a database: set DATABASE_URL to an empty one to restore it into")
        postgres.restore(copied, address)
        return
    if into.exists():
        raise Misconfigured(f"{into} is there already, and nothing is restored over what is there")
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if kind == "git":
        bundle.restore(copied, into, wanted)
    else:
        copyfile(copied, into)
        into.chmod(0o600)
