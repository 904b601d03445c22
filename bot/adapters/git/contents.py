"""What heads bring to the base branch, read from git once."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.adapters.git.repository import GitRepository
from bot.core.errors import Denied
from bot.core.ids import Sha, Tree

_KEPT = 4000


@dataclass(frozen=True, slots=True)
class Content:
    """What a head brings, seen from the base branch. It depends on the two commits alone, so it is kept."""

    base: Sha
    tree: Tree
    paths: frozenset[PurePosixPath]


class Contents:
    """Remembers what was read from git: a look at twenty proposals that did not move costs no git command each."""

    def __init__(self, repo: GitRepository) -> None:
        self._repo = repo
        self._known: dict[tuple[Sha, Sha], Content] = {}

    def of(self, main: Sha, head: Sha) -> Content:
        """What `head` brings to `main`."""
        key = (main, head)
        if key not in self._known:
            if len(self._known) > _KEPT:
                self._known.clear()
            self._known[key] = self._read(main, head)
        return self._known[key]

    def _read(self, main: Sha, head: Sha) -> Content:
        try:
            base = self._repo.merge_base(main, head)
        except Denied:  # pushed over with a history that is not ours: everything in it counts as changed
            base = main
        paths = frozenset(path for change in self._repo.changes(base, head) for path in change.paths)
        return Content(base, self._repo.tree(head), paths)
