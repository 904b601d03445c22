"""Finds the places that a codemod would rewrite."""

import ast
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from bot.core.change import Finding
from bot.improve.analysts._measured import measured, worth
from bot.improve.authors._apart import product_files, read
from bot.improve.authors.codemods import all_codemods
from bot.improve.authors.codemods.source import Source
from bot.improve.doors import Profile, Workspace
from bot.improve.testing.results import FileLines

NAME = "codemod_findings"


class CodemodFindings:
    """Analyst: one finding for each place; the rule is the codemod's name.

    `cache` is the gate's: code that the tests run weighs more, since there a rewrite can be proved.
    """

    name = NAME

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """All places in the product's own files. Files that do not parse have none."""
        return await asyncio.to_thread(lambda: list(_all(work, profile, measured(work, self.cache))))


def _all(work: Workspace, profile: Profile, known: Mapping[str, FileLines]) -> Iterator[Finding]:
    for path in product_files(work, profile):
        try:
            found = list(places(Source(read(work, path)), path, known))
        except (OSError, ValueError, RecursionError):
            continue
        yield from found


def places(
    source: Source, path: PurePosixPath, known: Mapping[str, FileLines] = MappingProxyType({})
) -> Iterator[Finding]:
    """What the codemods would rewrite in one file."""
    starts = frozenset(node.lineno for node in source.nodes if isinstance(node, ast.stmt))
    for mod in all_codemods():
        for edit in mod.find(source):
            yield Finding(
                rule=mod.name,
                path=path,
                line=edit.line,
                end_line=edit.end_line,
                severity=worth(known, path, starts & frozenset(range(edit.line, edit.end_line + 1))),
                message=f"{edit.symbol or path.name}: {mod.title}",
                analyst=NAME,
                symbol=edit.symbol,
                evidence={"digest": edit.digest, "code": edit.was.strip()[:400]},
            )
