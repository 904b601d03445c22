"""A forge with one commit, made once and copied."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Idea, Kind, Origin, Patch
from bot.core.ids import ProposalId, PullNumber, Sha, Tree

Build = Callable[[Path], Path]


@dataclass
class Place:
    """A forge's folder, a forge on it, and a clone in which changes are made."""

    folder: Path
    forge: LocalForge
    clone: GitRepository

    def commit(self, files: Mapping[str, str | None], base: Sha) -> Sha:
        contents = {PurePosixPath(name): text if text is None else text.encode() for name, text in files.items()}
        return self.clone.commit(Patch(base, contents), "feat: x", author="megawatts")

    async def opened(self, name: str, files: Mapping[str, str | None]) -> tuple[PullNumber, Sha]:
        await self.forge.fetch(self.clone)
        head = self.commit(files, await self.forge.main())
        idea = Idea(ProposalId(name), "t", "w", Kind.TEST, Origin.ANALYST, "x")
        await self.forge.publish(self.clone, f"megawatts/{name}", head, expecting=None)
        return await self.forge.open(f"megawatts/{name}", "feat: x", "body", idea), head

    def again(self, actor: str = "megawatts[bot]") -> LocalForge:
        """The same forge, as another process sees it."""
        return LocalForge(self.folder, actor=actor)


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    repo = GitRepository.begin(folder / "source.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    repo.branch("main", repo.commit(Patch(root, {PurePosixPath("a.txt"): b"a\n"}), "first", author="someone"))
    LocalForge.create(folder / "forge", folder / "source.git")
    GitRepository.mirror(folder / "forge" / "repo.git", folder / "clone.git")
    return folder


@pytest.fixture
def place(_template: Path, tmp_path: Path) -> Place:
    shutil.copytree(_template, tmp_path / "place")
    folder = tmp_path / "place" / "forge"
    return Place(folder, LocalForge(folder), GitRepository(tmp_path / "place" / "clone.git"))
