"""Those who find and those who write for any Python repository."""

from pathlib import Path

from bot.core.change import Kind
from bot.improve.analysts.codemod_findings import CodemodFindings
from bot.improve.authors.codemods.author import Codemods
from bot.improve.doors import Analyst, Author


def shop(cache: Path, kinds: tuple[Kind, ...]) -> tuple[tuple[Analyst, ...], tuple[Author, ...]]:
    """Analysts and authors in the order in which they are asked; `kinds` leaves out authors of other kinds."""
    del cache
    analysts: list[Analyst] = [CodemodFindings()]
    authors: list[Author] = [Codemods()]
    return tuple(analysts), tuple(a for a in authors if not kinds or a.kind in kinds)
