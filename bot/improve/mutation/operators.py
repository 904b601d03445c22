"""The mutation operators: each looks at one node of the syntax tree and names edits of its text."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.improve.mutation.source import Source


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text between two offsets."""

    start: int
    end: int
    text: str


Operator = Callable[[Source, ast.AST], Iterator[Edit]]

COMPARISONS: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
}
ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
}
TWINS = {
    "min": "max", "max": "min", "any": "all", "all": "any", "lower": "upper", "upper": "lower", "lstrip": "rstrip",
    "rstrip": "lstrip", "strip": "lstrip", "startswith": "endswith", "endswith": "startswith", "find": "rfind",
    "rfind": "find", "index": "rindex", "split": "rsplit", "rsplit": "split", "ljust": "rjust", "rjust": "ljust",
    "floor": "ceil", "ceil": "floor", "keys": "values", "values": "keys", "union": "intersection",
    "intersection": "union", "removeprefix": "removesuffix", "removesuffix": "removeprefix", "sorted": "list",
    "partition": "rpartition", "rpartition": "partition", "popleft": "pop", "append": "appendleft",
}  # fmt: skip
SAME_WITHOUT_LIMIT = frozenset({"split", "rsplit"})
NEGATED_BY_COMPARISON = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)


def comparison(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`<` to `<=` and the like, one operator of a chain at a time."""
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for number, op in enumerate(node.ops):
            old, new = COMPARISONS[type(op)]
            pattern = old if "\\" in old or old.isalpha() else re.escape(old)
            yield from _between(source, operands[number], operands[number + 1], pattern, new)


def arithmetic(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`+` to `-` and the like; text is not added up."""
    if isinstance(node, ast.BinOp) and not any(map(_is_text, (node.left, node.right))):
        old, new = ARITHMETIC.get(type(node.op), ("", ""))
        if old:
            yield from _between(source, node.left, node.right, re.escape(old), new)
    elif isinstance(node, ast.AugAssign):
        old, new = ARITHMETIC.get(type(node.op), ("", ""))
        if old and not _is_text(node.value):
            yield from _between(source, node.target, node.value, re.escape(old + "="), new + "=")
            yield from _between(source, node.target, node.value, re.escape(old + "="), "=")


def boolean(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`and` to `or` and back."""
    if isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for one, other in zip(node.values, node.values[1:], strict=False):
            yield from _between(source, one, other, old, new)


def unary(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Drop a `not` or a minus."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        start, end = source.span(node)
        yield Edit(start, end, f"({source.segment(node.operand)})")


def constant(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Numbers off by one, truth turned, text emptied or filled."""
    if not isinstance(node, ast.Constant):
        return
    start, end = source.span(node)
    value = node.value
    if isinstance(value, bool):
        yield Edit(start, end, str(not value))
    elif isinstance(value, int):
        yield Edit(start, end, str(value + 1))
        yield Edit(start, end, str(value - 1) if value else "(-1)")
    elif isinstance(value, float):
        yield Edit(start, end, repr(value + 1.0))
        yield Edit(start, end, repr(value * 1.01) if value else "0.01")
    elif isinstance(value, str):
        yield Edit(start, end, '""' if value else '"mutant"')
    elif isinstance(value, bytes):
        yield Edit(start, end, 'b""' if value else 'b"mutant"')


def returned(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Return nothing in place of a value."""
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        start, end = source.span(node)
        yield Edit(start, end, "return None")


def removed(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Leave a statement out: a call, a raise, a change in place, a jump."""
    start_end: tuple[int, int] | None = None
    if (
        (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await))
        or isinstance(node, ast.Raise | ast.Delete | ast.AugAssign)
        or (isinstance(node, ast.Assign) and all(isinstance(t, ast.Attribute | ast.Subscript) for t in node.targets))
    ):
        start_end = source.span(node)
    if start_end:
        yield Edit(*start_end, "pass")


def jump(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`break` to `continue` and back, an early `return` left out."""
    if isinstance(node, ast.Break | ast.Continue):
        yield Edit(*source.span(node), "continue" if isinstance(node, ast.Break) else "break")
    elif isinstance(node, ast.Return) and node.value is None:
        yield Edit(*source.span(node), "pass")


def swapped(source: Source, node: ast.AST) -> Iterator[Edit]:
    """The first two positional arguments exchanged."""
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return
    one, other = node.args[:2]
    if isinstance(one, ast.Starred) or isinstance(other, ast.Starred) or ast.dump(one) == ast.dump(other):
        return
    if isinstance(node.func, ast.Name) and node.func.id in {"min", "max", "isinstance", "issubclass"}:
        return
    start, end = source.span(one)[0], source.span(other)[1]
    between = source.text[source.span(one)[1] : source.span(other)[0]]
    yield Edit(start, end, f"{source.segment(other)}{between}{source.segment(one)}")


def negated(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A condition turned round, where turning its only comparison does not do that already."""
    if not isinstance(node, ast.If | ast.While | ast.IfExp | ast.comprehension | ast.Assert):
        return
    tests = node.ifs if isinstance(node, ast.comprehension) else [node.test]
    for test in tests:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            continue
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], NEGATED_BY_COMPARISON):
            continue
        if isinstance(test, ast.Constant):
            continue
        yield Edit(*source.span(test), f"(not ({source.segment(test)}))")


def sliced(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A bound of a slice off by one, or left out."""
    if not isinstance(node, ast.Slice):
        return
    for bound in (node.lower, node.upper):
        if bound is not None and not isinstance(bound, ast.Constant):
            yield Edit(*source.span(bound), f"({source.segment(bound)}) + 1")
        if bound is not None:
            yield Edit(*source.span(bound), "")


def caught(source: Source, node: ast.AST) -> Iterator[Edit]:
    """An exception that was handled goes on."""
    if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[0], ast.Raise):
        start = source.span(node.body[0])[0]
        end = source.span(node.body[-1])[1]
        yield Edit(start, end, "raise")


def twin(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A function taken for its counterpart: `min` for `max`."""
    if not isinstance(node, ast.Call):
        return
    function = node.func
    if isinstance(function, ast.Name) and function.id in TWINS:
        yield Edit(*source.span(function), TWINS[function.id])
    elif isinstance(function, ast.Attribute) and function.attr in TWINS:
        if function.attr in SAME_WITHOUT_LIMIT and len(node.args) + len(node.keywords) < 2:
            return
        end = source.span(function)[1]
        yield Edit(end - len(function.attr), end, TWINS[function.attr])


def emptied(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A loop over nothing."""
    if isinstance(node, ast.For):
        yield Edit(*source.span(node.iter), "()")


OPERATORS: tuple[tuple[str, Operator], ...] = (
    ("comparison", comparison),
    ("negated", negated),
    ("arithmetic", arithmetic),
    ("boolean", boolean),
    ("returned", returned),
    ("constant", constant),
    ("removed", removed),
    ("sliced", sliced),
    ("caught", caught),
    ("twin", twin),
    ("unary", unary),
    ("jump", jump),
    ("swapped", swapped),
    ("emptied", emptied),
)
"""Most telling first: where not all mutants can be tried, this is the order."""


def _between(source: Source, one: ast.AST, other: ast.AST, pattern: str, new: str) -> Iterator[Edit]:
    """Edit the one operator that stands between two operands; comments are passed over."""
    start, end = source.span(one)[1], source.span(other)[0]
    text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment.group()), source.text[start:end])
    found = re.search(pattern, text)
    if found:
        yield Edit(start + found.start(), start + found.end(), new)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
