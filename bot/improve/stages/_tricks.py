"""Scope: ways in which a test file makes any test pass: early exits, objects equal to all, hooks, replaced subjects."""

import ast
import doctest
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bot.improve.doors import Gate
from bot.improve.stages._canonical import dotted, last_name
from bot.improve.stages._checks import COMPARED
from bot.improve.stages._source import tree

EXITS = frozenset(
    {"sys.exit", "os._exit", "os.abort", "os.kill", "exit", "quit", "pytest.exit", "SystemExit", "os.execv"}
)
EQUALITY = frozenset({"__eq__", "__ne__", "__contains__", "__lt__", "__gt__", "__le__", "__ge__", "__bool__"})
MOCKS = frozenset({"patch", "setattr", "delattr", "setitem", "object", "multiple", "create_autospec", "spyOn"})
TREES = Mapping[PurePosixPath, ast.Module]

Trick = tuple[str, int, str]


def tricks(
    gate: Gate, before: TREES, after: TREES, moved: Mapping[PurePosixPath, PurePosixPath]
) -> Iterator[tuple[PurePosixPath, str, int, str]]:
    """Tricks that head's test files hold and base's did not, conftest files, plugins."""
    for path in sorted({p for change in gate.changes for p in change.paths if p.name == "conftest.py"}):
        yield path, "conftest", 0, "conftest.py decides what every test sees and how it is judged"
    known = Counter(message for found in before.values() for _, _, message in _tricks(found))
    for path, found in after.items():
        for rule, line, message in _tricks(found):
            if known[message]:
                known[message] -= 1
            else:
                yield path, rule, line, message
    for old, found in before.items():
        new = moved.get(old)
        if new is not None and new in after:
            for rule, line, message in _replaced(gate, found, after[new]):
                yield new, rule, line, message


def _tricks(found: ast.Module) -> Iterator[Trick]:
    allowed = {id(n) for w in ast.walk(found) if isinstance(w, ast.With) and _expects_exit(w) for n in ast.walk(w)}
    for node in ast.walk(found):
        if isinstance(node, ast.Call) and dotted(node.func) in EXITS and id(node) not in allowed:
            yield "exit", node.lineno, f"ends the test run by itself: {dotted(node.func)}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _functions(node)
        elif isinstance(node, ast.Assign):
            yield from _assigned(node)


def _expects_exit(node: ast.With) -> bool:
    return any("SystemExit" in ast.unparse(item.context_expr) for item in node.items)


def _functions(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Trick]:
    if node.name in EQUALITY and _constant(node):
        yield "equal-to-all", node.lineno, f"an object's {node.name} answers the same whatever it is compared with"
    elif node.name.startswith("pytest_"):
        yield "plugin", node.lineno, f"the hook {node.name} changes how tests are judged"
    elif node.name in COMPARED or node.name in {"assertTrue", "assertRaises", "assertFalse"}:
        yield "assertion", node.lineno, f"{node.name} is given another meaning"


def _constant(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method never looks at what it is given."""
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
    other = node.args.args[-1].arg if node.args.args else ""
    looks = any(isinstance(n, ast.Name) and n.id == other for value in returned for n in ast.walk(value))
    return bool(returned) and not looks and not any(isinstance(n, ast.If) for n in ast.walk(node))


def _assigned(node: ast.Assign) -> Iterator[Trick]:
    for target in node.targets:
        name = dotted(target) or (dotted(target.value) if isinstance(target, ast.Subscript) else "")
        if name == "pytest_plugins" or name.startswith(("collect_ignore", "pytest_")):
            yield "plugin", node.lineno, f"{name} changes what is collected, or loads a plugin"
        elif name.startswith(("builtins.", "sys.modules", "unittest.TestCase.", "pytest.")) or name == "__builtins__":
            yield "patch", node.lineno, f"{name} is replaced for everything that runs"


def _replaced(gate: Gate, before: ast.Module, after: ast.Module) -> Iterator[Trick]:
    """Names that base's tests took from the product and head's take from elsewhere, or mock."""
    products = {path.stem for path in gate.profile.packages}
    subjects = {name for name, module in _imports(before) if module.split(".")[0] in products}
    now = dict(_imports(after))
    for node in after.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in subjects:
            yield "subject", node.lineno, f"{node.name}, which was taken from the product, is now the test's own"
        elif isinstance(node, ast.Assign):
            for name in {last_name(t) for t in node.targets} & subjects:
                yield "subject", node.lineno, f"{name}, which was taken from the product, is now the test's own"
    for name in sorted(subjects & now.keys()):
        if now[name].split(".")[0] not in products:
            yield "subject", 0, f"{name} is now taken from {now[name]} and no longer from the product"
    known = Counter(_mocks(before, subjects, products))
    for text, count in (Counter(_mocks(after, subjects, products)) - known).items():
        if _existing(before, after, text):
            yield "subject", 0, f"a test that stood at base now replaces its own subject ({count} times): {text}"


def _imports(found: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(found):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node.module or "") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name.split(".")[0], alias.name) for alias in node.names)


def _mocks(found: ast.AST, subjects: set[str], products: set[str]) -> Iterator[str]:
    for node in ast.walk(found):
        if not isinstance(node, ast.Call) or last_name(node.func) not in MOCKS or not node.args:
            continue
        first = node.args[0]
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else dotted(first)
        if text.split(".")[0] in subjects | products:
            yield ast.unparse(node)


def _existing(before: ast.Module, after: ast.Module, text: str) -> bool:
    """Whether a mock stands in a function that base had, or outside of any."""
    old = {n.name for n in ast.walk(before) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    functions = [n for n in ast.walk(after) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    holding = [f for f in functions if text in ast.unparse(f)]
    return not holding or any(f.name in old for f in holding)


def doctests_lost(gate: Gate) -> Iterator[tuple[PurePosixPath, int, str]]:
    """Examples in docstrings of the product that head no longer has, or expects otherwise."""
    after = Counter(key for c in gate.changed() if (t := tree(gate.head, c.path)) for key in _examples(t))
    for change in gate.changes:
        found = tree(gate.base, change.old_path) if change.action != "add" and change.old_path.suffix == ".py" else None
        for source, want in _examples(found) if found else ():
            if after[source, want]:
                after[source, want] -= 1
            else:
                yield change.path, 0, f"the example `{source}` of a docstring is gone, or expects something else"


def _examples(found: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(found):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            try:
                examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
            except ValueError:
                continue
            yield from ((e.source.strip(), e.want.strip()) for e in examples if e.want)
