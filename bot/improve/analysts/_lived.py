"""What a running bot noted of itself, brought to the tree that is looked at: only of code that is still the same."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from bot.core.errors import MegawattsError
from bot.core.ids import Sha
from bot.core.ports import Clock, Repository
from bot.improve.analysts._trees import Defined, functions
from bot.improve.authors._apart import product_files, read
from bot.improve.doors import Profile, Workspace
from bot.policy import symptoms
from bot.policy.symptoms import Sort, Symptom

Rows = Callable[[], Iterable[tuple[str, Mapping[str, Any]]]]


def noon() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Lived:
    """The rows of the bot's processes, and the repository in which their revisions are looked up."""

    rows: Rows
    repo: Repository
    clock: Clock = noon

    def today(self) -> date:
        """The day by which counts fade."""
        return self.clock().date()

    def of(self, sort: Sort) -> tuple[Symptom, ...]:
        """Every symptom of a sort that still counts. Rows of another shape are nobody's evidence."""
        found = (symptoms.read(row) for _key, row in self.rows())
        return tuple(one for one in found if one and one.sort == sort and symptoms.weight(one.day, self.today()) > 0)

    def faded(self, some: Iterable[Symptom]) -> Mapping[str, float]:
        """Counts by their own names, summed over days and processes."""
        total: Counter[str] = Counter()
        for one in some:
            share = symptoms.weight(one.day, self.today())
            for name, count in one.counts.items():
                total[name] += count * share  # type: ignore[assignment]  # a Counter adds any number
        return total

    def before(self, revision: str, path: PurePosixPath) -> str | None:
        """A file as it was at a revision; None where that is not known, or it is no text."""
        try:
            found = self.repo.read(Sha(revision), path)
            return None if found is None else found.decode()
        except (MegawattsError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Code:
    """The product's files at the tree that is looked at, parsed as they are asked for."""

    work: Workspace
    paths: frozenset[PurePosixPath]

    @classmethod
    def of(cls, work: Workspace, profile: Profile) -> "Code":
        return cls(work, frozenset(product_files(work, profile)))

    def text(self, path: PurePosixPath) -> str | None:
        """A file of the product; None for every other path, however it is written."""
        try:
            return read(self.work, path) if path in self.paths else None
        except (OSError, ValueError):
            return None

    def holding(self, words: Iterable[str]) -> Iterator[tuple[PurePosixPath, str]]:
        """Files that hold all of the words."""
        wanted = tuple(words)
        for path in sorted(self.paths):
            text = self.text(path)
            if text is not None and all(word in text for word in wanted):
                yield path, text


def parsed(text: str | None) -> ast.Module | None:
    """The tree of a text; None if it does not parse."""
    try:
        return ast.parse(text) if text is not None else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def function(text: str | None, name: str) -> Defined | None:
    """The function of that dotted name."""
    tree = parsed(text)
    return next((one for one in functions(tree) if one.name == name), None) if tree is not None else None


def same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether two pieces say the same, wherever they stand and however they are laid out."""
    return one is not None and other is not None and ast.dump(one) == ast.dump(other)
