"""Where the controller keeps the provenance of proposals, and with which key it signs."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.adapters.git.notes import Notes, SharedNotes
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.core.ports import Forge
from bot.improve.provenance import Book
from bot.policy.provenance import Signer

if TYPE_CHECKING:
    from bot.adapters.github.forge import GitHubForge


def open_book(forge: Forge, repo: GitRepository, key_file: str = "") -> Book:
    """Chains in the notes of the forge's repository. Misconfigured for a key that cannot be used, before anything else.

    `repo` is the controller's clone: notes of a forge elsewhere are made there, and pushed.
    """
    signer = _signer(key_file)
    if isinstance(forge, LocalForge):
        return Book(Notes(GitRepository(forge.desk.folder / "repo.git")), signer)
    return Book(SharedNotes(repo, cast("GitHubForge", forge).desk.remote), signer)


def _signer(key_file: str) -> Signer | None:
    if not key_file:
        return None
    from bot.adapters.signing.ed25519 import Key  # noqa: PLC0415  (only where records are signed)

    return Key.load(Path(key_file))
