"""What a backup says of itself, in a file beside its parts; the digest of that is in its id."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from bot.core.backup import Receipt
from bot.core.errors import Denied

NAME = "manifest.json"
ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup, named as its source in the home folder."""

    name: str
    kind: str
    size: int
    sha256: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the copy was found to hold when it was made."""

    @property
    def file(self) -> str:
        """Its name in the backup's folder, which is flat."""
        return self.name.replace("/", "--")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All parts, and when and why they were copied."""

    at: datetime
    reason: str
    parts: tuple[Part, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over all that stands in it, 64 hex digits."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    @property
    def id(self) -> str:
        """When, in UTC, and the first 12 digits of the digest."""
        return f"{self.at:%Y%m%dT%H%M%SZ}-{self.digest[:12]}"

    def text(self) -> str:
        """As it stands in the file: the same for the same manifest."""
        row = {"at": self.at.isoformat(), "reason": self.reason, "parts": [asdict(part) for part in self.parts]}
        return json.dumps(row, sort_keys=True, indent=1)

    def receipt(self) -> Receipt:
        size = sum(part.size for part in self.parts)
        return Receipt(self.id, self.at, self.digest, tuple(p.name for p in self.parts), size, self.reason)


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Denied if there is none, it cannot be read, or it is not the one that the id names."""
    try:
        row = json.loads((folder / NAME).read_bytes())
        parts = tuple(_part(one) for one in row["parts"])
        found = Manifest(datetime.fromisoformat(row["at"]), str(row["reason"]), parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Denied(f"backup {folder.name} cannot be read: {error}") from error
    if found.id != folder.name:
        raise Denied(f"backup {folder.name} is not what was made: its manifest is that of {found.id}")
    return found


def _part(row: Mapping[str, object]) -> Part:
    """One part. A name that would lead out of the home folder is no name of ours."""
    facts = row["facts"]
    if not isinstance(facts, Mapping) or not isinstance(row["size"], int):
        raise TypeError("a part is not described as it should be")
    name = PurePosixPath(str(row["name"]))
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise ValueError(f"{str(name)[:80]!r} is not a place in a home folder")
    told = {str(key): str(value) for key, value in facts.items()}
    return Part(str(name), str(row["kind"]), row["size"], str(row["sha256"]), told)
