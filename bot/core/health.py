"""What is measured after a deploy, and what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.core.ids import Sha

MetricKind = Literal["latency", "level", "rate", "count"]
Worse = Literal["up", "down", "both"]


@dataclass(frozen=True, slots=True)
class MetricRule:
    """One metric of the health policy. Latency in seconds; a rate is bad of total; a level is a gauge."""

    name: str
    kind: MetricKind
    worse: Worse = "up"
    minimum: int = 6
    """Fewest samples of each side before any verdict but INCONCLUSIVE."""
    effect: float = 0.0
    """Smallest relative change that counts as bad (0.25 = a quarter worse)."""
    floor: float = 0.0
    """Smallest change, in the metric's own unit, that a person would notice; below it no relative change counts."""
    alpha: float = 0.01
    """Chance of a false alarm, over the whole watch, that is accepted for this metric."""
    guard: bool = True
    """A guard metric's FAIL reverts; another's only pages."""


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """How a deploy is watched."""

    rules: tuple[MetricRule, ...] = ()
    warm_up: timedelta = timedelta(seconds=60)
    deadline: timedelta = timedelta(minutes=30)
    """Without a verdict by then: hold and page."""
    reverts_per_day: int = 5
    interval: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one metric of one revision. `value is None`: the source could not answer, which is not health.

    For a rate, `value` is the count of bad and `total` of all events since the look before; otherwise `total` is the
    number of events that the value summarises (0 when unknown).
    """

    metric: str
    revision: Sha
    at: datetime
    value: float | None
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Rollout:
    """What a deployer says of one commit."""

    wanted: Sha
    running: Sha | None
    """What takes traffic now."""
    contains: bool
    """Whether what runs contains the wanted commit (is it or a descendant of it)."""
    ready: bool
    at: datetime
    """When the running revision took traffic."""
    previous: Sha | None = None
    """The revision before, if it is still kept warm: the control group."""
    failed: str = ""
    """Why the wanted commit could not be started, if it could not."""
    held: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
