"""An append-only log in which every entry carries the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.verdict import Status, Verdict

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who did what to what, and why. `digest` covers every other field and the entry before."""

    number: int
    at: datetime
    actor: str
    act: str
    subject: str
    reason: str
    facts: Mapping[str, str] = field(default_factory=dict)
    previous: str = GENESIS
    digest: str = ""

    def compute(self) -> str:
        """SHA-256 over a canonical JSON array of all fields but the digest."""
        fields = [self.number, self.at.isoformat(), self.actor, self.act, self.subject, self.reason]
        text = json.dumps([*fields, dict(self.facts), self.previous], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(entries: Iterable[Entry]) -> Verdict:
    """PASS if every link holds; FAIL names the first that does not. An empty log is whole."""
    previous, count = GENESIS, 0
    for count, entry in enumerate(entries, start=1):
        if entry.number != count:
            return Verdict("audit", Status.FAIL, f"entry {count} is numbered {entry.number}: one is missing or added")
        if entry.previous != previous:
            return Verdict("audit", Status.FAIL, f"entry {count} does not follow the one before it")
        if entry.digest != entry.compute():
            return Verdict("audit", Status.FAIL, f"entry {count} was changed after it was written")
        previous = entry.digest
    return Verdict("audit", Status.PASS, f"{count} entries, chain whole", facts={"entries": count, "head": previous})
