"""Finds the places that a codemod would rewrite."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.authors._apart import product_files, read
from bot.improve.authors.codemods import all_codemods
from bot.improve.authors.codemods.source import Source
from bot.improve.doors import Profile, Workspace

NAME = "codemod-findings"


class CodemodFindings:
    """Analyst: one finding for each place; the rule is the codemod's name."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """All places in the product's own files. Files that do not parse have none."""
        return await asyncio.to_thread(lambda: list(_all(work, profile)))


def _all(work: Workspace, profile: Profile) -> Iterator[Finding]:
    for path in product_files(work, profile):
        try:
            found = list(places(Source(read(work, path)), path))
        except (OSError, ValueError, RecursionError):
            continue
        yield from found


def places(source: Source, path: PurePosixPath) -> Iterator[Finding]:
    """What the codemods would rewrite in one file."""
    for mod in all_codemods():
        for edit in mod.find(source):
            yield Finding(
                rule=mod.name,
                path=path,
                line=edit.line,
                end_line=edit.end_line,
                severity=Severity.LOW,
                message=f"{edit.symbol or path.name}: {mod.title}",
                analyst=NAME,
                symbol=edit.symbol,
                evidence={"digest": edit.digest, "code": edit.was.strip()[:400]},
            )
