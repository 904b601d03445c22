"""What git says of commits, asked once: they do not change, and every look asks the same of every proposal."""

from functools import lru_cache
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.core.ids import Sha, Tree
from bot.core.ports import Repository

MOST = 1000
"""Answers of each kind that are kept; more than there are open proposals, or looking at all in turn would find none."""

FILES = 20
"""Contents that are kept: charter and list of people, of the base branch as it is and was."""


def changes(repo: Repository, base: Sha, head: Sha) -> tuple[FileChange, ...]:
    """`Repository.changes`. An error is no answer: it is asked again."""
    # A door is hashed by its identity, which its protocol does not say.
    return _changes(repo, base, head)  # type: ignore[arg-type]


def conflict(repo: Repository, ours: Sha, theirs: Sha) -> bool:
    """Whether the two cannot be merged without a person (`Repository.merged_tree`)."""
    return _merged(repo, ours, theirs) is None  # type: ignore[arg-type]  # as above


def read(repo: Repository, sha: Sha, path: PurePosixPath) -> bytes | None:
    """`Repository.read`, for small files that every look needs."""
    return _read(repo, sha, path)  # type: ignore[arg-type]  # as above


@lru_cache(maxsize=MOST)
def _changes(repo: Repository, base: Sha, head: Sha) -> tuple[FileChange, ...]:
    return tuple(repo.changes(base, head))


@lru_cache(maxsize=MOST)
def _merged(repo: Repository, ours: Sha, theirs: Sha) -> Tree | None:
    return repo.merged_tree(ours, theirs)


@lru_cache(maxsize=FILES)
def _read(repo: Repository, sha: Sha, path: PurePosixPath) -> bytes | None:
    return repo.read(sha, path)
