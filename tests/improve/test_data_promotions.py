"""What may go to pods without an image: read from git, and compared with git."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.improve.data_promotions import as_values, bundle, holds
from bot.improve.promotions import only_promotions
from bot.policy.data_bundle import Bundle
from bot.policy.hot_path import FILES
from bot.policy.promotion import Data, with_data, written
from tests.servers.argocd.house import commit

pytestmark = pytest.mark.integration  # they run git
CHAT = "bot/chat/"
VALUES = "deploy/environments/staging/bot.yaml"
JOKE = PurePosixPath("intents/joke.toml")
OPEN = """bot:
  image:
    digest: ""
    commit: ""
  data:
    enabled: true
    revision: ""
    sha256: ""
    content: ""
"""


class House:
    """A base branch whose first commit has an image."""

    def __init__(self, folder: Path) -> None:
        self.repo = GitRepository.begin(folder / "repo.git")
        data = {f"{CHAT}{path}": "a = 1\n" for path in (*FILES, JOKE)}
        self.base = self.commit({**data, "bot/x.py": "x = 1\n"})
        self.values = written(OPEN, f"sha256:{'1' * 64}", self.base)
        self.before = self.commit({VALUES: self.values})

    def commit(self, files: Mapping[str, str]) -> Sha:
        return commit(self.repo, files)

    def joke(self, text: str = "b = 2\n") -> Sha:
        return self.commit({f"{CHAT}{JOKE}": text, "docs/jokes.md": text, "changelog.d/1.md": text})

    def with_its_data(self, commit: Sha, **changed: str) -> str:
        found = as_values(bundle(self.repo, self.base, commit))
        return with_data(self.values, replace(found, **changed))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_files_of_the_commit_go_as_they_are(house: House) -> None:
    revision = house.joke()
    found = bundle(house.repo, house.base, revision)
    assert (found.base, found.revision) == (house.base, revision)
    assert dict(found.files) == {**dict.fromkeys(FILES, "a = 1\n"), JOKE: "b = 2\n"}
    assert holds(house.repo, house.with_its_data(revision))


def test_a_revert_and_a_promotion_in_between_are_data_too(house: House) -> None:
    house.commit({VALUES: house.with_its_data(house.joke())})
    back = house.commit({f"{CHAT}{JOKE}": "a = 1\n"})
    assert bundle(house.repo, house.base, back).files[JOKE] == "a = 1\n"
    assert bundle(house.repo, house.base, house.before).revision == house.before, "nothing changed at all"


@pytest.mark.parametrize("files", [
    {"bot/x.py": "x = 2\n"},
    {f"{CHAT}intents/joke.py": "import os\n"},
    {"pyproject.toml": "[project]\n"},
    {"charts/megawatts/values.yaml": "a: b\n"},
    {f"{CHAT}intents/long.toml": "x" * 300_000},
])  # fmt: skip
def test_with_anything_else_an_image_goes(house: House, files: dict[str, str]) -> None:
    house.joke()
    with pytest.raises(Misconfigured):
        bundle(house.repo, house.base, house.commit(files))


def test_code_that_was_changed_and_changed_back_differs_by_data_alone(house: House) -> None:
    house.commit({"bot/x.py": "x = 2\n"})
    back = house.commit({"bot/x.py": "x = 1\n", f"{CHAT}{JOKE}": "c = 3\n"})
    assert bundle(house.repo, house.base, back).revision == back


def test_what_does_not_follow_the_image_does_not_go(house: House) -> None:
    joke = house.joke()
    with pytest.raises(Misconfigured, match="does not lie before it"):
        bundle(house.repo, joke, house.base)
    with pytest.raises(Misconfigured):
        bundle(house.repo, Sha("f" * 40), joke)


CHEATS: dict[str, Callable[[House, Sha], str]] = {
    "other files under the commit's name": lambda house, sha: _forged(house, sha, {JOKE: "evil = 1\n"}),
    "a file more": lambda house, sha: _forged(house, sha, {PurePosixPath("intents/more.toml"): ""}),
    "the commit before's files": lambda house, sha: _forged(house, sha, {JOKE: "a = 1\n"}),
    "a commit that git does not know": lambda house, sha: house.with_its_data(sha, revision="e" * 40),
    "another hash": lambda house, sha: house.with_its_data(sha, sha256="e" * 64),
    "nothing that can be read": lambda house, sha: house.with_its_data(sha, content="AAAA"),
    "for another image": lambda house, sha: house.with_its_data(sha).replace(house.base, house.before),
    "data of a commit with code": lambda house, _sha: _forged(house, house.commit({"bot/x.py": "x = 3\n"}), {}),
    "no values": lambda _house, _sha: "a: b\n",
}


def _forged(house: House, sha: Sha, files: Mapping[PurePosixPath, str]) -> str:
    """Sealed by a promoter that lies: the hash is that of the lie."""
    honest = {path: (house.repo.read(sha, PurePosixPath(CHAT) / path) or b"").decode() for path in (*FILES, JOKE)}
    forged = Bundle(house.base, sha, {**honest, **files})
    return with_data(house.values, Data(sha, forged.sha256, forged.content))


@pytest.mark.parametrize("name", CHEATS)
def test_values_that_bring_anything_but_the_commits_data_do_not_hold(house: House, name: str) -> None:
    sha = house.joke()
    values = CHEATS[name](house, sha)
    assert not holds(house.repo, values)
    if name != "no values":
        before = house.repo.resolve("refs/heads/main")
        assert not only_promotions(house.repo, before, house.commit({VALUES: values}))


def test_data_that_holds_is_a_promotion_like_an_image(house: House) -> None:
    sha = house.joke()
    assert only_promotions(house.repo, sha, house.commit({VALUES: house.with_its_data(sha)}))
    assert holds(house.repo, house.values), "none is brought"
