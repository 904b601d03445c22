"""How an experiment stands: sequential tests that hold however often one looks, over one outcome a member.

Which side a member is on was drawn, and of each member one outcome counts for each metric, so under no difference the
outcomes of both sides are independent draws of one rate. Evidence is that of `judge.rate.log_e`: it ever exceeds 1/a
with a chance of at most a (Ville). Hence, over all looks of an experiment whose sides do not differ: a conclusion on
the primary metric with a chance of at most `alpha`, a stop by its guards of at most GUARDS, shared among them, and a
stop for its ratio of at most RATIO. Source: Wasserman, Ramdas, Balakrishnan, Universal inference, PNAS 2020; for the
ratio Lindon, Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022, with a Beta(1/2, 1/2) mixture.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.core.flags import Experiment, Flag, Side
from bot.policy.judge.exact import log_evidence, log_likelihood
from bot.policy.judge.rate import log_e

SERIES = "megawatts_experiment_outcomes_total"
"""Counter of members: labels `experiment`, `side`, `metric`, `outcome`."""
MEMBERS, JOINED = "members", "joined"
GOOD, BAD = "good", "bad"
GUARDS = 0.05
"""Chance that any guard of an experiment stops it where the sides do not differ."""
RATIO = 0.001
State = Literal["running", "won", "lost", "draw", "harmful", "skewed"]
STOPPING = frozenset({"lost", "harmful", "skewed"})
"""Ends after which members get the safe side at once, before anybody merges anything."""
Count = tuple[Side, str, str]
"""Side, metric and outcome."""
Page = Mapping[tuple[str, Count], float]
"""One process's counters since its start: (experiment, (side, metric, outcome)) to members."""


def counter(labels: Mapping[str, str]) -> tuple[str, Count]:
    """What a counter of SERIES counts, by its labels: the experiment, and which of its counts."""
    return labels.get("experiment", ""), (
        _side(labels.get("side", "")),
        labels.get("metric", ""),
        labels.get("outcome", ""),
    )


def count(name: str) -> Count:
    """The count that `side/metric/outcome` names."""
    side, metric, outcome = name.split("/")
    return _side(side), metric, outcome


def _side(text: str) -> Side:
    return "on" if text == "on" else "off"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an experiment is, why, and the figures behind it: (bad, of) by metric and side."""

    state: State
    because: str
    figures: Mapping[str, str | float] = field(default_factory=dict)


def judge(flag: Flag, counts: Mapping[Count, float], began: datetime, now: datetime) -> Standing:
    """Ratio first: where members are missing on one side, nothing else means anything. Then guards, then the metric."""
    trial = flag.experiment
    if trial is None:
        return Standing("draw", "it has no experiment")
    found = _figures(trial, counts)
    state, because = (
        _skewed(flag, counts) or _harmful(trial, counts) or _concluded(trial, counts) or _over(trial, began, now)
    )
    return Standing(state, because, found)


Found = tuple[State, str]


def _skewed(flag: Flag, counts: Mapping[Count, float]) -> Found | None:
    on, off = (counts.get((side, MEMBERS, JOINED), 0.0) for side in ("on", "off"))
    share = flag.share / 100
    against = log_evidence(on, on + off) - log_likelihood(on, on + off, share)
    if against < math.log(1 / RATIO):
        return None
    rate = f"{on / (on + off):.1%} of {on + off:.0f} members are on it where {share:.0%} were drawn"
    return "skewed", f"{rate}: one side loses members before they count, so the figures say nothing"


def _harmful(trial: Experiment, counts: Mapping[Count, float]) -> Found | None:
    for metric in trial.guards:
        on, off = _rate(counts, "on", metric), _rate(counts, "off", metric)
        worse = on[0] * off[1] > off[0] * on[1]
        if worse and on[1] and off[1] and log_e(off, on) >= math.log(len(trial.guards) / GUARDS):
            return "harmful", f"the guard {metric} is worse: {_words(off, on)}"
    return None


def _concluded(trial: Experiment, counts: Mapping[Count, float]) -> Found | None:
    on, off = _rate(counts, "on", trial.metric), _rate(counts, "off", trial.metric)
    if min(on[1], off[1]) < trial.minimum or log_e(off, on) < math.log(1 / trial.alpha):
        return None
    better = on[0] * off[1] < off[0] * on[1]
    return ("won" if better else "lost"), f"{trial.metric}: {_words(off, on)}"


def _over(trial: Experiment, began: datetime, now: datetime) -> Found:
    if now - began >= timedelta(days=trial.days):
        return "draw", f"{trial.days} days are over and {trial.metric} tells the sides not apart"
    return "running", f"until {began + timedelta(days=trial.days):%Y-%m-%d}, or until {trial.metric} tells them apart"


def _rate(counts: Mapping[Count, float], side: Side, metric: str) -> tuple[float, float]:
    bad, good = counts.get((side, metric, BAD), 0.0), counts.get((side, metric, GOOD), 0.0)
    return bad, bad + good


def _words(off: tuple[float, float], on: tuple[float, float]) -> str:
    evidence = math.exp(min(50.0, log_e(off, on)))
    sides = ", ".join(f"{name} {bad:.0f} of {of:.0f} members" for name, (bad, of) in (("off", off), ("on", on)))
    return f"{sides} (evidence {evidence:.3g} to 1)"


def _figures(trial: Experiment, counts: Mapping[Count, float]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for side in ("off", "on"):
        found[f"members_{side}"] = counts.get((side, MEMBERS, JOINED), 0.0)
        for metric in (trial.metric, *trial.guards):
            bad, of = _rate(counts, side, metric)
            found[f"{metric}_{side}"] = f"{bad:.0f} of {of:.0f}"
    return found
