"""Verdicts of stages, kept by content: the same referee over the same trees gives the same answer."""

import hashlib
import json
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate

KEPT = frozenset({Status.PASS, Status.FAIL})
"""Answers. ERROR, INCONCLUSIVE and PENDING may be other tomorrow, and are asked again."""
ENTRIES = 400
"""Most verdicts kept; the oldest go first."""


@cache
def referee() -> str:
    """Digest of this program's own source and of the versions of everything installed beside it."""
    digest = hashlib.sha256()
    root = Path(__file__).parent.parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    for folder in sys.path:
        digest.update("\0".join(sorted(p.name for p in Path(folder).glob("*.dist-info"))).encode())
    return digest.hexdigest()


@cache
def interpreter(python: Path) -> str:
    """Identity of an interpreter: where it is, what it really is, and which packages stand beside it."""
    try:
        found = python.resolve(strict=True)
        stat = found.stat()
    except OSError:
        return str(python)
    site = sorted(p.name for p in python.parent.parent.glob("lib/python3*/site-packages/*.dist-info"))
    return "\0".join((str(python), str(found), str(stat.st_mtime_ns), str(stat.st_size), *site))


@dataclass(frozen=True, slots=True)
class VerdictCache:
    """A folder of verdicts with the evidence that later stages read. A broken entry counts as absent."""

    folder: Path
    salt: str = field(default_factory=referee)
    anew: bool = False
    """A person asked for another look: what is kept is not read, and the new answer takes its place."""

    def key(self, gate: Gate, stage: str) -> str:
        """Identity of a question: referee, trees, claim, kind, origin, charter and interpreter."""
        parts = (
            stage,
            self.salt,
            gate.base.tree,
            gate.head.tree,
            gate.trial.tree,
            gate.claim.value,
            gate.kind.value,
            str(gate.by_engine),
            repr(gate.charter),
            interpreter(gate.head.python),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def get(self, key: str, into: Path) -> Verdict | None:
        """The kept verdict, its evidence copied to `into`; None if there is none, or another look was asked for."""
        if self.anew:
            return None
        entry = self.folder / key
        try:
            verdict = Verdict.from_dict(json.loads((entry / "verdict.json").read_text()))
            if _stale(verdict, (entry / "verdict.json").stat().st_mtime):
                shutil.rmtree(entry, ignore_errors=True)
                return None
            shutil.copytree(entry / "evidence", into, symlinks=True, dirs_exist_ok=True)
        except (OSError, ValueError, KeyError, TypeError, shutil.Error):
            shutil.rmtree(entry, ignore_errors=True)
            return None
        return verdict if verdict.status in KEPT else None

    def put(self, key: str, verdict: Verdict, evidence: Path) -> None:
        """Keep a PASS or a FAIL with its evidence, whole or not at all. A full disk only costs the cache."""
        if verdict.status not in KEPT:
            return
        with suppress(OSError, shutil.Error):
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = Path(mkdtemp(prefix=".draft-", dir=self.folder))
            try:
                shutil.copytree(evidence, draft / "evidence", symlinks=True)
                (draft / "verdict.json").write_text(json.dumps(verdict.to_dict()))
                if self.anew:
                    shutil.rmtree(self.folder / key, ignore_errors=True)
                draft.rename(self.folder / key)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            self._trim()

    def _trim(self) -> None:
        entries = sorted(self.folder.iterdir(), key=lambda entry: entry.stat().st_mtime)
        for entry in entries[:-ENTRIES]:
            shutil.rmtree(entry, ignore_errors=True)


def _stale(verdict: Verdict, made: float) -> bool:
    """Whether it rests on what the world knew, too long ago: the fact `fresh_seconds` says how long that counts."""
    counts = verdict.facts.get("fresh_seconds")
    return isinstance(counts, int | float) and not 0 <= time.time() - made <= counts
