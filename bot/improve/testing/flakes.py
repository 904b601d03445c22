"""Tells a flake from a failure: the same test again at the same tree, and on the base."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.improve.testing.results import Run

ROUNDS = 3
MOST = 20
"""Tests that are run again; where more fail together, these speak for the rest."""
Again = Callable[[Sequence[str]], Awaitable[Run]]


@dataclass(frozen=True, slots=True)
class Triage:
    """Test ids: `broken` by the change; `flaky` only with it; `base` fails there too, always or sometimes."""

    broken: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    base: tuple[str, ...] = ()


async def triage(suspects: Sequence[str], on_head: Again, on_base: Again) -> Triage:
    """Run suspects again, three times on the head and, where it can acquit, on the base. A timeout is a failure."""
    chosen = tuple(suspects)[:MOST]
    rest = tuple(suspects)[MOST:]
    failures = dict.fromkeys(chosen, 0)
    for _ in range(ROUNDS):
        _count(failures, await on_head(chosen), chosen)
    steady = tuple(test for test in chosen if failures[test] == ROUNDS)
    wavering = tuple(test for test in chosen if failures[test] < ROUNDS)
    at_base = dict.fromkeys(chosen, 0)
    for number in range(ROUNDS if wavering else 1):
        asked = chosen if number == 0 else wavering
        _count(at_base, await on_base(asked), asked)
    return Triage(
        broken=(*(test for test in steady if not at_base[test]), *rest),
        flaky=tuple(test for test in wavering if not at_base[test]),
        base=tuple(test for test in chosen if at_base[test]),
    )


def _count(failures: dict[str, int], run: Run, asked: Sequence[str]) -> None:
    for test in asked:
        result = run.tests.get(test)
        if result is None or not result.good:
            failures[test] += 1
