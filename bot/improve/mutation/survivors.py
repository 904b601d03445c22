"""Mutants of chosen functions that the repository's tests let live."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from bot.improve.doors import Profile, Workspace
from bot.improve.mutation.choose import choose
from bot.improve.mutation.generate import generate
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.pure import Pure
from bot.improve.mutation.run import Bench, judge

EACH = 8
"""Mutants tried of one function."""


async def survivors(bench: Bench, functions: Mapping[PurePosixPath, Sequence[Pure]]) -> list[Mutant]:
    """Those that no test notices, code that no test runs included; most telling first within each function."""
    texts = {path: (bench.work.path / path).read_text(encoding="utf-8") for path in functions}
    mutants = [
        mutant for path, wanted in functions.items() for function in wanted for mutant in _of(texts, path, function)
    ]
    fates = await judge(bench, mutants)
    return [m for m in mutants if m.id in fates and not fates[m.id].noticed]


def _of(texts: Mapping[PurePosixPath, str], path: PurePosixPath, function: Pure) -> list[Mutant]:
    found = generate(texts[path], path, range(function.line, function.end_line + 1))
    mine = [m for m in found if m.symbol == function.name or m.symbol.startswith(f"{function.name}.")]
    return choose(mine, {path: texts[path]}, EACH)


def product_files(work: Workspace, profile: Profile) -> list[PurePosixPath]:
    """The product's Python files, tests left out, in order."""
    found: list[PurePosixPath] = []
    for package in profile.packages:
        place = work.path / package
        files = [place] if place.is_file() else sorted(place.rglob("*.py")) if place.is_dir() else []
        paths = [PurePosixPath(file.relative_to(work.path)) for file in files if _plain(file)]
        found += [path for path in paths if not profile.is_test(path)]
    return found


def _plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.stat().st_size < 200_000
