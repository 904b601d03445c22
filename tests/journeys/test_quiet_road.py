"""What the loop asks of GitHub when nothing happens, and what it opens when it has a hundred ideas."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.change import Kind, Severity
from tests.journeys._road_quiet import Flood, Quiet, git_commands
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub

pytestmark = pytest.mark.journey

OPEN, MOST = 50, 15
HOUR = timedelta(hours=1)


async def test_a_quiet_round_over_fifty_proposals_is_at_most_fifteen_calls(hub: GitHub, tmp_path: Path) -> None:
    quiet = Quiet.on(hub, tmp_path)
    await quiet.propose(OPEN)
    await quiet.settled()
    made, free, since = quiet.forge.calls.made, quiet.forge.calls.free, len(quiet.told)

    with git_commands() as begun:
        await quiet.look()

    calls = quiet.forge.calls.made - made
    waits = [facts["because"] for event, facts in quiet.told[since:] if event == "wait"]
    assert len(waits) == OPEN, "every proposal was looked at"
    assert calls <= MOST, quiet.place.asked()[-calls:]
    assert quiet.forge.calls.free > free
    assert begun == [], "commits do not change: what git said of them is known"
    with git_commands() as begun:
        await quiet.forge.fetch(quiet.repo)
        quiet.repo.tree(await quiet.forge.main())
    assert begun == ["rev-parse"], "the count sees what is started"
    assert [row["state"] for row in quiet.pulls] == ["open"] * OPEN
    assert [words for words in quiet.place.asked() if words.startswith(("PUT", "PATCH"))] == [], "nothing was done"


async def test_a_hundred_ideas_are_opened_a_few_at_a_time_and_people_hold_up_nothing_safe(
    hub: GitHub, tmp_path: Path
) -> None:
    kinds = (Kind.FEATURE, Kind.FIX, Kind.REFACTOR)
    floods = [Flood("owned", kind, 17, severity=Severity.HIGH) for kind in kinds]  # they would come first
    floods += [Flood("safe", kind, 17) for kind in kinds]
    assert sum(flood.count for flood in floods) > 100
    quiet = Quiet.on(hub, tmp_path, floods)
    quiet.place.house.rules = Rules(owners=True)  # GitHub merges nothing that no code owner has approved
    for hour in range(1, 7):
        await quiet.settled()
        assert len(quiet.pulls) == min(2 * hour, 10), "two an hour, ten in all"
        quiet.clock.now += HOUR
    parked = {row["number"] for row in quiet.pulls if _parked(row)}
    assert 3 <= len(parked) <= 5, "people are asked for no more than half"

    quiet.place.house.rules = Rules()  # owners own their paths alone: what is safe merges by itself
    for _look in range(60):
        await quiet.look()
        quiet.clock.now += timedelta(minutes=2)
        assert len([row for row in quiet.pulls if row["state"] == "open"]) <= 10
        if len(_merged(quiet)) >= 2 and len(quiet.pulls) > 10:
            break
    assert len(_merged(quiet)) >= 2
    assert len(quiet.pulls) > 10, "there is room for new ones while people do not answer"
    assert not parked & set(_merged(quiet))
    assert all(row["state"] == "open" for row in quiet.pulls if _parked(row))
    times = sorted(datetime.fromisoformat(row["created_at"]) for row in quiet.pulls)
    assert max(sum(1 for at in times if one <= at < one + HOUR) for one in times) <= 2


def _parked(row: Mapping[str, Any]) -> bool:
    return "owned/" in row["title"]


def _merged(quiet: Quiet) -> list[int]:
    return [row["number"] for row in quiet.pulls if row["merged"]]
