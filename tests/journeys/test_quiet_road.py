"""What the loop asks of GitHub when nothing happens, and what it opens when it has a hundred ideas."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.change import Kind, Proposal
from bot.improve.context import GATE
from tests.journeys._road_quiet import Flood, Quiet
from tests.servers.aimock.peer import Missing
from tests.servers.github import peer
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub

pytestmark = pytest.mark.journey

OPEN, MOST = 50, 15
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    try:
        with peer.running(tmp_path_factory.mktemp("github")) as found:
            yield found
    except Missing as error:
        pytest.skip(str(error))


async def test_a_quiet_round_over_fifty_proposals_is_at_most_fifteen_calls(hub: GitHub, tmp_path: Path) -> None:
    quiet = Quiet.on(hub, tmp_path)
    await quiet.propose(OPEN)
    await quiet.settled()
    made, free, since = quiet.forge.calls.made, quiet.forge.calls.free, len(quiet.told)

    await quiet.look()

    calls = quiet.forge.calls.made - made
    waits = [facts["because"] for event, facts in quiet.told[since:] if event == "wait"]
    assert len(waits) == OPEN, "every proposal was looked at"
    assert calls <= MOST, quiet.place.asked()[-calls:]
    assert quiet.forge.calls.free > free
    seen = await quiet.everything()
    assert len(seen) == OPEN
    assert None not in [await quiet.forge.reported(p.head, GATE) for p in seen]
    assert quiet.place.asked("PUT") == [], "nothing was merged"


async def test_a_hundred_ideas_are_opened_a_few_at_a_time_and_people_hold_up_nothing_safe(
    hub: GitHub, tmp_path: Path
) -> None:
    kinds = (Kind.FEATURE, Kind.FIX, Kind.REFACTOR)
    floods = [Flood("owned", kind, 17) for kind in kinds] + [Flood("safe", kind, 17) for kind in kinds]
    assert sum(flood.count for flood in floods) > 100
    quiet = Quiet.on(hub, tmp_path, floods)
    quiet.place.house.rules = Rules(owners=True)  # GitHub merges nothing that no code owner has approved
    most = 0
    for _hour in range(7):
        most = max(most, await _an_hour(quiet))
    found = await quiet.everything()
    assert most == len(found) == 10, "GitHub lets none in: all are open still"
    assert [p for p in found if p.merged_as or p.closed] == []
    assert 3 <= len([p for p in found if _parked(p)]) <= 5, "people are asked for no more than half"

    quiet.place.house.rules = Rules()  # owners own their paths alone: what is safe merges by itself
    for _hour in range(3):
        assert await _an_hour(quiet) <= 10
    later = await quiet.everything()
    safe = [p for p in later if not _parked(p)]
    assert len([p for p in safe if p.merged_as]) >= 5
    assert len(safe) > 5, "there is room for new ones while people do not answer"
    assert [p for p in later if _parked(p) and (p.merged_as or p.closed)] == []
    assert _most_within_an_hour(later) <= 2


async def _an_hour(quiet: Quiet) -> int:
    """Rounds until nothing changes any more, then an hour; the most that were open at once."""
    opened = len(await quiet.everything())
    await quiet.settled()
    found = await quiet.everything()
    assert len(found) - opened <= 2
    quiet.clock.now += HOUR + timedelta(minutes=1)
    return len([p for p in found if p.merged_as is None])


def _parked(proposal: Proposal) -> bool:
    return all(path.parts[0] == "owned" for path in proposal.paths)


def _most_within_an_hour(found: Sequence[Proposal]) -> int:
    times: list[datetime] = sorted(p.opened for p in found)
    return max(sum(1 for at in times if one <= at < one + HOUR) for one in times)
