"""The typed request that reviewers' remarks become, and what carries it out."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.core.change import Idea, Patch, Refusal
from bot.core.votes import Remark
from bot.improve.doors import Profile, Workspace


@dataclass(frozen=True, slots=True)
class Revision:
    """Change one's own change. The remarks are people's words: data for an author, authority for nobody."""

    idea: Idea
    remarks: tuple[Remark, ...]
    round: int


@runtime_checkable
class Reviser(Protocol):
    """An author that can read words."""

    name: str

    async def revise(self, revision: Revision, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Carry it out on a checkout that holds the change already. The patch's base is the checkout's commit."""
        ...
