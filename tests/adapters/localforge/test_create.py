"""A forge begins from any clone: another branch name, a detached head, a shallow history."""

from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.plumbing import Plumbing
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge import forge as module
from bot.adapters.localforge.forge import LocalForge
from bot.core.errors import Misconfigured
from bot.core.ids import Sha

pytestmark = pytest.mark.integration  # they run git


def clone(source: Path, into: Path, *options: str) -> GitRepository:
    """A clone with options; GitRepository itself makes only whole ones."""
    address = f"file://{source}"
    Plumbing(source).run("clone", "-q", *options, "--", address, str(into), config=("protocol.file.allow=always",))
    return GitRepository(into)


def second(place) -> Sha:
    """One more commit on the source's main."""
    source = GitRepository(place.folder.parent / "source.git")
    base = source.resolve("main")
    place.clone.fetch(source.path, f"+{base}:refs/heads/source")
    made = place.commit({"second.txt": "2\n"}, base)
    source.fetch(place.clone.path, f"+{made}:refs/heads/main")
    return made


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--depth=1", "--bare")], ids=["whole", "shallow", "bare"])
async def test_any_clone_will_do(place, tmp_path: Path, options: tuple[str, ...]) -> None:
    made = second(place)
    repo = clone(place.folder.parent / "source.git", tmp_path / "clone", *options)
    repo.git.run("update-ref", "--no-deref", "HEAD", made)
    repo.git.run("update-ref", "-d", "refs/heads/main")

    forge = LocalForge.create(tmp_path / "forge", tmp_path / "clone", "trunk")

    assert await forge.main() == made
    assert forge.desk.base_ref == "refs/heads/trunk"
    mine = GitRepository.begin(tmp_path / "mine.git")
    await forge.fetch(mine)
    assert mine.resolve("trunk") == made
    assert mine.read(made, PurePosixPath("second.txt")) == b"2\n"


async def test_killed_while_it_was_made_it_is_made_again(
    place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = place.folder.parent / "source.git"

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "remember", die)
    with pytest.raises(KeyboardInterrupt):
        LocalForge.create(tmp_path / "forge", source)
    with pytest.raises(Misconfigured, match="never finished"):
        LocalForge(tmp_path / "forge")
    monkeypatch.undo()
    forge = LocalForge.create(tmp_path / "forge", source)
    assert await forge.main() == GitRepository(source).resolve("HEAD")


def test_what_has_no_commits_begins_nothing(tmp_path: Path) -> None:
    GitRepository.begin(tmp_path / "empty.git")
    with pytest.raises(Misconfigured, match="no commits"):
        LocalForge.create(tmp_path / "forge", tmp_path / "empty.git")
    assert not (tmp_path / "forge").exists()
