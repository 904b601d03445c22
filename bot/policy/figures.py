"""What each health rule of the charter is read from: series of a bot's metrics page, whoever brings that page. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.health import MetricKind, MetricRule, Reading
from bot.core.ids import Sha

CONTROL = "control/"
"""Metrics of what no change can cause, such as `control/discord`: 0 is normal, more is disturbed.

One that is read elsewhere belongs to NOBODY and counts by itself. One that a revision's own processes tell counts only
while another revision tells the same: a change can cut itself off, but not the revision beside it."""
MEMBERS = "members/"
"""`members/messages`: how many different members the bad events of `messages` hit, of all that were seen.
`members/reply_seconds/2`: the same events as those of `reply_seconds`, but only those of one group of members."""
DATA_REFUSED = "megawatts_data_refused"
"""1 while a process does not read the data that is there for it; labels `commit` and `because`."""
DISTURBED = "megawatts_disturbed"
"""Gauge: 1 while what the label `by` names is out of order, as this process sees it; 0: it is in order."""
BY = "by"
GROUP = "group"
"""Label of capped series: which of a few groups of members it was. Every process puts a member into the same one."""
_MESSAGES = "megawatts_messages_by_user_capped_total"
_SECONDS = "megawatts_reply_seconds_by_user_capped"
_VOICES = "megawatts_feedback_by_user_capped_total"
_TROUBLES = ("limited", "down", "silent", "retired", "refused", "rejected", "malformed")


@dataclass(frozen=True, slots=True)
class Part:
    """Series of one name; with a label, only those that have one of the values there."""

    name: str
    label: str = ""
    values: tuple[str, ...] = ()

    def takes(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a series is one of these."""
        return name == self.name and (not self.label or labels.get(self.label, "") in self.values)


@dataclass(frozen=True, slots=True)
class Share:
    """Events that went badly, of all of their kind: counters."""

    bad: Part
    total: Part


@dataclass(frozen=True, slots=True)
class Mean:
    """Seconds for each event: a counter of seconds over a counter of events."""

    total: Part
    count: Part


@dataclass(frozen=True, slots=True)
class Level:
    """A gauge, times `scale`."""

    gauge: Part
    scale: float = 1.0


Figure = Share | Mean | Level

FIGURES: Mapping[str, Figure] = {
    "messages": Share(Part(_MESSAGES, "outcome", ("rejected", "failed")), Part(_MESSAGES)),
    # Of those that were read at all: a bot that turns members away does not understand them better.
    "unanswered": Share(
        Part(_MESSAGES, "outcome", ("unanswered",)), Part(_MESSAGES, "outcome", ("answered", "unanswered"))
    ),
    "tools": Share(
        Part("megawatts_tool_calls_total", "outcome", ("error", "timeout")), Part("megawatts_tool_calls_total")
    ),
    "feedback": Share(Part(_VOICES, "value", ("down",)), Part(_VOICES)),
    "models": Share(Part("megawatts_model_calls_total", "outcome", _TROUBLES), Part("megawatts_model_calls_total")),
    "reply_seconds": Mean(Part(f"{_SECONDS}_sum"), Part(f"{_SECONDS}_count")),
    "cpu_seconds": Mean(Part("process_cpu_seconds_total"), Part("megawatts_reply_seconds_count")),
    "memory": Level(Part("process_resident_memory_bytes"), 1e-6),
}
"""Figures by the name of their rule in the charter. `cpu_seconds` is processor time for each answer."""
CROWDS: Mapping[str, tuple[str, str]] = {
    "messages": ("megawatts_members_hit", "megawatts_members_seen"),
    "feedback": ("megawatts_members_displeased", "megawatts_members_voiced"),
}
"""Gauges of how many different members the bad events of a rule hit, and of how many there were."""
_KINDS: Mapping[type, tuple[MetricKind, ...]] = {Share: ("rate", "count"), Mean: ("latency",), Level: ("level",)}
ALL: tuple[MetricRule, ...] = tuple(MetricRule(name, _KINDS[type(one)][0]) for name, one in FIGURES.items())
"""A rule for every figure, for a source that was told of none."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of one process at a look: its value, and for a counter what it grew by since the look before."""

    name: str
    labels: Mapping[str, str]
    value: float
    grown: float = 0.0


def figure_of(rule: MetricRule) -> Figure | None:
    """What a rule is measured by; None where nothing of that name and kind is known."""
    figure = FIGURES.get(rule.name)
    return figure if figure is not None and rule.kind in _KINDS[type(figure)] else None


