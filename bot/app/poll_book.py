"""The votes of the bot process as the engine asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.change import Proposal
from bot.core.ids import PullNumber, Sha, UserId
from bot.core.tier import Tier
from bot.core.votes import Poll, Quorum
from bot.votes.service import Question, Votes


@dataclass(frozen=True, slots=True)
class PollBook:
    """improve.context.Polls over the votes that the bot process keeps."""

    votes: Votes

    def read(self, pull: PullNumber) -> Poll | None:
        return self.votes.read(pull)

    def void(self, pull: PullNumber, new_head: Sha) -> bool:
        return self.votes.void(pull, new_head)

    def open(
        self, proposal: Proposal, quorum: Quorum, now: datetime, *, summary: str, excluded: Sequence[UserId]
    ) -> None:
        question = Question(proposal.pull, proposal.head, proposal.title, summary, Tier.VALIDATED)
        self.votes.open_poll(question, opened=now, closes=now + quorum.open_for, excluded=frozenset(excluded))
