"""Builders for the judge's tests: one field changed at a time."""

from collections.abc import Callable, Sequence

import pytest

from bot.core.health import MetricKind, MetricRule, Worse
from bot.core.verdict import Verdict
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

Row = tuple[float | None, float]
Ask = Callable[..., Verdict]


@pytest.fixture
def ask() -> Ask:
    """Judge two plain lists."""

    def build(
        kind: MetricKind,
        baseline: Sequence[float | None],
        candidate: Sequence[float | None],
        *,
        worse: Worse | None = None,
        **changes: float,
    ) -> Verdict:
        way: Worse = worse or ("both" if kind == "level" else "up")
        rule = MetricRule(
            "m", kind, way, int(changes.get("minimum", 6)), changes.get("effect", 0.0), changes.get("alpha", 0.01)
        )
        return judge(rule, Samples(tuple(baseline)), Samples(tuple(candidate)))

    return build


@pytest.fixture
def ask_rate() -> Ask:
    """Judge two lists of (bad, total)."""

    def build(baseline: Sequence[Row], candidate: Sequence[Row], *, worse: Worse = "up", **changes: float) -> Verdict:
        rule = MetricRule("m", "rate", worse, int(changes.get("minimum", 6)), changes.get("effect", 0.0))
        sides = [Samples(tuple(b for b, _ in rows), tuple(t for _, t in rows)) for rows in (baseline, candidate)]
        return judge(rule, sides[0], sides[1])

    return build
