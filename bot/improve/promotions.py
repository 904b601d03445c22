"""What git shows of a pull request of the promoter: the evidence from which a promotion is proved."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from bot.core.change import FileChange, Proposal
from bot.core.charter import Promotion
from bot.core.errors import Misconfigured
from bot.core.ids import PullNumber, Sha
from bot.core.ports import Repository
from bot.core.verdict import Verdict
from bot.improve.data_promotions import holds
from bot.policy.promotion import COMMIT, WHERE, Seen, by_promoter, judge, proof, runs

LARGEST = 256 * 1024
"""Bytes of a values file."""


def proven(
    repo: Repository, proposal: Proposal, lane: Promotion | None, main: Sha, changes: Sequence[FileChange]
) -> Verdict | None:
    """The proof that an open pull request brings an image, or data, and nothing else; None for everybody else's."""
    if not by_promoter(proposal, lane):
        return None
    old, new = images_of(repo, proposal)
    seen = Seen(
        changes=tuple(changes),
        files={path: _texts(repo, proposal, path) for path in proposal.paths if WHERE.fullmatch(str(path))},
        one_commit=_parents(repo, proposal.head) == [proposal.base],
        merged=new is not None and lies_on(repo, new, main),
        forward=new is not None and (old is None or lies_on(repo, old, new)),
        data=all(holds(repo, _text(repo.read(proposal.head, path)) or "") for path in proposal.paths),
    )
    return judge(proposal, lane, seen)


def only_images(proposal: Proposal) -> bool:
    """Whether it touches nothing but files that name an image, whoever opened it."""
    return bool(proposal.paths) and all(WHERE.fullmatch(str(path)) for path in proposal.paths)


def carried(repo: Repository, proposal: Proposal, merged: Iterable[Proposal]) -> frozenset[PullNumber]:
    """The merges that run only once this image does: their health waits for the promotion, and not it for theirs."""
    old, new = images_of(repo, proposal)
    if new is None:
        return frozenset()
    there = [p for p in merged if p.merged_as is not None and lies_on(repo, p.merged_as, new)]
    return frozenset(p.pull for p in there if p.merged_as and (old is None or not lies_on(repo, p.merged_as, old)))


def only_promotions(repo: Repository, old: Sha, new: Sha) -> bool:
    """Whether nothing but images in values files lies between two commits: nothing that could go live by itself."""
    if old == new:
        return True
    if not lies_on(repo, old, new):
        return False
    paths = {path for change in repo.changes(old, new) for path in change.paths}
    texts = {path: (_text(repo.read(old, path)), _text(repo.read(new, path))) for path in paths}
    return proof(texts).passed and all(holds(repo, after or "") for _before, after in texts.values())


def images_of(repo: Repository, proposal: Proposal) -> tuple[Sha | None, Sha | None]:
    """The commits that run before and after (of the image, or of the data beside it), by the first file that has them.
    None: not a commit."""
    for path in sorted(proposal.paths):
        before, after = _texts(repo, proposal, path) if WHERE.fullmatch(str(path)) else (None, None)
        if before is not None and after is not None:
            return _commit(before), _commit(after)
    return None, None


def lies_on(repo: Repository, old: Sha, new: Sha) -> bool:
    """Whether a commit is another or lies before it. One that is not here lies nowhere."""
    try:
        return repo.resolve(old) == old and repo.is_ancestor(old, repo.resolve(new))
    except Misconfigured:
        return False


def _commit(values: str) -> Sha | None:
    with suppress(Misconfigured):
        _image, commit = runs(values)
        return Sha(commit) if COMMIT.fullmatch(commit) else None
    return None


def _texts(repo: Repository, proposal: Proposal, path: PurePosixPath) -> tuple[str | None, str | None]:
    return _text(repo.read(proposal.base, path)), _text(repo.read(proposal.head, path))


def _text(data: bytes | None) -> str | None:
    if data is None or len(data) > LARGEST:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _parents(repo: Repository, sha: Sha) -> list[Sha]:
    found = []
    for number in (1, 2):
        with suppress(Misconfigured):
            found.append(repo.resolve(f"{sha}^{number}"))
    return found
