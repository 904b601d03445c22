"""What a forge's merge queue has put together to be merged next."""

from dataclasses import dataclass

from bot.core.ids import PullNumber, Sha


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """A commit of a merge queue that waits for the required statuses. Its name is the forge's word, and no proof."""

    ref: str
    head: Sha
    pull: PullNumber
    """The pull request that the queue says it is for, the last one where it holds several."""
    onto: Sha
    """The commit that the queue says it is made on."""