def parts(figure: Figure) -> tuple[Part, ...]:
    """The series that a figure is made of."""
    if isinstance(figure, Share):
        return (figure.bad, figure.total)
    return (figure.total, figure.count) if isinstance(figure, Mean) else (figure.gauge,)


def names(rules: Sequence[MetricRule]) -> frozenset[str]:
    """Every series that the rules need, with those that say whom a bad watch may blame."""
    figures = [figure for rule in rules if (figure := figure_of(rule)) is not None]
    crowds = {name for rule in rules for name in CROWDS.get(rule.name, ())}
    return frozenset({DISTURBED, *crowds, *(part.name for figure in figures for part in parts(figure))})


def taken(rules: Sequence[MetricRule], revision: Sha, at: datetime, samples: Sequence[Sample]) -> tuple[Reading, ...]:
    """The readings of one look at one revision: of the rules, of who was hit, and of controls.

    A rule whose metric is not there is a reading without value; events that did not happen have no time, and none is
    read. Counters are summed over processes; a level is the mean over them, so that it does not change with their
    number. Members may talk to several processes, so the most that one of them saw were hit.
    """
    there: dict[str, list[Sample]] = {}
    for sample in samples:
        there.setdefault(sample.name, []).append(sample)
    found: list[Reading] = []
    for rule in rules:
        figure = figure_of(rule)
        if figure is None or not _there(figure, there):
            found.append(Reading(rule.name, revision, at, None))
            continue
        found += [Reading(name, revision, at, *pair) for name, pair in _read(rule, figure, there)]
        found += [Reading(MEMBERS + rule.name, revision, at, *pair) for pair in _crowd(rule.name, there)]
    return (*found, *(Reading(CONTROL + name, revision, at, value) for name, value in _controls(there)))


def there(rule: MetricRule, samples: Sequence[Sample]) -> bool:
    """Whether the series that a rule is read from are there, so that its next reading has a value."""
    figure = figure_of(rule)
    by_name = {one.name: [other for other in samples if other.name == one.name] for one in samples}
    return figure is not None and _there(figure, by_name)


There = Mapping[str, Sequence[Sample]]
Pair = tuple[float, float]


def _chosen(part: Part, there: There, group: str | None = None) -> list[Sample]:
    return [
        one
        for one in there.get(part.name, ())
        if part.takes(one.name, one.labels) and (group is None or one.labels.get(GROUP, "") == group)
    ]


def _there(figure: Figure, there: There) -> bool:
    """Whether the denominator exists: a labelled counter has no series of an outcome that never came about."""
    needed = parts(figure) if isinstance(figure, Mean) else (_denominator(figure),)
    return all(_chosen(part, there) for part in needed)


def _denominator(figure: Share | Level) -> Part:
    return figure.total if isinstance(figure, Share) else figure.gauge


def _read(rule: MetricRule, figure: Figure, there: There) -> Iterator[tuple[str, Pair]]:
    """The rule's own reading, and beside it one for each group of members of whom there were events."""
    if isinstance(figure, Level):
        levels = [one.value for one in _chosen(figure.gauge, there)]
        yield rule.name, (figure.scale * sum(levels) / len(levels), 0.0)
        return
    whole = _events(figure, there)
    if isinstance(figure, Share) or whole[1] > 0:
        yield rule.name, (whole[0], 0.0 if rule.kind == "count" else whole[1])
    for group in sorted({one.labels.get(GROUP, "") for one in _chosen(figure.total, there)} - {""}):
        of_group = _events(figure, there, group)
        if of_group[1] > 0:
            yield f"{MEMBERS}{rule.name}/{group}", of_group


def _events(figure: Share | Mean, there: There, group: str | None = None) -> Pair:
    """Bad events of all, or seconds for each event of how many."""
    first, second = (figure.bad, figure.total) if isinstance(figure, Share) else (figure.total, figure.count)
    found, count = (sum(one.grown for one in _chosen(part, there, group)) for part in (first, second))
    if isinstance(figure, Share):
        return found, count
    return (found / count if count > 0 else 0.0), count


def _crowd(rule: str, there: There) -> Iterator[Pair]:
    hit, seen = ([one.value for one in there.get(name, ())] for name in CROWDS.get(rule, ("", "")))
    if hit and seen:
        yield max(hit), sum(seen)


def _controls(there: There) -> Iterator[tuple[str, float]]:
    """A control is disturbed where at least half of the revision's processes that see it say so."""
    by: dict[str, list[float]] = {}
    for one in there.get(DISTURBED, ()):
        by.setdefault(one.labels.get(BY, ""), []).append(one.value)
    for name, values in sorted(by.items()):
        yield name, float(sum(value > 0 for value in values) * 2 >= len(values))
