"""Finds wrong versions of pure functions that no test notices."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.doors import Profile, Workspace
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.pure import Pure, pure_functions
from bot.improve.mutation.run import Bench
from bot.improve.mutation.survivors import product_files, survivors
from bot.improve.testing.baseline import baseline
from bot.improve.testing.results import Run

RULE = "surviving-mutant"
SHOWN = 5
"""Mutants of one function that are handed on."""


class SurvivingMutants:
    """Analyst: the pure functions that the tests know least, a bounded number at a time.

    `cache` is where the coverage map is kept; the gate's own folder saves a run of the suite.
    """

    name = "surviving_mutants"

    def __init__(self, cache: Path | None = None, *, functions: int = 12, seconds: float = 90.0) -> None:
        self.cache, self.functions, self.seconds = cache, functions, seconds

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """One finding for each function with survivors. Nothing where there are no tests that run."""
        if profile.runner is None:
            return []
        folder = Path(tempfile.mkdtemp(prefix="megawatts-mutants-"))
        folder.chmod(0o755)
        try:
            return await self._find(work, profile, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _find(self, work: Workspace, profile: Profile, folder: Path) -> Sequence[Finding]:
        cache = self.cache or folder / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        known = await baseline(work, profile, scratch=folder, cache=cache)
        if not known.tests:
            return []
        chosen = self._chosen(work, profile, known)
        if not chosen:
            return []
        bench = Bench(work, profile, known, folder, cache, None, self.seconds)
        alive = await survivors(bench, chosen)
        grouped = groupby(alive, key=lambda m: (m.path, m.symbol.partition(".")[0]))
        spans = {(path, f.name): f for path, functions in chosen.items() for f in functions}
        return [_finding(spans[key], key[0], list(mutants)) for key, mutants in grouped]

    def _chosen(self, work: Workspace, profile: Profile, known: Run) -> dict[PurePosixPath, list[Pure]]:
        """The functions with most branches and least coverage, by file."""
        rated: list[tuple[float, str, int, PurePosixPath, Pure]] = []
        for path in product_files(work, profile):
            text = (work.path / path).read_text(encoding="utf-8", errors="replace")
            lines = known.files[str(path)].lines() if str(path) in known.files else frozenset[int]()
            for function in pure_functions(text):
                body = frozenset(range(function.line + 1, function.end_line + 1))
                tests = len(known.files[str(path)].tests_of(body)) if str(path) in known.files else 0
                blind = 1.0 - len(body & lines) / max(1, len(body))
                value = function.weight * (1.0 + blind) / (1.0 + tests) ** 0.5
                rated.append((-value, str(path), function.line, path, function))
        chosen: dict[PurePosixPath, list[Pure]] = {}
        for *_, path, function in sorted(rated, key=lambda row: row[:3])[: self.functions]:
            chosen.setdefault(path, []).append(function)
        return chosen


def _finding(function: Pure, path: PurePosixPath, mutants: Sequence[Mutant]) -> Finding:
    shown = mutants[:SHOWN]
    return Finding(
        rule=RULE,
        path=path,
        line=function.line,
        end_line=function.end_line,
        severity=Severity.MEDIUM if function.plain else Severity.LOW,
        message=f"{function.name}: no test notices {shown[0].describe()}" + _more(len(mutants) - 1),
        analyst=SurvivingMutants.name,
        symbol=function.name,
        evidence={"mutants": [encode(m) for m in shown], "alive": len(mutants)},
    )


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def encode(mutant: Mutant) -> str:
    """A mutant as text, for a finding's evidence."""
    fields = (str(mutant.path), mutant.start, mutant.end, mutant.text, mutant.operator, mutant.line, mutant.end_line)
    return json.dumps([*fields, mutant.original, mutant.symbol])


def decode(text: str) -> Mutant:
    """Inverse of `encode`. Raises ValueError on another shape."""
    try:
        path, *rest = json.loads(text)
        return Mutant(PurePosixPath(path), *rest)
    except (TypeError, ValueError) as error:
        raise ValueError(f"no mutant: {text[:80]}") from error
