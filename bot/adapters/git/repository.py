"""One repository behind the house's door: content by commit, in and out, without touching what people work in."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from git.cmd import Git

from bot.adapters.git import commits, differences, trees
from bot.adapters.git.names import SHA, check_branch, check_revision
from bot.adapters.git.plumbing import IDENTITY, Plumbing, environment, finish
from bot.adapters.git.shelf import Shelf
from bot.core.change import FileChange, Patch
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha, Tree
from bot.core.text import plain

NOBODY = "0" * 40
_INIT = ("git", "init", "-q", "--bare", "--template=", "--initial-branch=main", "--", ".")
NOTES = "megawatts"
_NOTE_TRIES = 5
_LOOSE = ("refs/heads/", "refs/pull/")


class GitRepository:
    """`core.ports.Repository` over git: bare, ordinary and linked work trees alike.

    Writes objects, and refs that the caller names; never the work tree, the index, HEAD, the checked-out branch or
    the configuration. Raises Misconfigured if the path is not a repository's root or it has no commits.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        git_dir, self.bare = _discover(self.path)
        self.git = Plumbing(git_dir)
        shared = git_dir / "commondir"
        self._common = git_dir / shared.read_text().strip() if shared.is_file() else git_dir

    @classmethod
    def begin(cls, into: Path) -> "GitRepository":
        """An empty bare repository; the one that is there already, if there is one."""
        if not (into / "HEAD").exists():
            _made(into)
        return cls(into)

    @classmethod
    def mirror(cls, source: str | Path, into: Path) -> "GitRepository":
        """A bare clone of the source's HEAD, branches and tags. May be repeated: then it fetches what is new."""
        clone = cls.begin(into)
        clone.fetch(source, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/megawatts/source")
        return clone

    def fetch(self, source: str | Path, *refspecs: str, strict: bool = False) -> None:
        """Get objects and refs of another repository; `strict` refuses objects that are not well formed.

        Raises Denied for such objects, Misconfigured if the source is no repository, else Unavailable.
        """
        address = str(source) if "://" in str(source) else str(Path(source).absolute())
        if address.startswith("-"):
            raise Denied(f"{address!r} is not an address of a repository")
        flags = ("-q", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force", "--update-head-ok")
        allowed = ("protocol.file.allow=always", "protocol.https.allow=always", f"fetch.fsckObjects={strict}".lower())
        argv = ("fetch", *flags, "--update-shallow", "--", address, *refspecs)
        result = self.git.run(*argv, config=allowed, codes=(0, 1, 128))
        if result.code:
            raise _refused_fetch(address, result.err)

    def resolve(self, rev: str) -> Sha:
        """The commit that a revision names."""
        check_revision(rev)
        result = self.git.run("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}", codes=(0, 1, 128))
        if result.code == 0 and SHA.fullmatch(result.line):
            return Sha(result.line)
        if self.git.run("rev-list", "--all", "-n", "1").out or rev != "HEAD":
            raise Misconfigured(
                f"{rev!r} names no commit in {self.path}: give a branch, a tag or a commit id that it has"
            )
        raise Misconfigured(f"{self.path} has no commits: commit something first")

    def has(self, sha: Sha) -> bool:
        """Whether the commit is here."""
        return self.git.run("cat-file", "-e", f"{_known(sha)}^{{commit}}", codes=(0, 1, 128)).code == 0

    def tree(self, sha: Sha) -> Tree:
        result = self.git.run("rev-parse", "--verify", "--quiet", f"{_known(sha)}^{{tree}}", codes=(0, 1, 128))
        if result.code:
            raise Misconfigured(f"{sha} names no commit in {self.path}")
        return Tree(result.line)

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The best common ancestor. Denied if the two share no history."""
        result = self.git.run("merge-base", _known(one), _known(other), codes=(0, 1))
        if result.code:
            raise Denied(f"{one[:12]} and {other[:12]} share no history")
        return Sha(result.line)

    def is_ancestor(self, old: Sha, new: Sha) -> bool:
        return self.git.run("merge-base", "--is-ancestor", _known(old), _known(new), codes=(0, 1)).code == 0

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        """The content of a file, the target of a link, or None where the commit has neither."""
        return trees.read(self.git, _known(sha), path)

    def files(self, sha: Sha) -> Mapping[PurePosixPath, str]:
        """The blob id of every file and link of the commit, by path. Submodules are left out."""
        return {e.path: e.oid for e in trees.entries(self.git, _known(sha)) if e.kind == "blob"}

    def changes(self, base: Sha, head: Sha) -> tuple[FileChange, ...]:
        """What differs between two commits, renames found, in git's order."""
        return differences.changes(self.git, _known(base), _known(head))

    def diff(self, base: Sha, head: Sha) -> str:
        """A unified diff for people and stages; bytes that are not UTF-8 are shown as replacement characters."""
        return differences.diff(self.git, _known(base), _known(head))

    def materialise(self, sha: Sha, into: Path, shelf: Path | None = None) -> None:
        """Write the commit's exact tree into an empty or new folder. Denied for a path that plays tricks.

        With a `shelf`, a folder of file contents, files are hard links to what is on it: such a tree is for readers,
        and who changes a file replaces it.
        """
        trees.materialise(self.git, _known(sha), into, Shelf(shelf) if shelf else None)

    def commit(self, patch: Patch, message: str, *, author: str) -> Sha:
        """A commit on the patch's base with exactly its files; no ref moves. Denied if nothing would change."""
        _known(patch.base)
        tree = trees.write(self.git, patch)
        if tree == self.tree(patch.base):
            raise Denied("the patch changes nothing")
        return commits.commit_tree(self.git, tree, (patch.base,), message, author=author)

    def branch(self, name: str, sha: Sha, *, expecting: Sha | None = None) -> None:
        """Point a branch at a commit if it is where the caller thinks it is; None: it must be new. May be repeated."""
        check_branch(name)
        if name in self._checked_out():
            raise Denied(f"{name} is checked out in {self.path}: it is never moved")
        self.move(f"refs/heads/{name}", sha, expecting=expecting)

    def move(self, ref: str, sha: Sha, *, expecting: Sha | None) -> None:
        """Compare and swap one ref. Denied if it is not where the caller thinks; nothing happens if it is there."""
        result = self.git.run("update-ref", ref, _known(sha), expecting or NOBODY, codes=(0, 1, 128))
        if not result.code:
            return
        there = self.ref(ref)
        if there == expecting:  # it was where it should be: a left-over lock file, a full disk
            raise Unavailable("git", f"{ref} cannot be moved in {self.path}: {result.err.strip()[:300]}")
        if there != sha:
            raise Denied(f"{ref} is at {there or 'nothing'}, not at {expecting or 'nothing'}")

    def ref(self, ref: str) -> Sha | None:
        """The commit that a full ref name points at, or None."""
        if ref.startswith(_LOOSE):
            # Read as git keeps it, since a look at twenty proposals asks for twenty refs; else git is asked.
            with suppress(OSError, UnicodeDecodeError):
                text = (self._common / ref).read_text(encoding="ascii").strip()
                if SHA.fullmatch(text):
                    return Sha(text)
        result = self.git.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", codes=(0, 1, 128))
        return Sha(result.line) if result.code == 0 else None

    def note(self, sha: Sha, text: str) -> None:
        """Attach evidence to a commit, in `refs/notes/megawatts`; a later note replaces the earlier."""
        argv = ("notes", f"--ref={NOTES}", "add", "-f", "-F", "-", _known(sha))
        for _attempt in range(_NOTE_TRIES):
            result = self.git.run(*argv, stdin=plain(text).encode() + b"\n", env=IDENTITY, codes=(0, 1, 128))
            if result.code == 0:
                return
        raise Unavailable("git", f"no note could be added to {sha[:12]}: {result.err.strip()[:200]}")

    def merged_tree(self, ours: Sha, theirs: Sha) -> Tree | None:
        """The tree of a merge of the two, or None if they conflict."""
        return commits.merged_tree(self.git, _known(ours), _known(theirs)).tree

    def patch_id(self, base: Sha, head: Sha) -> str:
        """Git's stable patch id: the same for the same edit made elsewhere. Empty for no change."""
        return differences.patch_id(self.git, _known(base), _known(head))

    def _checked_out(self) -> frozenset[str]:
        if self.bare and not (self._common / "worktrees").is_dir():
            return frozenset()
        # Every command runs as on a bare repository; here that would hide the main work tree.
        config = () if self.bare else ("core.bare=false",)
        listing = self.git.run("worktree", "list", "--porcelain", "-z", config=config).out.decode("utf-8", "replace")
        prefix = "branch refs/heads/"
        names = {line.removeprefix(prefix) for line in listing.split("\0") if line.startswith(prefix)}
        return frozenset(names)


def _known(sha: Sha) -> Sha:
    if not SHA.fullmatch(sha):
        raise Misconfigured(f"{sha[:80]!r} is not a full commit id of 40 hex digits")
    return sha


def _discover(path: Path) -> tuple[Path, bool]:
    """The git directory of the repository whose root this path is, and whether it is bare."""
    if not path.is_dir():
        raise Misconfigured(f"{path} is not a folder: give the root of a git repository")
    git = Git(str(path))
    words = [*environment(), "git", "rev-parse", "--absolute-git-dir", "--is-bare-repository", "--show-prefix"]
    result = finish(git, words)
    if result.code:
        raise Misconfigured(f"{path} is not a git repository: run `git init` and commit there, or give another path")
    git_dir, bare, prefix, *_ = [*result.out.decode("utf-8", "surrogateescape").split("\n"), "", ""]
    if prefix:
        raise Misconfigured(f"{path} is inside a git repository, not its root: give the root, or `git init` in it")
    return Path(git_dir), bare == "true"


def _refused_fetch(address: str, err: str) -> Denied | Misconfigured | Unavailable:
    words = err.strip().splitlines()[-1][:300] if err.strip() else "no message"
    if "fsck" in err or "error in object" in err or "hasDot" in err:
        return Denied(f"an object from {address} is not well formed: {words}")
    if "does not appear to be a git repository" in err or "not found" in err:
        return Misconfigured(f"{address} is not a git repository that can be read")
    return Unavailable("git", f"fetch from {address}: {words}")


def _made(into: Path) -> None:
    """Make it beside its place and put it there whole: a full disk, or a kill, leaves no half of one."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent, ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "repository"
        made.mkdir()
        result = finish(Git(str(made)), [*environment(), *_INIT])
        if result.code:
            raise Unavailable("git", f"no repository could be made in {into}: {result.err.strip()}")
        try:
            os.rename(made, into)  # noqa: PTH104  (over an empty folder too, and over nothing else)
        except OSError as error:
            if not (into / "HEAD").exists():  # else another process was quicker
                because = f"{into} is there and is no repository: move it away ({error.strerror})"
                raise Unavailable("git", because) from None
