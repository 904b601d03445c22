"""Those who find and those who write for any Python repository."""

from pathlib import Path

from bot.core.change import Kind
from bot.core.ports import Clock, Records, Repository
from bot.improve.analysts._lived import Lived, noon
from bot.improve.analysts.answers import Answers
from bot.improve.analysts.codemod_findings import CodemodFindings
from bot.improve.analysts.complexity import Complexity
from bot.improve.analysts.coverage_gaps import CoverageGaps
from bot.improve.analysts.dead_code import DeadCode
from bot.improve.analysts.duplication import Duplication
from bot.improve.analysts.failing_tools import FailingTools
from bot.improve.analysts.imports import Imports
from bot.improve.analysts.missing_types import MissingTypes
from bot.improve.analysts.ruff_findings import RuffFindings
from bot.improve.analysts.runtime_errors import RuntimeErrors
from bot.improve.analysts.slow_steps import SlowSteps
from bot.improve.analysts.surviving_mutants import SurvivingMutants
from bot.improve.authors.codemods.author import Codemods
from bot.improve.authors.mutant_tests import MutantTests
from bot.improve.authors.ruff_fixes import RuffFixes
from bot.improve.doors import Analyst, Author
from bot.policy import symptoms


def readers(cache: Path) -> tuple[Analyst, ...]:
    """Analysts that only read the code and know its coverage, in the order in which they are asked."""
    return (
        CodemodFindings(cache),
        RuffFindings(cache),
        Complexity(),
        DeadCode(),
        Duplication(),
        MissingTypes(),
        CoverageGaps(cache),
        Imports(),
    )


def lived(repo: Repository, records: Records, clock: Clock = noon) -> tuple[Analyst, ...]:
    """Analysts of what the running bot noted of itself, and of what members think of its answers."""
    noted = Lived(lambda: records.scan(symptoms.TABLE), repo, clock)
    return (
        RuntimeErrors(noted),
        FailingTools(noted),
        SlowSteps(noted),
        Answers(noted, lambda: records.scan("feedback")),
    )


LIVED = (RuntimeErrors.name, FailingTools.name, SlowSteps.name, Answers.name)


def shop(cache: Path, kinds: tuple[Kind, ...]) -> tuple[tuple[Analyst, ...], tuple[Author, ...]]:
    """Analysts and authors in the order in which they are asked; `kinds` leaves out authors of other kinds.

    `cache` is the gate's own, so that the suite is measured once.
    """
    writers: tuple[Author, ...] = (Codemods(), RuffFixes(), MutantTests(cache))
    authors = tuple(author for author in writers if not kinds or author.kind in kinds)
    # Trying mutants takes a minute: only where somebody writes the tests that they call for.
    mutants = [SurvivingMutants(cache)] if any(author.kind is Kind.TEST for author in authors) else []
    return (*readers(cache), *mutants), authors
