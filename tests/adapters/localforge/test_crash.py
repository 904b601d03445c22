"""Killed at every half-done place and started again: one pull request, one merge, one revert, nothing lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.crash import POINTS, VARIABLE, point
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.localforge.forge import LocalForge, read_dashboard

ROOT = Path(__file__).parents[3]


Tell = Callable[..., int]


@pytest.fixture(scope="module")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tell]:
    """Runs the story over a folder in a process of its own; its exit code."""
    argv = [sys.executable, str(Path(__file__).with_name("story.py"))]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    said = tmp_path_factory.mktemp("story") / "stderr"
    with said.open("wb") as errors:
        teller = subprocess.Popen(argv, env=env, stdin=-1, stdout=-1, stderr=errors, text=True)

    def once(folder: Path, crash_at: str = "") -> int:
        assert teller.stdin is not None
        assert teller.stdout is not None
        teller.stdin.write(f"{folder}\t{crash_at}\n")
        teller.stdin.flush()
        code = int(teller.stdout.readline() or "1")
        assert code in {0, -signal.SIGKILL}, said.read_text()[-4000:]
        return code

    yield once
    teller.communicate(timeout=60)


async def check(place) -> None:
    forge = LocalForge(place.folder)
    everything = await forge.proposals(everything=True)
    assert [p.branch for p in everything] == ["megawatts/aaaaaaaaaaaa", everything[1].branch, "megawatts/bbbbbbbbbbbb"]
    good, back, dull = everything
    assert (good.pull, back.pull, dull.pull) == (1, 2, 3)
    assert back.reverts == good.merged_as
    assert back.merged_as == await forge.main()
    assert dull.closed
    await forge.fetch(place.clone)
    merges = place.clone.git.run("rev-list", "--first-parent", "--merges", await forge.main()).out.decode().split()
    assert merges == [back.merged_as, good.merged_as]
    assert prove_inverse(place.clone, good.merged_as, back.head, good.merged_as).passed
    assert await forge.tags() == {"v0.1.1": good.merged_as}
    assert await forge.releases() == {"v0.1.1": "what changed"}
    assert good.labels == {"kind/test", "tier/1"}
    assert await forge.reported(good.head, "megawatts/gate") is not None
    page = await forge.page(good.pull)
    assert (len(page["comments"]), page["owners"], page["body"]) == (1, ["@ada"], "new")
    assert read_dashboard(place.folder) == "told"
    whats = [event["what"] for event in await forge.events()]
    assert (whats.count("opened"), whats.count("merged"), whats.count("closed")) == (3, 2, 1)


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.parametrize("name", [*POINTS, "merge.commit#2", "merge.ref#2", "open.row#2", "publish.ref#2"])
async def test_killed_anywhere_it_goes_on(place, tell: Tell, name: str) -> None:
    assert tell(place.folder.parent, name) == -signal.SIGKILL
    assert tell(place.folder.parent) == 0
    await check(place)


@pytest.mark.integration
async def test_told_twice_it_is_told_once(place, tell: Tell) -> None:
    for _ in range(2):
        assert tell(place.folder.parent) == 0
    await check(place)


def test_a_point_is_inert_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    point("merge.ref")
    monkeypatch.setenv(VARIABLE, "merge.row")
    point("merge.ref")
    monkeypatch.setenv(VARIABLE, "merge.ref#9")
    point("merge.ref")
