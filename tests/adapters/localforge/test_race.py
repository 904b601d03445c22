"""Two controllers at once: one merge wins, and the other is told why it did not."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha

pytestmark = pytest.mark.integration  # they run git

ROOT = Path(__file__).parents[3]
MERGE = """
import asyncio, sys
from pathlib import Path
from bot.adapters.localforge.forge import LocalForge
from bot.core.errors import Denied
folder, pull, head, base = sys.argv[1:]
forge = LocalForge(Path(folder))
sys.stdin.readline()
try:
    print(asyncio.run(forge.merge(int(pull), expecting=head, base=base, message="m")))
except Denied:
    print("denied")
"""


def contest(folder: Path, pulls: list[tuple[PullNumber, Sha]], base: Sha) -> list[str]:
    """Merge all at the same time, each in a process of its own; what each said."""
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", MERGE, str(folder), str(pull), head, base],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for pull, head in pulls
    ]
    for process in starts:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0].strip() for process in starts]


@pytest.mark.integration
async def test_of_two_processes_one_merges(place) -> None:
    base = await place.forge.main()
    pulls = [await place.opened(name * 12, {f"{name}.txt": "x\n"}) for name in "abc"]

    said = contest(place.folder, pulls, base)

    merged = [word for word in said if word != "denied"]
    assert merged == [await place.forge.main()]
    assert sorted(p.merged_as is not None for p in await place.forge.proposals(everything=True)) == [False, False, True]


@pytest.mark.integration
async def test_two_processes_that_merge_the_same_agree(place) -> None:
    base = await place.forge.main()
    pull = await place.opened("aaaaaaaaaaaa", {"b.txt": "x\n"})
    assert set(contest(place.folder, [pull, pull], base)) == {await place.forge.main()}


async def test_many_tasks_at_once_make_one_of_each(place) -> None:
    base = await place.forge.main()
    (first, one), (second, two) = [await place.opened(n * 12, {f"{n}.txt": "x\n"}) for n in "ab"]
    tries = [
        place.again().merge(pull, expecting=head, base=base, message="m")
        for pull, head in ((first, one), (second, two), (first, one), (second, two))
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    made = {sha for sha in done if isinstance(sha, str)}
    assert made == {await place.forge.main()}
    assert all(isinstance(sha, str | Denied) for sha in done)
    reverts = await asyncio.gather(*(place.again().revert(Sha(*made), "bad") for _ in range(3)))
    assert len(set(reverts)) == 1
    assert len(await place.forge.proposals(everything=True)) == 3
