"""The base score of a CVSS v3 vector (FIRST, Common Vulnerability Scoring System v3.1: Specification, 7.1)."""

import math
from collections.abc import Mapping

WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
"""Weights of `PR` where the scope changes."""


def base_score(vector: str) -> float | None:
    """0.0 to 10.0; None for what is no vector of version 3.0 or 3.1."""
    head, _, rest = vector.strip().partition("/")
    parts = dict(part.partition(":")[::2] for part in rest.split("/"))
    if head not in {"CVSS:3.0", "CVSS:3.1"} or parts.get("S") not in {"U", "C"}:
        return None
    if any(parts.get(name) not in allowed for name, allowed in WEIGHTS.items()):
        return None
    changed = parts["S"] == "C"
    weights = {name: allowed[parts[name]] for name, allowed in WEIGHTS.items()}
    if changed:
        weights["PR"] = CHANGED[parts["PR"]]
    return _score(weights, changed=changed)


def _score(weights: Mapping[str, float], *, changed: bool) -> float:
    sub = 1 - (1 - weights["C"]) * (1 - weights["I"]) * (1 - weights["A"])
    impact = 7.52 * (sub - 0.029) - 3.25 * (sub - 0.02) ** 15 if changed else 6.42 * sub
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weights["AV"] * weights["AC"] * weights["PR"] * weights["UI"]
    return _up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _up(value: float) -> float:
    """To one decimal, upwards, in whole numbers: a float's last bit changes nothing (the same, appendix A)."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10
