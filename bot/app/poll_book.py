"""The votes of the bot process as the engine asks for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.chat.guild_book import RecordsGuildBook
from bot.core.change import Proposal
from bot.core.ids import GuildId, PullNumber, Sha, UserId
from bot.core.ports import Records
from bot.core.tier import Tier
from bot.core.verdict import Verdict
from bot.core.votes import Poll, Quorum
from bot.policy.announcements import risk_of
from bot.votes.service import Question, Votes

LINKS = "links"
"""Member to forge login, as maintainers set it."""


@dataclass(frozen=True, slots=True)
class PollBook:
    """improve.context.Polls over the votes that the bot process keeps."""

    votes: Votes
    records: Records | None = None
    """Links and settings of the home guild; None: there are none."""
    link: Callable[[PullNumber], str] = lambda _pull: ""
    """The address at which people read a pull request."""

    def read(self, pull: PullNumber) -> Poll | None:
        return self.votes.read(pull)

    def void(self, pull: PullNumber, new_head: Sha) -> bool:
        return self.votes.void(pull, new_head)

    def open(
        self,
        proposal: Proposal,
        quorum: Quorum,
        now: datetime,
        *,
        summary: str,
        excluded: Sequence[UserId],
        guild: str = "",
        gate: Verdict | None = None,
    ) -> None:
        """Ask the members of the guild. Who wrote the change on the forge is excluded under every name known."""
        risk, badges = risk_of(gate)
        question = Question(
            proposal.pull,
            proposal.head,
            proposal.title,
            summary,
            Tier.VALIDATED,
            guild=GuildId(guild),
            roles=self._roles(GuildId(guild)),
            risk=risk,
            badges=badges,
            link=self.link(proposal.pull),
        )
        out = frozenset({*excluded, *self._members_of(proposal.author)})
        self.votes.open_poll(question, opened=now, closes=now + quorum.open_for, excluded=out)

    def _members_of(self, login: str) -> list[UserId]:
        rows = self.records.scan(LINKS) if self.records else ()
        return [UserId(user) for user, row in rows if str(row["login"]).casefold() == login.casefold()]

    def _roles(self, guild: GuildId) -> frozenset[str]:
        """The guild's narrower choice as it is now: what admins change while the vote is open changes nothing."""
        if self.records is None or not guild:
            return frozenset()
        return frozenset(RecordsGuildBook(self.records, None, lambda: 0.0).read(guild).vote_roles)
