"""The author that carries out codemods."""

from collections.abc import Sequence

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.improve.authors._apart import formatted, read, written
from bot.improve.authors._idea import Words, analysed
from bot.improve.authors.codemods import ORDER, codemod
from bot.improve.authors.codemods.proof import unproved
from bot.improve.authors.codemods.source import Edit, Source
from bot.improve.doors import Profile, Workspace

LONGEST = 100
"""Columns of a line that is written into a file which no formatter lays out."""


class Codemods:
    """Author: one rewrite at one place, claimed to keep behaviour."""

    name = "codemods"
    kind = Kind.REFACTOR
    claim = Claim.PRESERVING

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each finding that names a codemod and a place."""
        return [self._idea(f) for f in findings if f.rule in ORDER and "digest" in f.evidence]

    def _idea(self, finding: Finding) -> Idea:
        mod = codemod(finding.rule)
        key = f"{finding.fingerprint}\0{finding.evidence['digest']}"
        where = f"{finding.path.stem}.{finding.symbol}" if finding.symbol else finding.path.name
        return analysed(self, finding, key, Words(f"{mod.title} in {where}", mod.why))

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """The file with that one place rewritten, or the reason why not."""
        finding = idea.findings[0]
        if profile.is_test(finding.path) or not written(work, finding.path):
            return Refusal(f"{finding.path} is not the product's own code")
        mod = codemod(finding.rule)
        try:
            before = read(work, finding.path)
            source = Source(before)
        except (OSError, ValueError) as error:
            return Refusal(f"{finding.path} cannot be read: {error}")
        edit = next((e for e in mod.find(source) if e.digest == finding.evidence["digest"]), None)
        if edit is None:
            return Refusal(f"{finding.rule} finds nothing more to do in {finding.symbol or finding.path}")
        after = source.apply(edit)
        if why := unproved(before, after, edit):
            return Refusal(f"{finding.rule}: {why}")
        laid_out = await formatted(work, finding.path, before, after)
        if laid_out == after and (line := _too_long(before, edit)):
            return Refusal(f"{finding.rule}: the new line has {line} columns and no formatter is configured")
        return Patch(work.sha, {finding.path: laid_out.encode()}, mod.why, facts={"codemod": mod.name})


def _too_long(before: str, edit: Edit) -> int:
    """Columns of the longest new line, if that is too long for a file that is not formatted."""
    widest = max([len(line) for line in before.splitlines()], default=0)
    new = [len(line) for _, _, text in edit.pieces for line in text.splitlines()]
    longest = max(new, default=0)
    return longest if longest > max(LONGEST, min(widest, 120)) else 0
