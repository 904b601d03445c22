"""Scope: what the charter seals."""

from collections.abc import Iterator

from bot.core.tier import Tier
from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.policy.tier import only_adds, ward_of


def protected(gate: Gate) -> Iterator[Problem]:
    """Sealed paths in a change of the engine. A rename counts at both ends; ground that no ward covers is sealed."""
    if not gate.by_engine or not gate.profile.own:
        return
    adds = only_adds(gate.changes)
    for path in sorted({p for change in gate.changes for p in change.paths}):
        ward = ward_of(path, gate.charter, adds=str(path) in adds)
        if ward is None:
            yield Problem("sealed", path, 0, "lies where no ward of the charter reaches, and is therefore sealed")
        elif ward.tier is Tier.SEALED:
            yield Problem("sealed", path, 0, f"is sealed by the charter (ward {ward.pattern}): only people change it")
