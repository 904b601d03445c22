"""Product code that reaches for its referee: what it newly imports or names, found in the syntax tree."""

import ast
from collections import Counter
from collections.abc import Iterator

from bot.improve.doors import Gate

RUNNERS = frozenset({"pytest", "_pytest", "unittest", "pluggy", "coverage", "hypothesis"})
NAMES = frozenset({
    "gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._getframe", "sys._current_frames", "sys.settrace",
    "sys.setprofile", "sys.meta_path", "sys.path_hooks", "os._exit", "os.abort", "os.killpg", "sys.monitoring",
    "threading.settrace", "threading.setprofile", "builtins.__import__", "inspect.stack", "inspect.currentframe",
})  # fmt: skip
"""Ways from a function into the program that runs it."""
PARTS = frozenset({"co_consts"})
"""Attributes, of whatever: the bytes that say which lines ran are a constant of the code."""


def reaches(gate: Gate) -> tuple[str, ...]:
    """`path: name` for each reach that the head has more often than the base, in product code."""
    found = []
    for change in gate.changed(".py"):
        if gate.profile.is_test(change.path):
            continue
        old = gate.base.path / change.old_path
        before = _count(old.read_text(errors="replace")) if old.is_file() else Counter()
        new = gate.head.path / change.path
        after = _count(new.read_text(errors="replace")) if new.is_file() and not new.is_symlink() else Counter()
        found += [f"{change.path}: {name}" for name in sorted(after - before)]
    return tuple(found)


def _count(text: str) -> Counter[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Counter()
    return Counter(name for node in ast.walk(tree) for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    """What one node reaches for."""
    if isinstance(node, ast.Import):
        yield from (f"import {alias.name}" for alias in node.names if alias.name.partition(".")[0] in RUNNERS)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module.partition(".")[0] in RUNNERS:
            yield f"import {node.module}"
        yield from (n for alias in node.names if (n := f"{node.module}.{alias.name}") in NAMES)
    elif isinstance(node, ast.Attribute):
        name = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""
        yield from (found for found in (name, node.attr) if found in NAMES | PARTS)
    elif isinstance(node, ast.Constant) and node.value in PARTS:
        yield str(node.value)
