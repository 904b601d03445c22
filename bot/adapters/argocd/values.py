"""What the values files at a commit name: an image's commit, and data beside it."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.policy.promotion import data_of
from bot.policy.rollouts import UNKNOWN, Version, commit_in


def named(repo: Repository, source: Sha, files: Sequence[PurePosixPath]) -> Version:
    """The version by the values files in the order in which Helm reads them: the source itself where they name none.

    Raises as the repository does.
    """
    code: Sha | None = None
    data = ""
    for path in files:
        text = repo.read(source, path)
        if text is None:
            continue
        said = commit_in(text.decode("utf-8", errors="replace"))
        if said is not None:
            code, data = said, _data(text.decode("utf-8", errors="replace"))
    if code is None:
        return Version(source, source)
    return Version(source, Sha(data), code) if code != UNKNOWN and data and data != code else Version(source, code)


def _data(text: str) -> str:
    """The commit of the data that stands beside the image in the same file; empty where there is none."""
    with suppress(Misconfigured):
        found = data_of(text)
        return found.revision if found is not None else ""
    return ""
