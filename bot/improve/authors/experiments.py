"""Ends an experiment in the file that declares it: the side that goes on becomes the default, the rest goes."""

import re
from collections.abc import Sequence

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.core.errors import Misconfigured
from bot.core.flags import Side
from bot.improve.authors._idea import Words, analysed
from bot.improve.doors import Profile, Workspace
from bot.policy.flags_file import parse

VALUE = 5.0
"""Before most other ideas: as long as it waits, the figures of an experiment that is over hold nothing up but it."""
_AIM = ("share", "default", "guilds", "users")
_COMMENT = "#"
_HEAD = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?")


class Settler:
    """Author: one flag. Claims nothing about behaviour: live health is the judge, as of every configuration."""

    name = "settler"
    kind = Kind.CONFIGURATION
    claim = Claim.NONE

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each experiment."""
        return [self._idea(finding) for finding in findings if finding.rule == "experiment"]

    def _idea(self, finding: Finding) -> Idea:
        key = f"settler\0{finding.path}\0{finding.evidence['trial']}"
        figures = [f"{name} {value}" for name, value in finding.evidence.items() if name.endswith(("_on", "_off"))]
        why = f"{finding.message}. Figures: {'; '.join(figures) or 'none'}."
        title = f"end the experiment of {finding.symbol}: {finding.evidence['side']} is the default"
        return analysed(self, finding, key, Words(title, why), value=VALUE)

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Only that flag's lines change."""
        del profile
        finding = idea.findings[0]
        text = (work.path / finding.path).read_text(encoding="utf-8")
        side: Side = "on" if finding.evidence["side"] == "on" else "off"
        changed = settled(text, finding.symbol, side)
        if changed is None:
            return Refusal(f"{finding.path} does not declare [{finding.symbol}.experiment] in lines of its own")
        facts = {name: value for name, value in finding.evidence.items() if name != "because"}
        return Patch(work.sha, {finding.path: changed.encode()}, f"{finding.message}.", facts=facts)


def _said(line: str) -> bool:
    """Whether a line declares something; comments and empty lines belong to whoever reads them."""
    return bool(line.strip()) and not line.lstrip().startswith(_COMMENT)


def settled(text: str, name: str, side: Side) -> str | None:
    """The file with that flag at its new default, aimed at nobody, without its experiment; every other line stays.

    None where the result would not be just that, such as where the experiment stands in an inline table. Pure.
    """
    kept, table = [], ""
    for line in text.splitlines(keepends=True):
        if head := _HEAD.fullmatch(line.rstrip("\r\n")):
            table = head["name"].strip()
        if table == f"{name}.experiment" and (head or _said(line)):
            continue
        if table == name and line.split("=")[0].strip() in _AIM and "=" in line:
            continue
        kept.append(line)
        if head and table == name and side == "on":
            kept.append(f'default = "on"{line[len(line.rstrip()) :] or chr(10)}')
    changed = "".join(kept)
    try:
        before, after = parse(text), parse(changed)
    except Misconfigured:
        return None
    flag = after.get(name)
    others = {key: value for key, value in before.items() if key != name}
    right = flag is not None and flag.experiment is None and flag.default == side and not flag.share
    return changed if right and {key: value for key, value in after.items() if key != name} == others else None
