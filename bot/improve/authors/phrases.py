"""Teaches an intent one more phrase that a member suggested."""

from collections.abc import Sequence

from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal
from bot.core.ids import ProposalId, UserId
from bot.improve.doors import Profile, Workspace


class Phrases:
    """Author: adds an example sentence to an intents file. The member's words are the datum, and no more than that."""

    name = "phrases"
    kind = Kind.BEHAVIOUR
    claim = Claim.NONE

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea a suggestion; who asked is named, so that neither their vote nor their approval counts."""
        return [
            Idea(
                id=ProposalId(finding.fingerprint),
                title=f"understand one more phrase for {finding.path.stem}",
                why="A member suggested a phrase that the bot does not understand yet.",
                kind=self.kind,
                origin=Origin.MEMBER,
                author=self.name,
                findings=(finding,),
                asked_by=UserId(str(finding.evidence["by"])),
                claim=self.claim,
            )
            for finding in findings
            if finding.rule == "suggested-phrase"
        ]

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Append the phrase to the file's English examples; comments and order stay."""
        import tomlkit  # noqa: PLC0415  (only the engine has it)

        del profile
        finding = idea.findings[0]
        document = tomlkit.parse((work.path / finding.path).read_text(encoding="utf-8"))
        examples = document.get("examples")
        known = examples.get("en") if isinstance(examples, dict) else None
        if not isinstance(known, list):
            return Refusal(f"{finding.path} has no English examples to add to")
        known.append(str(finding.evidence["phrase"]))
        summary = f"{finding.path.stem} learns one phrase."
        return Patch(work.sha, {finding.path: tomlkit.dumps(document).encode()}, summary)
