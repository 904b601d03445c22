"""Finds experiments that have come to an end: the winner is to be the default, and the experiment to go."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Finding, Severity
from bot.core.flags import Flag
from bot.improve.doors import Profile, Workspace
from bot.policy.flags_file import PATH, parse

Rows = Callable[[], Iterable[tuple[str, Mapping[str, Any]]]]


class Experiments:
    """Analyst: `flags.toml` against what the controller noted of its experiments, under the very same declaration."""

    name = "experiments"

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """One finding for each experiment that is over."""
        del profile
        file = work.path / PATH
        if not file.is_file():
            return ()
        text = file.read_text(encoding="utf-8")
        ended = {key: row for key, row in self._rows() if row.get("state") not in {None, "running"}}
        return list(_findings(text, ended))


def _findings(text: str, ended: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    lines = [line.strip() for line in text.splitlines()]
    for flag in parse(text).values():
        row = ended.get(flag.trial) if flag.experiment is not None else None
        if row is not None:
            yield _finding(flag, row, lines.index(f"[{flag.name}]") + 1 if f"[{flag.name}]" in lines else 1)


def _finding(flag: Flag, row: Mapping[str, Any], line: int) -> Finding:
    side = "on" if row["state"] == "won" else "off"
    figures = {str(name): value for name, value in row["figures"].items() if isinstance(value, str | int | float)}
    return Finding(
        rule="experiment",
        path=PurePosixPath(PATH),
        line=line,
        end_line=line,
        severity=Severity.HIGH,
        message=f"the experiment {flag.trial} is over ({row['state']}): {row['because']}",
        analyst=Experiments.name,
        symbol=flag.name,
        evidence={"trial": flag.trial, "state": row["state"], "side": side, "because": row["because"], **figures},
    )
