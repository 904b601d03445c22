"""The tests of a set of files, as syntax: test functions, helpers with assertions, and what surrounds them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.improve.stages._canonical import Function, dotted, last_name

SKIPS = frozenset(
    {
        "skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "slow", "journey", "integration",
        "sandbox", "flaky", "manual", "disabled",
    }
)  # fmt: skip
LEAVING = frozenset({"skip", "xfail", "skipTest", "SkipTest", "importorskip", "exit"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One function of a test file. `marks` are its decorators, its class's and its module's; `cases` counts data."""

    path: PurePosixPath
    name: str
    node: Function
    marks: tuple[str, ...] = ()
    cases: int = 1
    guarded: bool = False
    """Defined below a condition: whether it is collected depends on it."""

    @property
    def is_test(self) -> bool:
        return self.node.name.startswith("test")

    @property
    def skips(self) -> int:
        """Everything that keeps the function from being run or from counting."""
        marks = sum(1 for mark in self.marks if set(mark.split("(")[0].split(".")) & SKIPS)
        calls = (n for n in ast.walk(self.node) if isinstance(n, ast.Call))
        return marks + sum(1 for call in calls if last_name(call.func) in LEAVING) + self.guarded


def units(tree: ast.Module, path: PurePosixPath) -> dict[str, Unit]:
    """Functions by qualified name; of two with one name the later counts, as it does for Python."""
    found: dict[str, Unit] = {}
    marks = tuple(_module_marks(tree))
    for unit in _walk(tree.body, path, "", marks, guarded=False):
        found[unit.name] = unit
    for node in tree.body:
        for name in _unbound(node):
            found.pop(name, None)
    return found


def _walk(
    body: Sequence[ast.stmt], path: PurePosixPath, prefix: str, marks: tuple[str, ...], *, guarded: bool
) -> Iterator[Unit]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = tuple(ast.unparse(d) for d in node.decorator_list)
            yield Unit(path, prefix + node.name, node, (*own, *marks), _cases(node), guarded)
        elif isinstance(node, ast.ClassDef):
            own = tuple(ast.unparse(d) for d in node.decorator_list)
            inner = (*own, *_module_marks(node), *marks)
            yield from _walk(node.body, path, f"{prefix}{node.name}.", inner, guarded=guarded)
        elif isinstance(node, ast.If | ast.Try):
            yield from _walk([*node.body, *node.orelse], path, prefix, marks, guarded=True)


def _module_marks(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(last_name(t) == "pytestmark" for t in node.targets):
            listed = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield from (ast.unparse(mark) for mark in listed)
        elif isinstance(node, ast.Assign) and any(last_name(t) == "__test__" for t in node.targets):
            yield "skip(__test__)"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and last_name(node.value.func) in LEAVING:
            yield f"skip({ast.unparse(node.value)})"


def _unbound(node: ast.stmt) -> Iterator[str]:
    """Names of tests that are deleted or given another value after their definition."""
    targets = node.targets if isinstance(node, ast.Delete | ast.Assign) else []
    yield from (name for t in targets if (name := dotted(t)).rpartition(".")[2].startswith("test"))


def _cases(node: Function) -> int:
    """How many cases the parametrize marks of a function spell out; 0 if the data of one is elsewhere."""
    total = 1
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and last_name(mark.func) == "parametrize" and len(mark.args) > 1:
            data = mark.args[1]
            total *= len(data.elts) if isinstance(data, ast.List | ast.Tuple | ast.Set) else 0
    return total


def tables(tree: ast.Module) -> Mapping[str, tuple[int, frozenset[str]]]:
    """Module-level tables of literals by name: how many rows, and which."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            rows = _rows(node.value)
            if rows is not None:
                found.update({last_name(t): (len(rows), frozenset(rows)) for t in targets if last_name(t)})
    return found


def _rows(value: ast.expr) -> list[str] | None:
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return [ast.unparse(e) for e in value.elts]
    if isinstance(value, ast.Dict):
        return [
            f"{ast.unparse(k) if k else '**'}: {ast.unparse(v)}" for k, v in zip(value.keys, value.values, strict=True)
        ]
    return None
