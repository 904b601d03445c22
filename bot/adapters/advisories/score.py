"""Base scores of CVSS vectors, by the library of Red Hat's Product Security (FIRST, CVSS v3.0, v3.1 and v4.0)."""

BASE = {
    "CVSS:3.0": ("AV", "AC", "PR", "UI", "S", "C", "I", "A"),
    "CVSS:3.1": ("AV", "AC", "PR", "UI", "S", "C", "I", "A"),
    "CVSS:4.0": ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"),
}
"""Metrics of the base score by version: what a vector says beside them is true of one time or one place."""


def base_score(vector: str) -> float | None:
    """0.0 to 10.0; None for what is no vector of one of these versions."""
    from cvss import CVSS3, CVSS4  # noqa: PLC0415  (a tenth of a second, and only where a release was warned of)
    from cvss.exceptions import CVSSError  # noqa: PLC0415

    head, *parts = vector.strip().split("/")
    base = [part for part in parts if part.partition(":")[0] in BASE.get(head, ())]
    if head not in BASE:
        return None
    try:
        found = (CVSS4 if head == "CVSS:4.0" else CVSS3)("/".join([head, *base]))
    except CVSSError:
        return None
    return float(found.base_score)
