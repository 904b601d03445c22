"""Which stages run on which machine: legs of a matrix, each stage of the charter in exactly one."""

from collections.abc import Sequence

from bot.core.errors import Misconfigured

LEGS: dict[str, tuple[str, ...]] = {
    "static": ("scope", "format", "lint", "security", "dependencies", "approval"),
    "types": ("types",),
    "tests": ("tests", "coverage"),
    "mutation": ("mutation",),
    "behaviour": ("behaviour",),
    "performance": ("performance",),
    "runtime": ("runtime",),
}
"""Stages that are quick share a machine: to prepare one takes longer than they do."""


def legs(stages: Sequence[str]) -> list[dict[str, str]]:
    """The rows of the matrix for these stages. A stage that no leg knows has one of its own: none is ever left out."""
    if not stages:
        raise Misconfigured("there are no stages to run: the charter at the base names none")
    wanted = dict.fromkeys(stages)
    rows = [(name, [one for one in inside if one in wanted]) for name, inside in LEGS.items()]
    known = {one for inside in LEGS.values() for one in inside}
    rows += [(one, [one]) for one in wanted if one not in known]
    return [{"leg": name, "stages": " ".join(inside)} for name, inside in rows if inside]
