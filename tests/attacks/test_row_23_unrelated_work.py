"""THREATS 23: a revert takes back the named commit and nothing else, whatever was built on top of it."""

import random
from pathlib import Path

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse, revert_tree
from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.errors import Denied
from bot.core.ids import Sha
from tests.improve.conftest import world  # noqa: F401  (the engine's own small house)
from tests.improve.reverts.conftest import SICK, P, Scene, scene  # noqa: F401  (as above)

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def lines(count: int, mark: str = "line") -> list[str]:
    return [f"{mark} {number}\n" for number in range(count)]


async def test_thousands_of_later_lines_survive_an_automatic_revert(scene: Scene) -> None:  # noqa: F811  (fixture)
    bad = await scene.merge({"notes/bad.py": SICK, "notes/shared.txt": "".join(lines(40)).encode()})
    later = {f"notes/work/{n}.txt": "".join(lines(200, f"work {n}")).encode() for n in range(84)}
    await scene.by_hand({**later, "notes/shared.txt": "".join([*lines(40), "a person's line\n"]).encode()})
    before = await scene.files()
    await scene.rest()
    after = await scene.files()
    assert await scene.reverts() == [], "a file of the change was edited since: a person decides"
    assert after == before
    assert any("notes/shared.txt" in text for text in scene.pages())

    await scene.by_hand({"notes/shared.txt": "".join(lines(40)).encode()})
    scene.order(pull=bad.pull)
    await scene.rest()
    after = await scene.files()
    assert {path: after.get(path, b"").decode() for path in later} == {p: t.decode() for p, t in later.items()}
    assert "notes/bad.py" not in after


@pytest.fixture
def repo(tmp_path: Path) -> GitRepository:
    made = GitRepository.begin(tmp_path / "repo.git")
    tree = made.git.run("mktree", stdin=b"").line
    made.move("refs/heads/main", commit_tree(made.git, tree, (), "begin", author="a"), expecting=None)
    return made


def put(repo: GitRepository, base: Sha, files: dict[str, list[str]]) -> Sha:
    patch = {P(path): "".join(text).encode() for path, text in files.items()}
    return repo.commit(Patch(base, patch), "edit", author="a")


@pytest.mark.parametrize("seed", range(4))
def test_any_later_edits_are_kept_or_the_revert_is_refused(repo: GitRepository, seed: int) -> None:
    """Random edits before and after: the revert either keeps every later line or is not made at all."""
    dice = random.Random(seed)
    start = put(repo, repo.resolve("main"), {"a.txt": lines(30), "b.txt": lines(30)})
    touched = dice.randrange(30)
    changed = lines(30)
    changed[touched] = "changed by the merge\n"
    made = put(repo, start, {"a.txt": changed, "c.txt": lines(3)})
    merge = commit_tree(repo.git, repo.tree(made), (start, made), "merge", author="a")
    edited = dice.randrange(30)
    later = changed.copy()
    later[edited] = "a person's later line\n"
    now = put(repo, merge, {"a.txt": later, "d.txt": lines(5)})
    if abs(edited - touched) <= 1:
        with pytest.raises(Denied, match=r"a\.txt"):
            revert_tree(repo, merge, now)
        return
    tree = revert_tree(repo, merge, now)
    head = commit_tree(repo.git, tree, (now,), "revert", author="a")
    assert prove_inverse(repo, merge, head, now).passed
    text = (repo.read(head, P("a.txt")) or b"").decode()
    assert "a person's later line" in text
    assert "changed by the merge" not in text
    assert repo.read(head, P("d.txt")) is not None
    assert repo.read(head, P("c.txt")) is None


def test_a_hand_made_revert_that_takes_more_is_never_proved(repo: GitRepository) -> None:
    start = put(repo, repo.resolve("main"), {"a.txt": lines(30)})
    made = put(repo, start, {"a.txt": lines(29)})
    merge = commit_tree(repo.git, repo.tree(made), (start, made), "merge", author="a")
    now = put(repo, merge, {"later.txt": lines(50)})
    sweep = repo.commit(Patch(now, {P("a.txt"): "".join(lines(30)).encode(), P("later.txt"): None}), "x", author="a")
    verdict = prove_inverse(repo, merge, sweep, now)
    assert not verdict.passed
    assert "later.txt" in verdict.because
    assert not prove_inverse(repo, merge, sweep, now, frozenset({P("a.txt")})).passed
