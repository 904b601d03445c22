"""What ideas and changes lay open: tier, import graph, size and coverage, as far as they are known beforehand."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path, PurePosixPath

from bot.core.change import FileChange, Idea
from bot.core.charter import Charter
from bot.core.ids import ProposalId
from bot.core.tier import Tier
from bot.improve import graph
from bot.improve.analysts._lived import parsed
from bot.improve.analysts._measured import measured
from bot.improve.authors._apart import product_files, read
from bot.improve.doors import Profile, Workspace
from bot.improve.testing.results import FileLines
from bot.policy.intake import ELSEWHERE, expected_tier
from bot.policy.risk import Exposure, Risk, risk

Spans = Mapping[PurePosixPath, frozenset[int]]
"""Lines by file."""
_LONG = 2_000
"""Lines from which differences are looked for the quick way."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One tree as risks are measured on it: who imports whom, and which lines its tests run."""

    names: Mapping[PurePosixPath, str]
    """Dotted names of the product's modules by their files."""
    graph: Mapping[str, Sequence[str]]
    texts: Mapping[PurePosixPath, str] = field(default_factory=dict)
    known: Mapping[str, FileLines] = field(default_factory=dict)
    most_lines: int = 400

    @classmethod
    def of(cls, work: Workspace, profile: Profile, cache: Path | None = None, most_lines: int = 400) -> "Ground":
        """Reads every module of the product; runs nothing."""
        texts = {path: text for path in product_files(work, profile) if (text := _text(work, path)) is not None}
        names = {path: graph.dotted(path, profile.roots) for path in texts}
        there = frozenset(names.values())
        users = {names[path]: graph.edges(path, text, profile.roots, there, inner=True) for path, text in texts.items()}
        return cls(names, users, texts, measured(work, cache), most_lines)

    def reach(self, paths: Iterable[PurePosixPath]) -> frozenset[str]:
        """Modules that build on these files."""
        return graph.dependants(self.graph, [self.names[path] for path in paths if path in self.names])

    def covered(self, spans: Spans) -> float | None:
        """Share of the statements in these lines that tests run; None where nothing was measured."""
        if not self.known:
            return None
        wanted = {path: lines & _starts(self.texts[path]) for path, lines in spans.items() if path in self.texts}
        total = sum(map(len, wanted.values()))
        ran = sum(
            len(lines & self.known[str(path)].lines()) for path, lines in wanted.items() if str(path) in self.known
        )
        return ran / total if total else 1.0

    def open_to(self, tier: Tier, spans: Spans, lines: int) -> Exposure:
        """What a change of these lines lays open."""
        product = {path: found for path, found in spans.items() if path in self.names}
        return Exposure(
            tier=tier,
            reach=len(self.reach(product)),
            modules=len(self.names),
            lines=lines,
            most_lines=self.most_lines,
            covered=self.covered(product) if product else 1.0,
        )


def _text(work: Workspace, path: PurePosixPath) -> str | None:
    try:
        return read(work, path)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=256)
def _starts(text: str) -> frozenset[int]:
    """Lines on which a statement begins."""
    tree = parsed(text)
    return frozenset(node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)) if tree else frozenset()


def of_ideas(ideas: Iterable[Idea], ground: Ground, charter: Charter) -> Mapping[ProposalId, Risk]:
    """The risk of each idea by what its findings name: more is not known before it is written."""
    return {idea.id: risk(_of(idea, ground, charter)) for idea in ideas}


def _of(idea: Idea, ground: Ground, charter: Charter) -> Exposure:
    tier = expected_tier(idea, charter)
    if idea.kind in ELSEWHERE:
        return Exposure(tier, covered=1.0)
    spans: dict[PurePosixPath, frozenset[int]] = {}
    for found in idea.findings:
        lines = frozenset(range(found.line, found.end_line + 1))
        spans[found.path] = spans.get(found.path, frozenset()) | lines
    return ground.open_to(tier, spans, sum(map(len, spans.values())))


def touched(
    changes: Sequence[FileChange], before: Callable[[PurePosixPath], str], after: Callable[[PurePosixPath], str]
) -> Spans:
    """The lines of the base that a change takes away or rewrites; where it only adds, those that it adds between."""
    return {
        change.old_path: _replaced(before(change.old_path), "" if change.action == "delete" else after(change.path))
        for change in changes
        if change.action != "add" and change.old_path.suffix == ".py"
    }


def _replaced(before: str, after: str) -> frozenset[int]:
    old, new = before.splitlines(), after.splitlines()
    found: set[int] = set()
    for kind, first, last, _from, _to in SequenceMatcher(None, old, new, autojunk=len(old) > _LONG).get_opcodes():
        if kind == "insert":
            found |= {first, first + 1} & set(range(1, len(old) + 1))
        elif kind != "equal":
            found |= set(range(first + 1, last + 1))
    return frozenset(found)


def of_change(changes: Sequence[FileChange], spans: Spans, ground: Ground, tier: Tier) -> Risk:
    """The risk of a change as it was written, on the ground of its base."""
    whole = {path: spans.get(path, frozenset[int]()) for change in changes for path in (change.old_path,)}
    return risk(ground.open_to(tier, whole, sum(change.added + change.removed for change in changes)))
