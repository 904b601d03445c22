"""One bad deploy and the way back, told once, with the time of each leg."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.core.health import HealthPolicy
from bot.core.ids import Sha
from bot.improve.look import saved_readings
from bot.improve.reverts.capture import TABLE as FAILURES
from tests.journeys._road_stage import Brain, Stage


@dataclass(frozen=True, slots=True)
class Legs:
    """Seconds of each leg of one story."""

    deploy: float
    """From the merge on GitHub to the pods of that commit."""
    sample: float
    """From there to the reading that fills the minimum of the health rule."""
    verdict: float
    """From there to the verdict."""
    revert: float
    """From the verdict to the merge of the exact inverse, on GitHub, by the App for reverts."""
    redeploy: float
    """From that merge to its pods."""
    healthy: float
    """From there to the verdict that it is well."""
    refused: int
    """Messages of members that the bad version turned away."""
    scrapes: float
    """`verdict` in scrape intervals."""

    @property
    def whole(self) -> float:
        """From the bad deploy to proven health."""
        return self.sample + self.verdict + self.revert + self.redeploy + self.healthy


async def told(stage: Stage, brain: Brain, value: int, policy: HealthPolicy, interval: float) -> Legs:
    """The whole transaction for one value that turns members away. The stage is as before at its end."""
    loop, began = asyncio.get_running_loop(), datetime.now().astimezone()
    offset = began.timestamp() - loop.time()
    change = await stage.carried("user_burst", value)
    runs = await stage.runs(change.merge) + offset
    since = (await brain.road.deployer.rollout(change.merge)).at
    revert = await stage.taken_back(change)
    again = await stage.runs(revert.merge) + offset
    well = await stage.journal.wait("healthy", pull=revert.pull)
    await stage.until(lambda: list(stage.pods.running) == [revert.merge], "the canary is promoted")
    full = _full(brain, change.merge, policy, since).timestamp()
    row = brain.records.get(FAILURES, change.merge)
    assert row is not None
    verdict = datetime.fromisoformat(row["at"]).timestamp()
    return Legs(
        deploy=runs - (change.t + offset),
        sample=full - runs,
        verdict=verdict - full,
        revert=revert.t + offset - verdict,
        redeploy=again - (revert.t + offset),
        healthy=well["t"] + offset - again,
        refused=stage.pods.met(change.merge).get("rejected", 0),
        scrapes=(verdict - full) / interval,
    )


def _full(brain: Brain, merged: Sha, policy: HealthPolicy, since: datetime) -> datetime:
    """When the minimum of the rule was reached by what counts: answers after the warm-up."""
    rule = next(rule for rule in policy.rules if rule.name == "messages")
    start: datetime = since + policy.warm_up
    times = [
        reading.at
        for reading in saved_readings(brain.context, merged)
        if (reading.metric, reading.revision) == (rule.name, merged) and reading.value is not None
    ]
    return sorted(at for at in times if at >= start)[rule.minimum - 1]


def wrong(stage: Stage, stories: int) -> list[str]:
    """What must not have happened in so many stories; empty where all is well."""
    merged, reverted = stage.journal.all("merged"), stage.journal.all("revert")
    refused = [a for a in stage.place.hub.front.asked if a.status >= 400 and (a.verb, a.status) != ("GET", 404)]
    found = []
    if len(merged) != 2 * stories or len(reverted) != stories:
        found.append(f"{len(merged)} merges and {len(reverted)} reverts in {stories} stories")
    if refused or stage.events.refused:
        found.append(f"GitHub refused {[(a.verb, a.path, a.status) for a in refused[:3]]} {stage.events.refused[:1]}")
    if stage.pods.broken:
        found.append(f"the stage broke: {stage.pods.broken[0]}")
    return found
