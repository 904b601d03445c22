"""A person's pull request on real processes: validated, approved, merged, deployed, stopped, resumed, rolled back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.localdeploy.process import alive, marked
from bot.adapters.localdeploy.state import Board
from bot.improve.context import GATE
from tests.journeys._place import ROOT, Place

pytestmark = pytest.mark.journey
CHANGED = PurePosixPath("CONTRIBUTING.md")
"""A document that its owners must approve."""


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.stop()


def test_a_pull_request_goes_all_the_way_and_back(place: Place) -> None:
    first = place.main()
    for name in place.beside:
        place.start(name)
    place.start("controller", "--no-ideas")
    place.until("what is there runs and answers", lambda: place.runs(first))
    text = place.bare.read(first, CHANGED)
    assert text is not None
    pull, head = place.opened("ada/thanks", {CHANGED: text + b"\nThank you.\n"}, "docs: thank people")
    place.until("the gate has spoken", lambda: place.reported(head, GATE) is not None, 400)
    place.until("its owners are asked", lambda: place.asked_on(pull) == head)
    assert place.main() == first, "nothing merges without consent"

    place.tell("stop", "look first")
    place.approve(pull, head)
    waits = lambda: place.events("controller", "wait")[-1:]  # noqa: E731  (asked many times)
    place.until("the stop is seen", lambda: any("stopped by" in row["because"] for row in waits()))
    assert place.main() == first, "a stop freezes at once"

    place.tell("resume")
    place.until("it is merged", lambda: place.main() != first)
    merged = place.main()
    assert [p.merged_as for p in place.proposals()] == [merged]
    place.until("it runs and answers", lambda: place.runs(merged))

    place.tell("rollback", "--reason", "not so many words")
    place.until("it is taken back", lambda: [p.merged_as is not None for p in place.proposals()] == [True, True])
    place.until("what was before runs again", lambda: place.main() != merged and place.runs(place.main()))
    assert place.files(place.main()) == place.files(first), "the tree is back, exactly"
    acts = [line.split('"act":"')[1].split('"')[0] for line in place.home.audit.read_text().splitlines()]
    assert [act for act in acts if act in {"stop", "resume", "merge", "rollback", "revert"}] == [
        "stop", "resume", "merge", "rollback", "revert", "merge",
    ]  # fmt: skip


def test_a_second_process_of_a_kind_is_refused_and_bots_are_adopted(embedded: Place) -> None:
    place, first = embedded, embedded.main()
    deployer = place.start("deployer")
    place.until("it runs", lambda: place.runs(first))
    argv = [sys.executable, "-m", "bot", "deployer", "--home", str(place.home.path)]
    again = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 3
    assert "another deployer runs" in again.stderr
    bot = place.running().current
    assert bot is not None
    deployer.kill()
    deployer.wait()
    assert alive(bot.pid), "members are answered by the bot while no deployer runs"
    Board(place.home.deploy).folder.joinpath("state.json").write_text('{"current": {"sha"')
    place.start("deployer")
    place.until("it runs again", lambda: place.runs(first))
    assert len(marked(place.home.deploy)) == 1, "no second copy runs"
    assert place.events("deployer", "state lost")

    current = place.running().current
    assert current is not None
    os.kill(current.pid, signal.SIGKILL)
    place.until("it was restarted", lambda: place.running().restarts == 1 and place.runs(first))
    assert len(marked(place.home.deploy)) == 1


def test_the_places_of_old_mistakes_stay_mended() -> None:
    """The quick part of the crash benchmark: real kills of a controller, each followed by a restart."""
    argv = [sys.executable, "-m", "benchmarks", "crash", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == 4
