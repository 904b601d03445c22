"""V-1: may this change touch what it touches, is it of a size and kind to be reviewed, does it blind its referee."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from bot.core.verdict import Verdict, worst
from bot.improve.doors import Gate
from bot.improve.stages._configuration import configuration
from bot.improve.stages._entries import entries, hidden_characters, names, size
from bot.improve.stages._ignores import ignores
from bot.improve.stages._problems import Problem, conclude
from bot.improve.stages._wards import protected
from bot.improve.stages._weakening import weakened_tests

CHECKS: tuple[tuple[str, Callable[[Gate], Iterable[Problem]], str], ...] = (
    ("paths", protected, "no protected path is touched"),
    ("size", size, "within the charter's bounds"),
    ("files", entries, "only ordinary text files"),
    ("names", names, "every name reads as what it is"),
    ("characters", hidden_characters, "no unseen characters"),
    ("tests", weakened_tests, "no test is weaker than at base"),
    ("ignores", ignores, "no finding is silenced"),
    ("configuration", configuration, "no validator is configured otherwise"),
)


class ScopeStage:
    """Compares base and head by paths, names and syntax trees; runs nothing of either."""

    id = "V-1"
    name = "scope"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        return await asyncio.to_thread(judge, gate)


def judge(gate: Gate) -> Verdict:
    """All checks of V-1 over one change."""
    started = time.monotonic()
    parts = [conclude(name, check(gate), fine) for name, check, fine in CHECKS]
    return worst("scope", parts, seconds=time.monotonic() - started)


STAGE = ScopeStage()
