"""Which tests a change can reach first, by the base's coverage map."""

from difflib import SequenceMatcher
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.improve.doors import Gate
from bot.improve.testing.changed import plain_text, text
from bot.improve.testing.lines import unpack
from bot.improve.testing.results import Run
from bot.improve.testing.run import file_of


def impacted(gate: Gate, base: Run) -> tuple[str, ...]:
    """Tests of the base that ran a changed line, or lie in or below what changed among the tests; fastest first."""
    reached: set[str] = set()
    for change in gate.changes:
        if gate.profile.is_test(change.path) or gate.profile.is_test(change.old_path):
            reached.update(() if _is_new_module(change) else _beside(change.old_path, base))
        elif change.old_path.suffix == ".py" and str(change.old_path) in base.files:
            reached.update(_by_lines(gate, change.old_path, change.path, base))
    known = [test for test in reached if test in base.tests]
    return tuple(sorted(known, key=lambda test: (base.tests[test].seconds, test)))


def _is_new_module(change: FileChange) -> bool:
    """Whether this is a module of tests that the base does not have: none of its tests can know of it."""
    return change.action == "add" and change.path.name.startswith("test_")


def _beside(path: PurePosixPath, base: Run) -> list[str]:
    """Tests in a changed test file; for a helper or conftest, all tests in its folder and below."""
    exact = [test for test in base.collected if file_of(test) == str(path)]
    if exact:
        return exact
    return [test for test in base.collected if path.parent in PurePosixPath(file_of(test)).parents]


def _by_lines(gate: Gate, old: PurePosixPath, new: PurePosixPath, base: Run) -> frozenset[str]:
    lines = base.files[str(old)]
    touched = old_lines(plain_text(gate.base.path / old), text(gate, new))
    in_tests = frozenset[int]().union(*(unpack(ran) for ran in lines.by.values()))
    imported = lines.lines() - in_tests
    if touched & imported or not lines.by:
        return frozenset(lines.by)
    return lines.tests_of(touched)


def old_lines(old: str, new: str) -> frozenset[int]:
    """Lines of the old text that the new one replaces or removes; of an insertion, the lines around it. 1-based."""
    touched: set[int] = set()
    before, after = old.splitlines(), new.splitlines()
    for tag, start, end, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "insert":
            touched.update({start, start + 1})
        elif tag != "equal":
            touched.update(range(start + 1, end + 1))
    return frozenset(touched)
