"""While a merge waits for its rollout, what runs is read: what was bad already then is nobody's doing later."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.core.case import Case, Observe, Page, Revert, Wait
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.health import Reading, Rollout
from bot.core.ids import Sha
from bot.improve.act import act
from bot.improve.context import Context
from bot.improve.look import saved_readings
from bot.policy.lifecycle import decide
from bot.sdk.testing import DictRecords
from tests.policy.builders import BEFORE, CHARTER, MERGED, merged

MERGE = merged().proposal.merged_at or merged().proposal.opened
STEP = CHARTER.health.interval


@dataclass
class House:
    """What an act of waiting reaches: health, records, and what is told."""

    time: datetime = MERGE
    bad: float = 0.0
    trouble: MegawattsError | None = None
    asked: list[Sha] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    records: DictRecords = field(default_factory=DictRecords)

    @property
    def ctx(self) -> Context:
        return cast("Context", self)

    @property
    def health(self) -> "House":
        return self

    @property
    def switch(self) -> "House":
        return self

    def state(self) -> None:
        """Nobody stopped anything."""

    def say(self, event: str, facts: Any) -> None:
        self.events.append(event)

    async def read(self, revision: Sha) -> Sequence[Reading]:
        self.asked.append(revision)
        if self.trouble is not None:
            raise self.trouble
        return (Reading("messages", revision, self.time, self.bad, 10.0),)


def waiting(**changed: Any) -> Case:
    rollout = Rollout(MERGED, BEFORE, contains=False, ready=True, at=MERGE - timedelta(days=1))
    return merged(**{"rollout": rollout, **changed})


async def looks(house: House, number: int, case: Case) -> None:
    for _ in range(number):
        step = decide(case, CHARTER, house.time)
        assert isinstance(step, Wait)
        await act(step, case, CHARTER, house.ctx)
        house.time += STEP


async def test_what_runs_is_read_and_kept_for_the_watch_of_that_merge() -> None:
    house = House()
    await looks(house, 3, waiting())
    assert house.asked == [BEFORE] * 3, "once a look, and nothing of what does not run"
    kept = saved_readings(house.ctx, MERGED)
    assert [(r.revision, r.metric) for r in kept] == [(BEFORE, "messages")] * 3
    assert house.events == ["wait"] * 3, "no observation of the merge is told: it does not run"


async def test_what_began_before_the_rollout_is_not_taken_back_and_what_began_after_it_is() -> None:
    house = House()
    early, late = merged().rollout, House()
    assert early is not None
    house.time = late.time = early.at - 60 * STEP
    case = waiting(merged_at=early.at - 61 * STEP)
    await looks(house, 40, case)
    house.bad = 6.0
    await looks(house, 20, case)
    await looks(late, 60, case)
    for kept, step in ((house, Observe), (late, Revert)):
        since = early.at + CHARTER.health.warm_up
        new = [Reading("messages", MERGED, since + n * STEP, 6.0, 10.0) for n in range(12)]
        seen = merged(rollout=early, readings=(*saved_readings(kept.ctx, MERGED), *new))
        assert isinstance(decide(seen, CHARTER, since + 12 * STEP), step)


@pytest.mark.parametrize(
    "case",
    [
        merged(),
        waiting(rollout=None),
        waiting(rollout=Rollout(MERGED, None, contains=False, ready=False, at=MERGE)),
        replace(merged(), proposal=replace(merged().proposal, merged_as=None, merged_at=None)),
    ],
    ids=["it runs", "nothing is known", "nothing runs", "it is not merged"],
)
async def test_nothing_is_read_otherwise(case: Case) -> None:
    house = House()
    await act(Wait(None, "waits"), case, CHARTER, house.ctx)
    assert (house.asked, house.records.scan("readings")) == ([], [])


async def test_a_source_that_does_not_answer_holds_up_nothing() -> None:
    house = House(trouble=Unavailable("Prometheus", "no answer"))
    await looks(house, 2, waiting())
    assert house.events == ["wait", "wait"]
    house.trouble = Denied("Prometheus answers 401: renew PROMETHEUS_TOKEN")
    with pytest.raises(Denied):
        await looks(house, 1, waiting())


def test_it_ends_at_the_deadline() -> None:
    case = waiting()
    last = MERGE + CHARTER.health.deadline
    assert isinstance(decide(case, CHARTER, last - STEP), Wait)
    assert isinstance(decide(case, CHARTER, last), Page)
