"""Figures of flags and experiments, by side; none of them carries a member."""

from prometheus_client import CollectorRegistry, Counter

from bot.core.flags import Side
from bot.policy.experiments import SERIES


class FlagFigures:
    """`core.flags.Tally` that counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decided = Counter(
            "megawatts_flag_decisions", "Times that a flag was asked for, by the side that was given.",
            ["flag", "side"], registry=registry,
        )  # fmt: skip
        self._outcomes = Counter(
            SERIES.removesuffix("_total"),
            "Members by how they fared in an experiment, one outcome of each; `joined`: they take part.",
            ["experiment", "side", "metric", "outcome"], registry=registry,
        )  # fmt: skip

    def decided(self, flag: str, side: Side) -> None:
        """Count one decision."""
        self._decided.labels(flag, side).inc()

    def counted(self, trial: str, side: Side, metric: str, outcome: str) -> None:
        """Count one member."""
        self._outcomes.labels(trial, side, metric, outcome).inc()
