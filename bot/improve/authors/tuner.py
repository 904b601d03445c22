"""Writes a new value of a declared parameter, within its bounds."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.improve.authors._idea import Words, analysed
from bot.improve.doors import Profile, Workspace


class Tuner:
    """Author: one parameter, one value, one line. Claims nothing about behaviour: live health is the judge."""

    name = "tuner"
    kind = Kind.CONFIGURATION
    claim = Claim.NONE

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each parameter and value: a value that was taken back is never proposed again."""
        return [self._idea(finding) for finding in findings if finding.rule == "tuning"]

    def _idea(self, finding: Finding) -> Idea:
        value = finding.evidence["try"]
        key = f"tuner\0{finding.path}\0{finding.symbol}\0{value}"
        why = f"{finding.symbol} is {finding.evidence['value']} and {finding.evidence['why']}."
        return analysed(self, finding, key, Words(f"set {finding.symbol} to {value}", why))

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Replace the one number, and nothing else in the file."""
        del profile
        finding = idea.findings[0]
        file = work.path / finding.path
        text = file.read_text(encoding="utf-8")
        value = finding.evidence["try"]
        if not isinstance(value, int | float):
            return Refusal(f"{finding.symbol}: {value!r} is not a number")
        changed = set_value(text, finding.symbol, value)
        if changed is None:
            return Refusal(f"{Path(finding.path).name} has no [{finding.symbol}] whose bounds allow {value}")
        summary = f"{finding.symbol} from {finding.evidence['value']} to {value}."
        return Patch(work.sha, {finding.path: changed.encode()}, summary, facts={"parameter": finding.symbol})


def set_value(text: str, name: str, value: float) -> str | None:
    """The file with `value = ...` of that table replaced, or None if it has none or the bounds refuse it. Comments and
    every other line stay as they are. Pure."""
    table = tomllib.loads(text).get(name)
    if not isinstance(table, dict) or not table.get("min", value) <= value <= table.get("max", value):
        return None
    lines, inside = text.splitlines(keepends=True), False
    for number, line in enumerate(lines):
        if line.lstrip().startswith("["):
            inside = line.strip() == f"[{name}]"
        elif inside and line.split("=")[0].strip() == "value":
            end = line[len(line.rstrip("\r\n")) :]
            lines[number] = f"value = {value}{end}"
            changed = "".join(lines)
            return changed if tomllib.loads(changed)[name]["value"] == value else None
    return None
