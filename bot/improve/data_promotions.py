"""Data that goes to pods without a new image: when it may, what it is, and whether values bring just that."""

from contextlib import suppress
from pathlib import PurePosixPath

from bot.core.errors import MegawattsError, Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.verdict import Status, Verdict
from bot.policy.data_bundle import Bundle, opened, sealed
from bot.policy.hot_path import FOLDER, data_only, is_data
from bot.policy.promotion import Data, data_of, runs

MANIFESTS = "deploy/environments/"
"""What an environment is: Argo CD applies it from the base branch, whatever image runs."""


def bundle(repo: Repository, base: Sha, revision: Sha) -> Bundle:
    """The data of a commit for pods that run the code of `base`.

    Raises Misconfigured where the commits differ by more than data, or the data does not fit: then an image goes.
    """
    verdict = _differs_by_data(repo, base, revision)
    if not verdict.passed:
        raise Misconfigured(verdict.because)
    files = {}
    for path in repo.files(revision):
        if is_data(path):
            files[path.relative_to(FOLDER)] = _text(repo, revision, path)
    return sealed(Bundle(base, revision, files))


def as_values(found: Bundle) -> Data:
    """As it stands in an environment's values."""
    return Data(found.revision, found.sha256, found.content)


def holds(repo: Repository, values: str) -> bool:
    """Whether the data that values bring is that of its commit, and no code lies between it and the image's commit.

    Compared unpacked: two versions of zlib may write one text in two ways. True where they bring none.
    """
    with suppress(Misconfigured):
        data = data_of(values)
        if data is None or not data.revision:
            return True
        base, _revision = runs(values)
        return opened(base, *_parts(data)) == bundle(repo, Sha(base), Sha(data.revision))
    return False


def _parts(data: Data) -> tuple[str, str, str]:
    return data.revision, data.sha256, data.content


def _differs_by_data(repo: Repository, base: Sha, revision: Sha) -> Verdict:
    def size(path: PurePosixPath) -> int:
        return len(repo.read(revision, path) or b"")

    try:
        if not repo.is_ancestor(repo.resolve(base), repo.resolve(revision)):
            return Verdict("hot path", Status.FAIL, f"{base[:12]}, whose image runs, does not lie before it")
        changes = repo.changes(base, revision)
    except MegawattsError as error:
        return Verdict("hot path", Status.INCONCLUSIVE, str(error))
    inside = [c for c in changes if not all(str(path).startswith(MANIFESTS) for path in c.paths)]
    return data_only(inside, size)


def _text(repo: Repository, revision: Sha, path: PurePosixPath) -> str:
    try:
        return (repo.read(revision, path) or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path} is not UTF-8") from error
