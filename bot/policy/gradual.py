"""A person's rollback, step by step: newest merge first, one revert at a time, each watched before the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from bot.core.ids import PullNumber, Sha

Watch = Literal["none", "open", "watched", "bad", "well"]
"""What is known of a merge's revert: there is none; it is not merged; no verdict yet; still bad; healthy."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants back. Without a version: one merge, the newest unless `pull` or `merged` names it."""

    version: str = ""
    pull: int = 0
    only: frozenset[PurePosixPath] = frozenset()
    """Take back only what that merge did to these paths (or below these folders)."""
    merged: Sha | None = None
    """The merge that was chosen in an earlier round; after a kill no other is taken for it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge that is no revert."""

    pull: PullNumber
    commit: Sha
    paths: frozenset[PurePosixPath]
    kept: bool = False
    """Whether the version to go back to contains it."""
    revert: Watch = "none"
    part: Watch = "none"
    """Of a revert of just the paths of the order."""
    gone: bool = False
    """Nothing of it is left on the base branch."""


@dataclass(frozen=True, slots=True)
class Take:
    """Take this merge back, or only these paths of it."""

    merged: Merged
    only: frozenset[PurePosixPath] = frozenset()


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now."""

    because: str


@dataclass(frozen=True, slots=True)
class Done:
    """The order is carried out, or cannot be: `because` is told."""

    because: str


def next_step(order: Order, merges: Sequence[Merged], *, open_revert: PullNumber | None) -> Take | Hold | Done:
    """The next step of an order over all merges, newest first. Pure; asked again at every look.

    Through several merges, each revert is watched before the next: well goes on, and bad goes on, since what the
    person named lies further back; without a verdict it holds, and the watch calls a person at its deadline.
    """
    if open_revert is not None:
        return Hold(f"the revert #{open_revert} is open")
    if not order.version:
        return _single(order, merges)
    watched = next((m for m in merges if m.revert == "watched"), None)
    if watched is not None:
        return Hold(f"the health after taking back #{watched.pull} is not settled yet")
    left = [m for m in merges if m.revert == "none" and not m.kept and not m.gone]
    return Take(left[0]) if left else Done("done")


def _single(order: Order, merges: Sequence[Merged]) -> Take | Done:
    able = [m for m in merges if m.revert == "none" and not m.gone]
    if order.merged is not None:
        able = [m for m in able if m.commit == order.merged]
    elif order.pull:
        able = [m for m in able if m.pull == order.pull]
        if not able:
            return Done(f"#{order.pull} is no merge that could be taken back")
    if not able:
        return Done("done")
    if not order.only:
        return Take(able[0])
    paths = frozenset(p for p in able[0].paths if any(p == one or one in p.parents for one in order.only))
    if not paths:
        named = ", ".join(sorted(map(str, order.only)))
        return Done(f"#{able[0].pull} did not touch {named}")
    if able[0].part != "none":
        return Done("done")
    return Take(able[0], frozenset() if paths == able[0].paths else paths)
