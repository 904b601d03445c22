"""Places where a mutant says nothing about the tests: types, documentation, logging, messages of errors."""

import ast
import re

from bot.improve.mutation.source import Source

NO_MUTANTS = re.compile(r"#.*pragma:\s*no\s*(cover|mutate)")
LOGGERS = frozenset({"log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER", "warnings"})
LOG_METHODS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
TYPING = frozenset({"TypeVar", "NewType", "ParamSpec", "TypeVarTuple", "NamedTuple", "TypedDict", "cast"})
PROSE = 2
"""Words; text of more is for people."""
DUNDER = re.compile(r"__(all|slots|version|author|doc|match_args)__$")


def is_pointless(source: Source, node: ast.AST) -> bool:
    """Whether edits of this node are skipped."""
    if _is_docstring(source, node) or _is_prose(node) or _excluded_line(source, node):
        return True
    if _is_log(node) or (isinstance(node, ast.If) and _is_guard(node.test)):
        return True
    below = node
    for above in source.above(node):
        if _hides(above, below):
            return True
        below = above
    return isinstance(node, ast.Expr) and _is_log(node.value)


def _is_docstring(source: Source, node: ast.AST) -> bool:
    """A bare string statement, wherever it stands."""
    parent = source.parents.get(node)
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and isinstance(parent, ast.Expr)


def _is_prose(node: ast.AST) -> bool:
    """A sentence for people: tests that pin its wording would be no better for it."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) > PROSE


def _excluded_line(source: Source, node: ast.AST) -> bool:
    line = getattr(node, "lineno", 0)
    return bool(line and NO_MUTANTS.search(source.text.splitlines()[line - 1]))


def _hides(above: ast.AST, below: ast.AST) -> bool:
    """Whether what stands in this place of a node above is of no account."""
    if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
        return below is above.returns or below in above.decorator_list or _is_bodiless(above)
    if isinstance(above, ast.ClassDef):
        return below in (*above.decorator_list, *above.bases, *above.keywords)
    if isinstance(above, ast.arg | ast.AnnAssign):
        return below is above.annotation
    return _is_for_readers(above, below)


def _is_for_readers(above: ast.AST, below: ast.AST) -> bool:
    """Formats, guards and messages of errors."""
    if isinstance(above, ast.FormattedValue):
        return below is not above.value
    if isinstance(above, ast.If):
        return _is_guard(above.test)
    if isinstance(above, ast.Assert):
        return below is above.msg
    return isinstance(above, ast.JoinedStr | ast.Raise) or _is_formal(above)


def _is_formal(above: ast.AST) -> bool:
    """Calls and assignments that are for readers and type checkers."""
    if isinstance(above, ast.Call):
        return _is_log(above) or (isinstance(above.func, ast.Name) and above.func.id in TYPING)
    if isinstance(above, ast.Assign):
        return any(isinstance(t, ast.Name) and DUNDER.match(t.id) for t in above.targets)
    return isinstance(above, ast.Import | ast.ImportFrom)


def _is_log(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS:
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        return name in LOGGERS
    return False


def _is_guard(test: ast.AST) -> bool:
    """`if TYPE_CHECKING` and `if __name__ == "__main__"`."""
    words = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    words |= {n.attr for n in ast.walk(test) if isinstance(n, ast.Attribute)}
    return bool(words & {"TYPE_CHECKING", "__name__"})


def _is_bodiless(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """An overload, a Protocol's method or an abstract one: nothing runs."""
    last = function.body[-1]
    bare = isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)
    return bare and len(function.body) <= 2
