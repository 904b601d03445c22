"""A running GitHub for the tests that need one: started once for each worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.absent import absent

if TYPE_CHECKING:
    from tests.adapters.github.scene import Scene
    from tests.servers.github.peer import GitHub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[GitHub]":
    from tests.servers.aimock.peer import Missing
    from tests.servers.github import peer

    try:
        with peer.running(tmp_path_factory.mktemp("github")) as found:
            yield found
    except Missing as error:
        absent(error)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with a small tree on main."""
    from bot.adapters.git.commits import commit_tree
    from bot.adapters.git.repository import GitRepository
    from bot.core.change import Patch
    from bot.core.ids import Tree
    from tests.adapters.github.scene import OLD, P

    repo = GitRepository.begin(tmp_path_factory.mktemp("template") / "source.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    head = repo.commit(Patch(root, {P("a.txt"): OLD.encode(), P("b.txt"): b"b\n"}), "first", author="someone")
    repo.branch("main", head)
    return repo.path


@pytest.fixture
def scene(hub: "GitHub", template: Path, tmp_path: Path) -> "Iterator[Scene]":
    from tests.adapters.github.scene import Scene

    made = Scene.on(hub, template, Path(shutil.copytree(template, tmp_path / "clone.git")))
    yield made
    hub.front.faults.clear()
    hub.front.forbidden.clear()
