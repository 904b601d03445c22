"""The proof that a proposal takes back one merge exactly, and nothing that came after it."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from bot.adapters.git import commits, trees
from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.errors import Denied
from bot.core.ids import Sha, Tree
from bot.core.verdict import Status, Verdict, worst

NAME = "inverse"
_SHOWN = 5

Listing = dict[PurePosixPath, tuple[str, str]]


def prove_inverse(
    repo: GitRepository, merged: Sha, revert_head: Sha, base: Sha, only: frozenset[PurePosixPath] = frozenset()
) -> Verdict:
    """PASS only if `revert_head`, made on `base`, is the exact inverse of the merge commit `merged`; with `only`, of
    what that merge did to these paths.

    Three things are shown: no path changes but those of the merge; each of those that nobody edited since is as it was
    before the merge; and the whole tree is the one that git itself makes of the revert, later edits kept.
    """
    before = repo.ref(f"{merged}^1")
    if before is None:
        return Verdict(NAME, Status.FAIL, f"{merged[:12]} has nothing before it that could come back")
    if not repo.is_ancestor(merged, base) or not repo.is_ancestor(base, revert_head):
        return Verdict(NAME, Status.FAIL, "the revert is not made on a base that holds the merge")
    if only:
        try:
            before = _partly(repo, merged, before, only)
        except Denied as error:
            return Verdict(NAME, Status.FAIL, str(error))
    touched = {path for change in repo.changes(before, merged) for path in change.paths}
    now, then = _listing(repo, base), _listing(repo, before)
    at_merge, after = _listing(repo, merged), _listing(repo, revert_head)
    return worst(
        NAME,
        (
            _nothing_else(now, after, touched),
            _as_before(then, after, {p for p in touched if now.get(p) == at_merge.get(p)}),
            _as_git(repo, merged, before, base, revert_head),
        ),
    )


def revert_tree(repo: GitRepository, merged: Sha, onto: Sha, only: frozenset[PurePosixPath] = frozenset()) -> Tree:
    """The tree of `git revert -m 1 merged` on a commit; with `only`, of these paths alone.

    Denied, naming the files, if later edits are in the way, or a path was not touched by the merge.
    """
    before = repo.ref(f"{merged}^1")
    if before is None:
        raise Denied(f"{merged[:12]} has nothing before it that could come back")
    if only:
        before = _partly(repo, merged, before, only)
    result = commits.merged_tree(repo.git, onto, before, base=merged)
    if result.tree is None:
        raise Denied(f"later edits touch what {merged[:12]} changed, a person must decide: {_some(result.conflicts)}")
    return result.tree


def _partly(repo: GitRepository, merged: Sha, before: Sha, only: frozenset[PurePosixPath]) -> Sha:
    """A commit that is the merge with only these paths as they were before it."""
    touched = {path for change in repo.changes(before, merged) for path in change.paths}
    if strange := only - touched:
        raise Denied(f"{merged[:12]} did not touch {_some(strange)}: name paths that it changed")
    files = {path: repo.read(before, path) for path in sorted(only)}
    return repo.commit(Patch(merged, files), f"{merged} without {_some(only)}", author="megawatts[bot]")


def _listing(repo: GitRepository, sha: Sha) -> Listing:
    return {entry.path: (entry.mode, entry.oid) for entry in trees.entries(repo.git, sha)}


def _nothing_else(now: Listing, after: Listing, touched: set[PurePosixPath]) -> Verdict:
    strange = {path for path in now.keys() | after.keys() if now.get(path) != after.get(path)} - touched
    if strange:
        return Verdict("only-its-paths", Status.FAIL, f"it changes what the merge did not touch: {_some(strange)}")
    return Verdict("only-its-paths", Status.PASS, f"no path changes but the {len(touched)} of the merge")


def _as_before(then: Listing, after: Listing, untouched: set[PurePosixPath]) -> Verdict:
    wrong = {path for path in untouched if then.get(path) != after.get(path)}
    if wrong:
        return Verdict("as-before", Status.FAIL, f"not as it was before the merge: {_some(wrong)}")
    return Verdict("as-before", Status.PASS, f"{len(untouched)} paths are as they were before the merge")


def _as_git(repo: GitRepository, merged: Sha, before: Sha, base: Sha, head: Sha) -> Verdict:
    result = commits.merged_tree(repo.git, base, before, base=merged)
    if result.tree is None:
        because = f"git cannot revert it cleanly: {_some(result.conflicts)}"
        return Verdict("as-git-reverts", Status.FAIL, because)
    if result.tree != repo.tree(head):
        return Verdict("as-git-reverts", Status.FAIL, "the tree is not the one that git's own revert makes")
    return Verdict("as-git-reverts", Status.PASS, "the tree is the one that git's own revert makes")


def _some(paths: Iterable[PurePosixPath | str]) -> str:
    names = sorted(str(path) for path in paths)
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
