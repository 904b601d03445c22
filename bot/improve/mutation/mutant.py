"""One small wrong version of a file."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Mutant:
    """Replaces the characters `start` to `end` of a file by `text`. Lines are 1-based, both ends included."""

    path: PurePosixPath
    start: int
    end: int
    text: str
    operator: str
    line: int
    end_line: int
    original: str
    symbol: str = ""
    """Dotted name of the enclosing function or method; empty at module level."""

    @property
    def id(self) -> str:
        """12 hex digits, independent of anything but the edit and where it is."""
        key = f"{self.path}\0{self.start}\0{self.end}\0{self.text}"
        return hashlib.sha256(key.encode()).hexdigest()[:12]

    def apply(self, source: str) -> str:
        """The file with the edit made."""
        return source[: self.start] + self.text + source[self.end :]

    def describe(self) -> str:
        """`path:line: before -> after (operator)`, on one line."""
        before, after = (" ".join(part.split())[:60] for part in (self.original, self.text))
        return f"{self.path}:{self.line}: {before or 'nothing'} -> {after or 'nothing'} ({self.operator})"
