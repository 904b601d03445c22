"""The book that the controller is given: on the forge's own notes, with the key that the settings name."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.transport import Remote
from bot.adapters.localforge.forge import LocalForge
from bot.app.provenance_wiring import open_book
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.core.ids import PullNumber, Sha, Tree
from bot.policy.provenance import Stage, Step, extend
from tests.adapters.signing.test_ed25519 import stored

pytestmark = pytest.mark.integration  # they run git


@pytest.fixture
def source(tmp_path: Path) -> GitRepository:
    repo = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="a")
    repo.branch("main", repo.commit(Patch(root, {PurePosixPath("a"): b"a\n"}), "first", author="a"))
    return repo


def chain(repo: GitRepository, head: Sha) -> Any:
    return extend((), PullNumber(1), Step(Stage.PATCH, head, repo.tree(head)), datetime(2026, 6, 1, tzinfo=UTC))


async def test_chains_lie_in_the_forge_s_repository(source: GitRepository, tmp_path: Path) -> None:
    forge, head = LocalForge.create(tmp_path / "forge", source.path), source.resolve("HEAD")
    clone = GitRepository.mirror(tmp_path / "forge" / "repo.git", tmp_path / "clone.git")
    book = open_book(forge, clone)
    assert book.signer is None
    await book.write(head, chain(clone, head))
    assert head in Notes(GitRepository(tmp_path / "forge" / "repo.git")).all()
    assert Notes(clone).all() == {}


async def test_of_a_forge_elsewhere_they_are_pushed(source: GitRepository, tmp_path: Path) -> None:
    head, clone = source.resolve("HEAD"), GitRepository.mirror(source.path, tmp_path / "clone.git")
    forge: Any = SimpleNamespace(desk=SimpleNamespace(remote=Remote(f"file://{source.path}")))
    book = open_book(forge, clone)
    await book.write(head, chain(clone, head))
    assert head in Notes(source).all()


def test_a_key_signs_and_a_wrong_one_ends_the_start(source: GitRepository, tmp_path: Path) -> None:
    forge = LocalForge.create(tmp_path / "forge", source.path)
    key = stored(tmp_path / "key", Ed25519PrivateKey.generate())
    signer = open_book(forge, source, str(key)).signer
    assert signer is not None
    assert len(signer.sign(b"m")) == 64
    with pytest.raises(Misconfigured, match="PROVENANCE_KEY_FILE"):
        open_book(forge, source, str(tmp_path / "none"))


def test_without_a_key_no_cryptography_is_loaded() -> None:
    words = "import sys, bot.app.provenance_wiring; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
