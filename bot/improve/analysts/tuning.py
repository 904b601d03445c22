"""Declared parameters whose metric says that another value may serve better."""

import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.change import Finding, Severity
from bot.improve.doors import Profile, Workspace

Counts = Mapping[str, float]
"""Messages by outcome since the bot started: what members met."""
FEW = 200
"""Fewest messages before the absence of something says anything."""
OFTEN = 0.05
"""Share of messages from which a parameter is said to get in members' way."""
_METRIC = re.compile(r'megawatts_messages_total\{outcome="(?P<outcome>\w+)"\}')


@dataclass(frozen=True, slots=True)
class Parameter:
    """One table of a tuning file that says which way its value relieves its metric."""

    name: str
    value: float
    min: float
    max: float
    step: float
    outcome: str
    relieves: str
    """`up`: a higher value lowers the metric; `down`: a lower one does."""


def declared(text: str) -> tuple[Parameter, ...]:
    """Parameters of a tuning file that can be judged by message outcomes. Raises ValueError if it is not TOML."""
    found = []
    for name, table in tomllib.loads(text).items():
        parameter = _parameter(name, table)
        if parameter is not None:
            found.append(parameter)
    return tuple(found)


def _parameter(name: str, table: Any) -> Parameter | None:
    if not isinstance(table, dict) or table.get("relieves") not in {"up", "down"}:
        return None
    matched = _METRIC.fullmatch(str(table.get("metric", "")))
    numbers = [n for n in map(table.get, ("value", "min", "max", "step")) if isinstance(n, int | float)]
    if matched is None or len(numbers) != 4:
        return None
    value, low, high, step = numbers
    return Parameter(name, value, low, high, step, matched["outcome"], table["relieves"])


def better(parameter: Parameter, counts: Counts) -> tuple[float, str] | None:
    """The value to try and why, or None. A parameter that gets in the way is relieved by half of the room that is
    left; one that never did is tightened by half, since a limit wider than needed protects less. Pure."""
    total = sum(counts.values())
    if total < FEW:
        return None
    share = counts.get(parameter.outcome, 0.0) / total
    if 0 < share < OFTEN:
        return None
    relieve = share >= OFTEN
    up = relieve == (parameter.relieves == "up")
    edge = parameter.max if up else parameter.min
    steps = round((parameter.value + edge) / 2 / parameter.step)
    value = min(parameter.max, max(parameter.min, steps * parameter.step))
    if value == parameter.value:
        return None
    why = f"{share:.1%} of {total:.0f} messages were {parameter.outcome}"
    return (int(value) if isinstance(parameter.value, int) else round(value, 6)), why


class Tuning:
    """Analyst: `tuning.toml` files of the tree against what members met."""

    name = "tuning"

    def __init__(self, counts: Callable[[], Awaitable[Counts]]) -> None:
        self._counts = counts

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """One finding for each parameter that should be tried at another value."""
        counts = await self._counts()
        found = []
        for file in sorted(p for package in profile.packages for p in (work.path / package).rglob("tuning.toml")):
            found += self._in_file(file, PurePosixPath(file.relative_to(work.path)), counts)
        return found

    def _in_file(self, file: Path, path: PurePosixPath, counts: Counts) -> list[Finding]:
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines()
        found = []
        for parameter in declared(text):
            tried = better(parameter, counts)
            if tried is None:
                continue
            value, why = tried
            line = next((n for n, row in enumerate(lines, 1) if row.strip() == f"[{parameter.name}]"), 1)
            found.append(
                Finding(
                    rule="tuning",
                    path=path,
                    line=line,
                    end_line=line,
                    severity=Severity.MEDIUM,
                    message=f"{parameter.name} is {parameter.value}; {why}: try {value}",
                    analyst=self.name,
                    symbol=parameter.name,
                    evidence={"value": parameter.value, "try": value, "why": why},
                )
            )
        return found
