"""What a run of the base still says once a change is made: of tests out of its reach, and of the tree after it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.improve.doors import Gate
from bot.improve.testing.changed import is_product, plain_text, text
from bot.improve.testing.lines import pack, unpack
from bot.improve.testing.overlay import CONFIGURATION
from bot.improve.testing.results import FileLines, Run, merge
from bot.improve.testing.run import file_of

MOST = 20
"""So many changes in a row may build on one measured run: what they moved out of sight adds up."""


def reach_is_known(gate: Gate, base: Run) -> bool:
    """Whether the base's map tells which tests run the changed lines.

    It does where only Python files that it knows are changed, and where no product code is. A new file, or data that
    steers product code in the same change, may bring tests to lines that they did not run before; lines of a file that
    runs at import alone are no test's.
    """
    product = [c for c in gate.changes if is_product(gate, c.path) and not gate.profile.is_test(c.path)]
    code = [c for c in product if c.path.suffix == ".py"]
    return not code or (len(code) == len(product) and all(_is_known(change, base) for change in code))


def _is_known(change: FileChange, base: Run) -> bool:
    lines = base.files.get(str(change.old_path))
    return change.action == "delete" or (change.action == "modify" and lines is not None and bool(lines.by))


def carried(gate: Gate, base: Run, tests: Iterable[str]) -> dict[str, FileLines]:
    """Lines that these tests ran on the base, by the files and numbers they have now.

    Meant for tests that run none of the lines that the change replaces: of those they ran, each is still there.
    """
    kept = frozenset(tests)
    found = dict(base.files)
    for change in gate.changed(".py"):
        lines = base.files.get(str(change.old_path))
        if lines is not None:
            found.pop(str(change.old_path), None)
            found[str(change.path)] = _moved(
                lines, _places(plain_text(gate.base.path / change.old_path), text(gate, change.path))
            )
    for change in gate.changes:
        if change.action == "delete":
            found.pop(str(change.path), None)
    return {path: _of(lines, kept) for path, lines in found.items()}


def _of(lines: FileLines, kept: frozenset[str]) -> FileLines:
    """What these tests and the imports ran of one file."""
    in_tests = frozenset[int]().union(*map(unpack, set(lines.by.values())))
    by = {test: ran for test, ran in lines.by.items() if test in kept}
    if len(by) == len(lines.by):
        return lines
    return FileLines(pack((lines.lines() - in_tests).union(*map(unpack, set(by.values())))), by)


def _places(old: str, new: str) -> dict[int, int]:
    """New number by old number of each line that stayed."""
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    return {a + i + 1: b + i + 1 for a, b, size in matcher.get_matching_blocks() for i in range(size)}


def _moved(lines: FileLines, places: dict[int, int]) -> FileLines:
    def move(ran: str) -> str:
        return pack(places[line] for line in unpack(ran) if line in places)

    return FileLines(move(lines.executed), {test: move(ran) for test, ran in lines.by.items()})


def successor(gate: Gate, base: Run, head: Run, own: Run) -> Run | None:
    """The base's run of the tree that this change leads to; None where it has to be made anew.

    `head`: the base's tests on the new code, with lines. `own`: the change's own tests. Both held.
    """
    files = frozenset(file_of(test) for test in own.collected)
    if base.carried >= MOST or any(_unseen(gate, path, files) for path in _paths(gate)):
        return None
    left = {test: result for test, result in head.tests.items() if file_of(test) not in files}
    lines = {path: _of(ran, frozenset(left)) for path, ran in head.files.items() if (gate.head.path / path).is_file()}
    collected = tuple(test for test in base.collected if test in left)
    problems = {where: what for where, what in base.problems.items() if where not in files}
    found = merge([replace(head, tests=left, collected=collected, files=lines, problems=problems), own])
    return replace(found, mutants={}, carried=base.carried + 1)


def _paths(gate: Gate) -> Iterator[tuple[PurePosixPath, bool]]:
    for change in gate.changes:
        yield change.path, change.action == "delete"
        if change.old_path != change.path:
            yield change.old_path, True


def _unseen(gate: Gate, where: tuple[PurePosixPath, bool], files: frozenset[str]) -> bool:
    """Whether a changed file bends the tests in a way that neither run has seen."""
    path, gone = where
    if path.name in CONFIGURATION:
        return True
    return gate.profile.is_test(path) and (gone or str(path) not in files)
